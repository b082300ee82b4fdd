"""How far two who call the same things right or wrong agree beyond chance: Cohen's kappa.

Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement
20 (1960). The interval is a percentile bootstrap over what was judged, seeded: the same verdicts
give the same figures. Without numpy, since commands use it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

RESAMPLES: Final = 2000
"""Of the bootstrap."""
TAIL: Final = 0.025
"""What lies beyond the interval on either side."""
LEAST: Final = 20
"""Verdicts on both sides from which on a kappa says anything."""
LEAST_EACH: Final = 5
"""Of them, those that the user called right, and those called wrong."""
MODERATE: Final = 0.4
"""A kappa above is moderate agreement or better: Landis and Koch, Biometrics 33 (1977)."""


@dataclass(frozen=True, slots=True)
class Table:
    """What two said of the same things, counted."""

    both_right: int
    right_wrong: int
    """Right to the first, wrong to the second."""
    wrong_right: int
    """Wrong to the first, right to the second."""
    both_wrong: int

    @property
    def n(self) -> int:
        """Things that both judged."""
        return self.both_right + self.right_wrong + self.wrong_right + self.both_wrong

    @property
    def first_right(self) -> int:
        """Things that the first called right."""
        return self.both_right + self.right_wrong

    @property
    def first_wrong(self) -> int:
        """Things that the first called wrong."""
        return self.wrong_right + self.both_wrong

    @property
    def observed(self) -> float | None:
        """The share on which both say the same; None where there is nothing."""
        return (self.both_right + self.both_wrong) / self.n if self.n else None

    @property
    def kappa(self) -> float | None:
        """The share of the agreement possible beyond chance that there is; None where chance
        leaves none, since both called everything the same.
        """
        if self.observed is None:
            return None
        second_right = self.both_right + self.wrong_right
        by_chance = (
            self.first_right * second_right + self.first_wrong * (self.n - second_right)
        ) / self.n**2
        return (self.observed - by_chance) / (1 - by_chance) if by_chance < 1 else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A table with its kappa and 95 % interval."""

    table: Table
    kappa: float | None
    low: float | None
    high: float | None

    @property
    def doubt(self) -> str:
        """Why the second is not to be trusted in the place of the first; "" where it is."""
        table = self.table
        if table.n < LEAST:
            return f"it judged {table.n} labelled answers, and at least {LEAST} are needed"
        if min(table.first_right, table.first_wrong) < LEAST_EACH:
            return (
                f"{table.first_right} of them are right and {table.first_wrong} wrong, and at"
                f" least {LEAST_EACH} of each are needed"
            )
        if self.low is None or self.low < MODERATE:
            return f"the lower end of kappa's interval is below {MODERATE}"
        return ""

    @property
    def trusted(self) -> bool:
        """Whether the second may stand in for the first."""
        return not self.doubt


def counted(pairs: Iterable[tuple[bool, bool]]) -> Table:
    """Count verdicts of the first and the second: True is right."""
    found = Counter(pairs)
    return Table(
        both_right=found[True, True],
        right_wrong=found[True, False],
        wrong_right=found[False, True],
        both_wrong=found[False, False],
    )


def agreement(table: Table, seed: int = 0) -> Agreement:
    """Kappa with its interval. A resample in which all is called the same shows no agreement
    beyond chance, and counts as 0.
    """
    kappa = table.kappa
    if kappa is None:
        return Agreement(table, None, None, None)
    cells = ((True, True), (True, False), (False, True), (False, False))
    weights = (table.both_right, table.right_wrong, table.wrong_right, table.both_wrong)
    dice = random.Random(seed)  # noqa: S311 (no secret)
    drawn = sorted(
        counted(dice.choices(cells, weights, k=table.n)).kappa or 0.0 for _ in range(RESAMPLES)
    )
    cut = int(RESAMPLES * TAIL)
    return Agreement(table, kappa, drawn[cut], drawn[-cut - 1])

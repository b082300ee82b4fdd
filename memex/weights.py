"""The ranker's weights that the user's own marks taught, kept in the library.

Figures only: nothing of what was asked, or found, is in them.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from memex.database import Database

_NAME: Final = "ranker weights"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Learnt:
    """Weights, and what they are for."""

    weights: Mapping[str, float]
    """What a whole share of each feature is worth."""
    model: str
    """The embedding model whose cosines are weighed."""
    version: int
    """Of the features: `memex.recall.rank.VERSION`."""
    questions: int
    """From which they were learnt."""
    learnt_at: datetime

    def fit(self, model: str, version: int, features: Collection[str]) -> bool:
        """Whether they are for this embedding model and these features."""
        return (self.model, self.version) == (model, version) and set(self.weights) == set(features)


class Weights:
    """The learnt weights of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library. They are read once, and kept in memory."""
        self._database = database
        row = database.one("SELECT value FROM settings WHERE name = ?", _NAME)
        self._learnt = _read(row["value"]) if row else None

    @property
    def learnt(self) -> Learnt | None:
        """Those that were taken last; None where none were, or they were let go."""
        return self._learnt

    def take(self, learnt: Learnt) -> None:
        """Keep these, in place of any others."""
        text = json.dumps({**asdict(learnt), "learnt_at": learnt.learnt_at.isoformat()})
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                (_NAME, text),
            )
        self._learnt = learnt

    def let_go(self) -> bool:
        """Keep none; whether there were any."""
        with self._database.transaction() as db:
            gone = db.execute("DELETE FROM settings WHERE name = ?", (_NAME,)).rowcount
        self._learnt = None
        return bool(gone)


def _read(text: str) -> Learnt | None:
    """None for what cannot be used: a restored library may have come from anywhere."""
    try:
        fields = json.loads(text)
        return Learnt(
            {str(name): _weight(each) for name, each in fields["weights"].items()},
            str(fields["model"]),
            int(fields["version"]),
            int(fields["questions"]),
            datetime.fromisoformat(fields["learnt_at"]),
        )
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        _log.warning("the learnt weights cannot be read, and are not used: %s", error)
        return None


def _weight(value: object) -> float:
    """Raises `ValueError` for what is none."""
    weight = float(str(value))
    if not (math.isfinite(weight) and weight >= 0):
        raise ValueError(f"{weight} is no weight")
    return weight

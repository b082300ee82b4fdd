"""Two runs of `recall`, question by question: what changed, and whether that could be chance.

Questions are paired by their ids; what only one of the runs scored is left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from evals.report import write_json
from evals.results import COMPARED, Run, SetResult, read_run
from evals.tables import figures_of
from memex.errors import InvalidRequest
from memex.significance import Difference, difference, mean_difference

ALL: Final = "mean of the sets"
"""The name of the last rows, in which each set counts the same."""

Pairs = tuple[Sequence[float], Sequence[float]]
"""One metric of the questions that both runs have: of the first, of the second."""


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one set in both runs."""

    set: str
    metric: str
    before: float
    after: float
    difference: Difference
    """After - before."""


def run(first: Path, second: Path, method: str, json_file: Path | None) -> None:
    """Compare, print, write. Raises `MemexError`."""
    before, after = read_run(first), read_run(second)
    found = changes(before, after, method)
    Console().print(table(found, method))
    for name, count in unpaired(before, after).items():
        Console().print(f"{name}: {count} questions are in one run only", highlight=False)
    if json_file:
        write_json(json_file, "compare", [asdict(change) for change in found])


def changes(before: Run, after: Run, method: str) -> list[Change]:
    """Every metric of every set that both runs have; at last, the means of the sets.

    Raises `InvalidRequest` where they share nothing.
    """
    sets = {name: pair for name, pair in shared(before, after).items() if _have(pair, method)}
    found: list[Change] = []
    columns: dict[str, list[Pairs]] = {}
    for name, pair in sets.items():
        for metric, values in paired(pair, method).items():
            if len(values[0]):
                columns.setdefault(metric, []).append(values)
                found.append(_change(name, metric, [values]))
    if not found:
        raise InvalidRequest(
            f"{before.name} and {after.name} share no question that “{method}” was asked.",
            "Compare runs over the same sets and scope.",
        )
    if len(sets) > 1:
        found.extend(_change(ALL, metric, pairs) for metric, pairs in columns.items())
    return found


def shared(before: Run, after: Run) -> dict[str, tuple[SetResult, SetResult]]:
    """The sets that both runs have, in the same scope."""
    earlier = {(result.set, result.scope): result for result in before.results}
    return {
        result.name: (found, result)
        for result in after.results
        if (found := earlier.get((result.set, result.scope))) is not None
    }


def paired(pair: tuple[SetResult, SetResult], method: str) -> dict[str, Pairs]:
    """The metrics that decide, of the questions that both have."""
    before, after = pair
    places = {question.id: at for at, question in enumerate(before.questions)}
    both = [(places[one.id], at) for at, one in enumerate(after.questions) if one.id in places]
    old, new = before.rows[method], after.rows[method]
    return {
        metric: (
            [old.values(metric)[at] for at, _ in both],
            [new.values(metric)[at] for _, at in both],
        )
        for metric in COMPARED
    }


def unpaired(before: Run, after: Run) -> Mapping[str, int]:
    """Questions that only one of the runs has, by set; sets without are left out."""
    counts = {
        name: len({one.id for one in old.questions} ^ {one.id for one in new.questions})
        for name, (old, new) in shared(before, after).items()
    }
    return {name: count for name, count in counts.items() if count}


def table(found: Sequence[Change], method: str) -> Table:
    """The changes, in per cent and points."""
    shown = Table(title=f"{method}: second run - first run", box=box.SIMPLE_HEAD)
    shown.add_column("set", no_wrap=True)
    for column in ("metric", "n", "first", "second", "points", "95 %", "p"):
        shown.add_column(column, justify="right", no_wrap=True)
    for at, one in enumerate(found):
        repeated = at > 0 and found[at - 1].set == one.set
        shown.add_row(
            "" if repeated else one.set,
            one.metric.replace("recall", "r"),
            str(one.difference.n),
            f"{100 * one.before:.1f}",
            f"{100 * one.after:.1f}",
            *figures_of(one.difference),
        )
    return shown


def _have(pair: tuple[SetResult, SetResult], method: str) -> bool:
    return all(method in result.rows for result in pair)


def _change(name: str, metric: str, pairs: Sequence[Pairs]) -> Change:
    """Of one set, or of several as their mean."""
    if len(pairs) == 1:
        found = difference(pairs[0][1], pairs[0][0])
    else:
        found = mean_difference([(new, old) for old, new in pairs])
    before = sum(sum(old) / len(old) for old, _ in pairs) / len(pairs)
    return Change(name, metric, before, before + found.mean, found)

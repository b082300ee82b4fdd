"""The results of `recall` as a person reads them in a terminal: per cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from evals.results import SERVED, Asked, Row, SetResult, comparisons
from evals.stages import STAGES
from memex.significance import Difference, Interval

SHOWN: Final = ("recall@1", "recall@5", "recall@10", "hit@10", "nDCG@10", "MRR")
BY_GROUP: Final = ("recall@5", "nDCG@10")
"""Of what is served, for each category and source."""


def show(console: Console, result: SetResult) -> None:
    """Everything about one set."""
    console.print(headline(result), highlight=False, soft_wrap=True)
    if result.n:
        for found in _tables(result):
            console.print(found)
    if result.n and result.stages:
        console.print(stage_line(result.set, result.stages), highlight=False, soft_wrap=True)
    for one in result.unscored:
        said = f"  unscored: {one.id}: {one.reason}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    console.print()


def _tables(result: SetResult) -> Iterator[Table]:
    yield table(result)
    if compared := comparisons(result):
        yield differences(compared)
    for name, of in (
        ("category", lambda question: question.category),
        ("source", lambda question: question.source),
    ):
        if (found := by_group(result, name, of)) is not None:
            yield found


def table(result: SetResult) -> Table:
    """One row per method."""
    shown = Table(box=box.SIMPLE_HEAD)
    shown.add_column("method", no_wrap=True)
    for name in (*SHOWN, "words/hit", "ms"):
        shown.add_column(name.replace("recall", "r"), justify="right", no_wrap=True)
    for name, row in result.rows.items():
        of = row.intervals()
        figures = [f"{100 * of[metric].mean:.1f}" for metric in SHOWN]
        ms = "" if row.latency_ms is None else f"{row.latency_ms:.1f}"
        shown.add_row(name, *figures, f"{row.words_per_hit:.0f}", ms)
    return shown


def headline(result: SetResult) -> str:
    """What was asked, and what was not."""
    left_out = {
        "unscored": len(result.unscored),
        "unanswerable": result.unanswerable,
        "without evidence": result.without_evidence,
    }
    said = "".join(f", {count} {name}" for name, count in left_out.items() if count)
    return f"{result.set}, {result.scope}: {result.n} questions, {result.passages} passages{said}"


def by_group(result: SetResult, name: str, of: Callable[[Asked], str]) -> Table | None:
    """What is served, by group; None where there is one group only."""
    groups = result.groups(of)
    if len(groups) < 2 or SERVED not in result.rows:
        return None
    shown = Table(title=f"{result.set}: {SERVED} by {name}", box=box.SIMPLE_HEAD)
    shown.add_column(name, no_wrap=True)
    for column in ("questions", *BY_GROUP):
        shown.add_column(column.replace("recall", "r"), justify="right", no_wrap=True)
    for group, wanted in groups.items():
        figures = result.rows[SERVED].intervals(wanted)
        shown.add_row(group, str(sum(wanted)), *(with_interval(figures[of]) for of in BY_GROUP))
    return shown


def differences(compared: Mapping[str, Mapping[str, Difference]], title: str = "") -> Table:
    """A row for each pair and metric."""
    shown = Table(title=title or None, box=box.SIMPLE_HEAD)
    shown.add_column("difference", no_wrap=True)
    for column in ("metric", "points", "95 %", "p"):
        shown.add_column(column, justify="right", no_wrap=True)
    for name, of in compared.items():
        for metric, found in of.items():
            shown.add_row(name, metric, *figures_of(found))
    return shown


def stage_line(name: str, stages: Row) -> str:
    """Where the evidence is lost."""
    found = {of: 100 * one.mean for of, one in stages.intervals().items()}
    candidates, ranking, serving, gain = (found[of] for of in STAGES)
    lists = ", ".join(
        f"{of.partition(', ')[2]} {share:.1f}" for of, share in found.items() if ", " in of
    )
    return (
        f"{name}: of the evidence the candidates have {candidates:.1f} % ({lists}); "
        f"ranking leaves {ranking:.1f} beyond the first ten, serving drops {serving:.1f} of "
        f"these and brings {gain:.1f}."
    )


def with_interval(found: Interval) -> str:
    """63.2 [60.1, 66.0]."""
    return f"{100 * found.mean:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def figures_of(found: Difference) -> tuple[str, str, str]:
    """+1.2, [-0.3, +2.6], 0.12: points, interval, p."""
    between = f"[{points(found.low)}, {points(found.high)}]"
    return points(found.mean), between, chance(found.p)


def points(share: float) -> str:
    """Percentage points."""
    return f"{round(100 * share, 1) + 0.0:+.1f}"  # no -0.0


def chance(p: float) -> str:
    """A p, as exactly as it is worth telling."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"

"""The report of runs of `recall`, of `answers` and of judges: one HTML file that needs nothing
else and fetches nothing.

Of a set that several runs have, the last is shown; the earlier ones are compared with it.
Text of corpora is escaped (`evals.report_html`), and the page forbids scripts and requests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from statistics import fmean, median
from typing import Final

from evals.compare import Change, changes, shared
from evals.report_answers import Figures, decisions, judges, read_figures
from evals.report_cases import worst_queries
from evals.report_html import Html, join, table, tag
from evals.report_plots import (
    Group,
    Point,
    bar_legend,
    interval_plot,
    legend,
    scatter,
    stacked_bars,
)
from evals.results import COMPARED, SERVED, Asked, Run, SetResult, across, comparisons, read_run
from evals.stages import STAGES
from evals.tables import SHOWN, chance, headline, points
from memex.errors import InvalidRequest, StorageError
from memex.significance import Difference, Interval

TITLE: Final = "Memex, measured"
PLOTTED: Final = ("nDCG@10", "recall@5", "recall@1", "recall@10")
"""A plot each, for the sets."""
BY_GROUP: Final = ("nDCG@10", "recall@5")
"""A plot each, for categories and sources."""
RANKING: Final = "nDCG@10"
SURE: Final = 0.05
"""The p below which a difference is coloured."""
PARTS: Final = (
    "in the first ten hits",
    "lost in serving",
    "lost in ranking",
    "in no list of candidates",
)
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
LATENCY: Final = (
    "Median time of a query whose first ten hits are wanted, its embedding included, on the "
    "machine of the run with whatever else it did. Small marks are single sets, large ones all."
)
STAGED: Final = (
    "Shares of the evidence units. What more than ten passages answer counts as lost in ranking, "
    "since ten hits cannot hold it."
)
PAIRED: Final = (
    "Paired by question: mean difference in points, 95 % interval (bootstrap), and how often "
    "chance does as well (p, randomisation test; of twenty such p, one is below 0.05 by chance)."
)


def run(paths: Sequence[Path], out: Path) -> None:
    """Write the page of some runs. Raises `MemexError`."""
    figures = {path: read_figures(path) for path in paths}
    runs = [read_run(path) for path, of in figures.items() if of is None]
    content = page(runs, [of for of in figures.values() if of is not None])
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(content, encoding="utf-8", errors="replace")
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}.") from error


def page(runs: Sequence[Run], figures: Sequence[Figures] = ()) -> str:
    """The whole page: runs of `recall`, figures of other evals. Raises `InvalidRequest` where
    there is nothing to show.
    """
    results = [result for result in latest(runs) if result.n]
    if not results and not any(one.decided or one.judged for one in figures):
        raise InvalidRequest("The runs scored no question.")
    series = list(dict.fromkeys(name for result in results for name in result.rows))
    sections = {
        "sets": ("By set", [*_sets(results, series)] if results else []),
        "groups": ("By category and source", [*_groups(results, series)]),
        "stages": ("Where evidence is lost", [*_stages(results)]),
        "latency": ("Latency against quality", [*_latency(results, series)]),
        "decision": ("To answer or to decline", decisions(figures)),
        "judge": ("Judges of answers", judges(figures)),
        "comparisons": ("Comparisons", [*_comparisons(runs, results)]),
        "worst": ("Worst queries", [*worst_queries(results)]),
    }
    written = {key: named for key, named in sections.items() if named[1]}
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", TITLE),
        tag("style", Html(files("evals").joinpath("report.css").read_text(encoding="utf-8"))),
    )
    body = tag(
        "body",
        tag("h1", TITLE),
        *(tag("p", _circumstances(one), class_="soft") for one in runs),
        *(tag("p", _circumstances(one), class_="soft") for one in figures),
        tag("nav", *(tag("a", name, href=f"#{key}") for key, (name, _) in written.items())),
        *(
            tag("section", tag("h2", name), *parts, id=key)
            for key, (name, parts) in written.items()
        ),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def latest(runs: Sequence[Run]) -> list[SetResult]:
    """Each set of each scope as the last run has it, in the order of their first."""
    found = {(one.set, one.scope): one for each in runs for one in each.results}
    return list(found.values())


def _circumstances(one: Run | Figures) -> str:
    return f"{one.name}: {', '.join(f'{name} {version}' for name, version in one.versions.items())}"


def _sets(results: Sequence[SetResult], series: Sequence[str]) -> list[Html]:
    figures = [
        interval_plot(
            f"{metric}, with 95 % intervals",
            [
                Group(
                    result.name,
                    {name: row.intervals()[metric] for name, row in result.rows.items()},
                )
                for result in results
            ],
            series,
        )
        for metric in PLOTTED
    ]
    head = ("set and method", *SHOWN, "words/hit", "ms")
    rows = [cells for result in results for cells in _rows(result)]
    left_out = [one for result in results if (one := _left_out(result)) is not None]
    return [legend(series), tag("div", *figures, class_="plots"), table(head, rows), *left_out]


def _rows(result: SetResult) -> list[list[str]]:
    """A line for the set, then one for each method."""
    found: list[list[str]] = [[tag("strong", headline(result))]]
    for name, row in result.rows.items():
        means = row.intervals()
        figures = [_cell(means[metric]) for metric in SHOWN]
        ms = "" if row.latency_ms is None else f"{row.latency_ms:.1f}"
        found.append([name, *figures, f"{row.words_per_hit:.0f}", ms])
    return found


def _cell(one: Interval) -> Html:
    return join(
        (
            f"{100 * one.mean:.1f} ",
            tag("small", f"[{100 * one.low:.1f}, {100 * one.high:.1f}]"),
        )
    )


def _left_out(result: SetResult) -> Html | None:
    """The questions that could not be scored, with why."""
    if not result.unscored:
        return None
    lines = [tag("li", f"{one.text} ({one.id}): {one.reason}") for one in result.unscored]
    said = f"{result.name}: {len(lines)} questions could not be scored"
    return tag("details", tag("summary", said), tag("ul", *lines))


def _groups(results: Sequence[SetResult], series: Sequence[str]) -> list[Html]:
    kinds: tuple[tuple[str, Callable[[Asked], str]], ...] = (
        ("category", lambda question: question.category),
        ("source", lambda question: question.source),
    )
    figures = [
        interval_plot(f"{result.name} by {kind}: {metric}", groups, series)
        for result in results
        for kind, of in kinds
        if len(result.groups(of)) > 1
        for metric in BY_GROUP
        if (groups := _marks(result, of, metric))
    ]
    return [legend(series), tag("div", *figures, class_="plots")] if figures else []


def _marks(result: SetResult, of: Callable[[Asked], str], metric: str) -> list[Group]:
    return [
        Group(
            f"{group} ({sum(wanted)})",
            {name: row.intervals(wanted)[metric] for name, row in result.rows.items()},
        )
        for group, wanted in result.groups(of).items()
    ]


def _stages(results: Sequence[SetResult]) -> list[Html]:
    rows: dict[str, list[float]] = {}
    lines: list[list[str]] = []
    columns: list[str] = []
    for result in results:
        if result.stages is None:
            continue
        found = {name: one.mean for name, one in result.stages.intervals().items()}
        candidates, ranking, serving, gain = (found[name] for name in STAGES)
        served = candidates - ranking - serving + gain
        rows[result.name] = [served, serving, ranking - gain, 1 - candidates]
        columns = list(found)
        lines.append([result.name, *(f"{100 * share:.1f}" for share in found.values())])
    if not rows:
        return []
    names = [name.replace("_", " ") for name in columns]
    plot = stacked_bars("Evidence by what became of it, per cent", rows, PARTS)
    return [
        tag("p", STAGED),
        bar_legend(PARTS),
        tag("div", plot, class_="plots"),
        table(("set", *names), lines),
    ]


def _latency(results: Sequence[SetResult], series: Sequence[str]) -> list[Html]:
    found: list[Point] = []
    for name in series:
        timed = [
            (row.latency_ms, fmean(row.values(RANKING)), result.name)
            for result in results
            if (row := result.rows.get(name)) is not None and row.latency_ms
        ]
        found += [
            Point(name, ms, quality, f"{name}, {of}: {ms:.1f} ms, {100 * quality:.1f} %")
            for ms, quality, of in timed
        ]
        if timed:
            ms = median(one[0] for one in timed)
            quality = fmean(one[1] for one in timed)
            note = f"{name}, all sets: {ms:.1f} ms, {100 * quality:.1f} %"
            found.append(Point(name, ms, quality, note, large=True))
    if not found:
        return []
    plot = scatter(f"{RANKING} by median time", found, series, "milliseconds a query")
    lines = [[one.series, f"{one.x:.1f}", f"{100 * one.y:.1f}"] for one in found if one.large]
    return [
        tag("p", LATENCY),
        legend(series),
        tag("div", plot, table(("method", "ms", f"mean {RANKING}"), lines), class_="plots"),
    ]


def _comparisons(runs: Sequence[Run], results: Sequence[SetResult]) -> list[Html]:
    found: list[Html] = []
    for at, one in enumerate(runs[:-1]):
        later = Run("the last run", {}, tuple(latest(runs[at + 1 :])))
        if _both_have(one, later, SERVED):
            found.append(tag("h3", f"{SERVED}: the last run - {one.name}"))
            found.append(_changed(changes(one, later, SERVED)))
    lines: list[list[str]] = []
    for name, pairs in (
        *across(results).items(),
        *((one.name, comparisons(one)) for one in results),
    ):
        if pairs:
            lines.append([name])
        for pair, of in pairs.items():
            lines.append([pair, *(_difference(of[metric]) for metric in COMPARED)])
    if lines:
        found.append(table(("set and methods", *COMPARED), lines))
    return [tag("p", PAIRED), *found] if found else []


def _both_have(one: Run, later: Run, method: str) -> bool:
    """Whether some question was asked of the method in both."""
    return any(
        method in old.rows
        and method in new.rows
        and {question.id for question in old.questions}
        & {question.id for question in new.questions}
        for old, new in shared(one, later).values()
    )


def _changed(found: Sequence[Change]) -> Html:
    lines = [
        [
            f"{one.set}, {one.metric}",
            str(one.difference.n),
            f"{100 * one.before:.1f}",
            f"{100 * one.after:.1f}",
            _difference(one.difference),
        ]
        for one in found
    ]
    return table(("set, metric", "questions", "before", "after", "difference"), lines)


def _difference(found: Difference) -> Html:
    """Coloured where chance seldom does as well."""
    sure = ("up" if found.mean > 0 else "down") if found.p < SURE else None
    between = f" [{points(found.low)}, {points(found.high)}], p {chance(found.p)}"
    return join((tag("span", points(found.mean), class_=sure), tag("small", between)))

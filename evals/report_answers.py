"""The report's sections on answers: whether it is decided well which are given, and how far a
judge agrees with the user's labels.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from evals.decision import (
    Decided,
    area,
    brier,
    calibration,
    chosen,
    curve,
    decided,
    drawn,
    is_absent,
    is_wrong,
)
from evals.report_html import Html, join, table, tag
from evals.report_plots import Line, Point, legend, lines
from memex.errors import InvalidRequest
from memex.significance import Interval

COVERAGE: Final = (
    "From which probability on an answer is given decides how many questions are answered "
    "(coverage), and how many of these should not have been (risk): their answer is wrong (neither "
    "it nor the first quote has the reference, or the memory has no answer), or, for the decision "
    "alone, no passage that was found has the answer. A line is all thresholds, the strictest on "
    "the left; a mark is the one that was configured. Risk grows with the share of questions that "
    "have no answer, which is large here by design: compare lines with each other."
)
CALIBRATION: Final = (
    "Calibration: of the questions with such a probability, as many had the answer among what was "
    "found; on the dashed line the probability is what it says."
)
JUDGED: Final = (
    "A model that judges answers counts only as far as it agrees with the user's labels: Cohen's "
    "kappa with its 95 % interval (bootstrap), on answers that were not among its examples."
)


COVERED: Final = "coverage: questions answered"
RISKS: Final[tuple[tuple[str, str, Callable[[Decided], bool]], ...]] = (
    ("Wrong answers against coverage", "wrong", is_wrong),
    ("The decision alone: nothing there to answer from", "nothing there", is_absent),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What another eval than `recall` wrote."""

    name: str
    versions: Mapping[str, str]
    decided: tuple[Decided, ...] = ()
    """Of `answers`."""
    judged: tuple[Mapping[str, Any], ...] = ()
    """Of `memex evals judge --json`."""


def read_figures(path: Path) -> Figures | None:
    """A file that `answers --json` or `memex evals judge --json` wrote; None where it is of
    another eval, or cannot be read at all. Raises `InvalidRequest` where it is broken.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kind = content["eval"]
    except (OSError, KeyError, TypeError, ValueError):
        return None
    try:
        versions, rows = dict(content["versions"]), content["results"]
        match kind:
            case "answers":
                return Figures(path.name, versions, decided=tuple(map(decided, rows)))
            case "judge":
                return Figures(path.name, versions, judged=tuple(map(_judged, rows)))
            case _:
                return None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(
            f"{path} is not a run of {kind}: {error!r}.", "Make it anew with --json."
        ) from error


def decisions(figures: Sequence[Figures]) -> list[Html]:
    """Curves and table; nothing where no run of `answers` is among them. Of a set that several
    runs have, each is shown.
    """
    found = _by_set(figures)
    if not found:
        return []
    series = list(found)
    plots = [
        lines(
            title, [_risk(name, rows, bad) for name, rows in found.items()], series, (COVERED, axis)
        )
        for title, axis, bad in RISKS
    ]
    sure = [_sure(name, rows) for name, rows in found.items()]
    axes = ("probability of an answer", "it was there")
    return [
        tag("p", COVERAGE),
        tag("p", CALIBRATION),
        legend(series),
        tag("div", *plots, lines("Calibration", sure, series, axes, diagonal=True), class_="plots"),
        table(
            (
                "set",
                "questions",
                "coverage",
                "wrong",
                "none there",
                "wrong if all",
                "area",
                "Brier",
            ),
            [_row(name, rows) for name, rows in found.items()],
        ),
    ]


def judges(figures: Sequence[Figures]) -> list[Html]:
    """A line for each judge; nothing where none is among the runs."""
    rows = [_judge(each) for one in figures for each in one.judged]
    head = ("judge", "labels", "same", "kappa", "trusted", "unlabelled", "right", "wrong")
    return [tag("p", JUDGED), table(head, rows), *_doubts(figures)] if rows else []


def _by_set(figures: Sequence[Figures]) -> dict[str, list[Decided]]:
    """The questions by set; one that several runs have is named with its run, too."""
    sets = [(name, one) for one in figures for name in dict.fromkeys(x.set for x in one.decided)]
    times = Counter(name for name, _ in sets)
    return {
        name if times[name] == 1 else f"{name}, {one.name}": [
            each for each in one.decided if each.set == name
        ]
        for name, one in sets
    }


def _risk(name: str, rows: Sequence[Decided], bad: Callable[[Decided], bool]) -> Line:
    points = [(point.coverage, point.risk) for point in drawn(curve(rows, bad), len(rows))]
    at = chosen(rows, bad)
    if at is None:
        return Line(name, points)
    coverage, risk = at
    note = f"{name}: {100 * coverage:.1f} % answered, of them {100 * risk.mean:.1f} %"
    return Line(name, points, (Point(name, coverage, risk.mean, note, large=True),))


def _sure(name: str, rows: Sequence[Decided]) -> Line:
    bins = calibration(rows)
    marks = tuple(
        Point(
            name,
            each.told,
            each.seen,
            f"{name}: told {100 * each.told:.0f} %, seen {100 * each.seen:.0f} %, n = {each.n}",
        )
        for each in bins
    )
    return Line(name, [(each.told, each.seen) for each in bins], marks)


def _row(name: str, rows: Sequence[Decided]) -> list[str]:
    points = curve(rows)
    return [
        name,
        str(len(rows)),
        f"{100 * fmean(each.given for each in rows):.1f}",
        _share(chosen(rows)),
        _share(chosen(rows, is_absent)),
        f"{100 * points[-1].risk:.1f}",
        f"{100 * area(points):.1f}",
        f"{brier(rows):.3f}",
    ]


def _share(at: tuple[float, Interval] | None) -> Html:
    """A risk with its interval; nothing where nothing was given."""
    if at is None:
        return Html("")
    of = at[1]
    between = tag("small", f"[{100 * of.low:.1f}, {100 * of.high:.1f}]")
    return join((f"{100 * of.mean:.1f} ", between))


def _judged(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row with what is read of it. Raises `KeyError`, `TypeError`."""
    wanted = (
        "judge", "labels", "agreed", "kappa", "low", "high", "trusted", "doubt", "unlabelled",
        "right", "wrong",
    )  # fmt: skip
    return {name: row[name] for name in wanted} | {"labels": sum(row["labels"].values())}


def _judge(row: Mapping[str, Any]) -> list[str]:
    """Of a judge that is not trusted, no verdict."""
    kappa: str = "cannot be told"
    if row["kappa"] is not None:
        between = tag("small", f"[{row['low']:.2f}, {row['high']:.2f}]")
        kappa = join((f"{row['kappa']:.2f} ", between))
    trusted = bool(row["trusted"])
    return [
        str(row["judge"]),
        str(row["labels"]),
        "" if row["agreed"] is None else f"{100 * row['agreed']:.1f} %",
        kappa,
        tag("span", "yes" if trusted else "no", class_="up" if trusted else "down"),
        str(row["unlabelled"]),
        str(row["right"]) if trusted else "not counted",
        str(row["wrong"]) if trusted else "not counted",
    ]


def _doubts(figures: Sequence[Figures]) -> list[Html]:
    """Why a judge is not trusted."""
    rows = [each for one in figures for each in one.judged if each["doubt"]]
    return [tag("p", f"{each['judge']} is not trusted: {each['doubt']}.") for each in rows]

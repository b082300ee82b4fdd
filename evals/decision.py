"""The decision to answer or to decline, as selective prediction: coverage against risk.

From the figures of `answers`. An answer is *given* where its probability reaches a threshold;
*coverage* is the share of questions that are, *risk* the share of these that should not have
been: whose answer is wrong (neither it nor the first quote has the reference, or the question
has no answer in the memory), or, for the decision alone, whose answer is not among what was found
(El-Yaniv and Wiener, On the foundations of noise-free selective classification, JMLR 2010;
Geifman and El-Yaniv, Selective classification for deep neural networks, NeurIPS 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import fmean
from typing import Any, Final

from memex.significance import Interval, interval

FEWEST: Final = 10
"""Answers given from which on a risk is drawn."""
BINS: Final = 10
"""Of probabilities, for how well they are calibrated."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A question of which it was decided whether to answer."""

    set: str
    probability: float
    """That the passages which were found answer it, as Memex had it."""
    there: bool
    """Whether they do: one of them has of the evidence."""
    right: bool
    """Whether what is shown is right if an answer is given."""
    given: bool
    """Whether one was, by the configuration of the run."""


def is_wrong(each: Decided) -> bool:
    """Whether an answer to it is wrong."""
    return not each.right


def is_absent(each: Decided) -> bool:
    """Whether there is nothing to answer it from."""
    return not each.there


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold brings."""

    threshold: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions whose probabilities are alike."""

    n: int
    told: float
    """The mean of their probabilities."""
    seen: float
    """The share whose passages do answer."""


def decided(row: Mapping[str, Any]) -> Decided:
    """Of a result of `answers --json`. Raises `KeyError`, `TypeError`, `ValueError`."""
    answerable = row["kind"] == "answerable"
    return Decided(
        set=str(row["set"]),
        probability=float(row["probability"]),
        there=answerable and bool(row["served"]),
        right=answerable and bool(row["shown"]),
        given=bool(row["given"]),
    )


def curve(found: Sequence[Decided], bad: Callable[[Decided], bool] = is_wrong) -> list[Point]:
    """Coverage and risk, the share that is `bad`, at each probability that occurs, the surest
    first.
    """
    points: list[Point] = []
    given = wrong = 0
    ordered = sorted(found, key=lambda each: -each.probability)
    for threshold, alike in groupby(ordered, key=lambda each: each.probability):
        for each in alike:
            given += 1
            wrong += bad(each)
        points.append(Point(threshold, given / len(found), wrong / given))
    return points


def drawn(points: Sequence[Point], n: int) -> list[Point]:
    """Those at which enough answers are given that the risk says something."""
    return [point for point in points if point.coverage * n >= FEWEST - 1e-9]


def area(points: Sequence[Point]) -> float:
    """Under the curve: the mean risk over all coverages."""
    covered = [0.0, *(point.coverage for point in points)]
    widths = [after - before for before, after in pairwise(covered)]
    return sum(width * point.risk for width, point in zip(widths, points, strict=True))


def chosen(
    found: Sequence[Decided], bad: Callable[[Decided], bool] = is_wrong
) -> tuple[float, Interval] | None:
    """Coverage and risk of what the run gave; None where that was nothing."""
    given = [each for each in found if each.given]
    if not given:
        return None
    return len(given) / len(found), interval([float(bad(each)) for each in given])


def calibration(found: Sequence[Decided]) -> list[Bin]:
    """Bins of equal width, those that have questions."""
    bins: dict[int, list[Decided]] = {}
    for each in found:
        bins.setdefault(min(int(each.probability * BINS), BINS - 1), []).append(each)
    return [
        Bin(
            len(alike),
            fmean(each.probability for each in alike),
            fmean(each.there for each in alike),
        )
        for _, alike in sorted(bins.items())
    ]


def brier(found: Sequence[Decided]) -> float:
    """The mean squared error of the probabilities (Brier 1950): 0 is best, and 0.25 is what
    always saying one half has.
    """
    return fmean((each.probability - each.there) ** 2 for each in found)

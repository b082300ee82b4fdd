"""How sure a mean is, and whether two runs differ: bootstrap intervals, a randomisation test.

Intervals are percentile bootstraps over the questions (Efron and Tibshirani, An Introduction
to the Bootstrap, 1993, ch. 13). Whether a difference could be chance is asked by Fisher's
paired randomisation test, which is to be preferred to Wilcoxon's and the sign test for
rankings: Smucker, Allan and Carterette, A comparison of statistical significance tests for
information retrieval evaluation, CIKM 2007. Both are seeded: the same scores give the same
figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES: Final = 2000
"""Of the bootstrap."""
PERMUTATIONS: Final = 10_000
"""Of the randomisation test: no p is below 1 / 10,001."""
BLOCK: Final = 2_000_000
"""Random numbers that are drawn at a time."""
TAILS: Final = (2.5, 97.5)
"""Percentiles between which 95 % lie."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over questions with its 95 % interval."""

    n: int
    """Questions."""
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean of paired differences."""

    n: int
    """Questions that both sides answered."""
    mean: float
    low: float
    high: float
    p: float
    """How often differences without a sign of their own are as large, both sides counted."""


def intervals(scores: NDArray[np.float64], seed: int = 0) -> list[Interval]:
    """The interval of each column of scores, shape (questions, columns); at least one question.

    All columns are resampled together.
    """
    low, high = np.percentile(_resampled(scores, np.random.default_rng(seed)), TAILS, axis=0)
    means = scores.mean(axis=0)
    return [
        Interval(len(scores), float(mean), float(lower), float(upper))
        for mean, lower, upper in zip(means, low, high, strict=True)
    ]


def interval(values: Sequence[float], seed: int = 0) -> Interval:
    """The interval of one column."""
    return intervals(np.asarray(values, dtype=np.float64).reshape(-1, 1), seed)[0]


def difference(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> Difference:
    """Ours - theirs, question by question."""
    return mean_difference([(ours, theirs)], seed)


def mean_difference(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]], seed: int = 0
) -> Difference:
    """The mean over sets of ours - theirs, each set counting the same.

    Questions are resampled, and their signs drawn, within their set.
    """
    deltas = [
        np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
        for ours, theirs in pairs
    ]
    random = np.random.default_rng(seed)
    means = np.mean([_resampled(delta.reshape(-1, 1), random)[:, 0] for delta in deltas], axis=0)
    low, high = np.percentile(means, TAILS)
    seen = float(np.mean([delta.mean() for delta in deltas]))
    by_chance = np.mean([_signed(delta, random) for delta in deltas], axis=0)
    # what is equal but for rounding is as large
    as_large = int(np.count_nonzero(np.abs(by_chance) >= abs(seen) - 1e-12))
    return Difference(
        n=sum(delta.size for delta in deltas),
        mean=seen,
        low=float(low),
        high=float(high),
        p=(1 + as_large) / (1 + PERMUTATIONS),
    )


def sign_test(wins: int, losses: int) -> float:
    """How often a fair coin is as one-sided, both sides counted: the exact sign test, for
    preferences, which have a sign and no size. 1 where there are none.
    """
    n, fewer = wins + losses, min(wins, losses)
    return min(1.0, 2 * sum(comb(n, k) for k in range(fewer + 1)) / (1 << n))


def _resampled(scores: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Means of resamples, shape (RESAMPLES, columns).

    A resample is written as how often it has each question, so that one product of
    matrices takes the means of all columns.
    """
    n = len(scores)
    found = []
    for rows in _blocks(RESAMPLES, n):
        drawn = random.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        found.append(times.astype(np.float64) @ scores / n)
    return np.concatenate(found)


def _signed(delta: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Means of the differences with random signs, shape (PERMUTATIONS,)."""
    moved = delta[delta != 0]  # a difference of nothing has no sign
    if moved.size == 0:
        return np.zeros(PERMUTATIONS)
    found = []
    for rows in _blocks(PERMUTATIONS, moved.size):
        signs = random.integers(0, 2, (rows, moved.size), dtype=np.int8) * 2.0 - 1.0
        found.append(signs @ moved / delta.size)
    return np.concatenate(found)


def _blocks(rows: int, width: int) -> list[int]:
    """So many rows of that width in blocks of a bounded size."""
    most = max(1, BLOCK // width)
    return [min(most, rows - at) for at in range(0, rows, most)]

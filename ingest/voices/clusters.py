"""Which windows of a recording have the same voice: agglomerative clustering.

The two clusters whose windows are most alike (mean cosine) become one, until none are
alike enough. All voices of one room or line sound a little alike, one person's own do not
always; so what became one is parted again where both halves are long and each is clearly
more like itself than like the other. Windows that overlap in time are alike whoever
speaks, and do not count there.

All of that are sums over pairs of windows, and the sums of two clusters make those of
their union. So a long recording is clustered a part at a time, and then its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Matrix = NDArray[np.float64]

ALIKE: Final = 0.27
"""Mean cosine of the windows of two clusters below which they are two voices."""
APART: Final = 0.09
"""By how much more like itself than like the other a cluster is, on the mean of both, from
which they are two voices."""
LONG: Final = 3.0
"""Seconds that both must speak for that."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Windows with the same voice."""

    total: Vectors
    """The sum of their vectors, each of length 1."""
    members: tuple[int, ...]
    """Their numbers."""
    seconds: float
    """Of speech."""
    inner: float = 0.0
    """The sum of the cosines of its pairs of windows that do not overlap, both ways."""
    pairs: float = 0.0
    """How many those are."""
    halves: tuple[Cluster, Cluster] | None = None
    """What it was made of."""
    apart: bool = False
    """Whether those are two voices."""


class _Sums:
    """Sums over the pairs of windows of each two clusters."""

    def __init__(self, found: Sequence[Cluster], near: NDArray[np.bool_] | None) -> None:
        """`near` says which of the clusters overlap in time; only single windows do."""
        totals = np.stack([each.total for each in found]).astype(np.float64)
        counts = np.array([len(each.members) for each in found], dtype=np.float64)
        self.counts, self.seconds = counts, np.array([each.seconds for each in found])
        self.cosines = totals @ totals.T
        far = 1.0 if near is None else ~near
        self.inner, self.pairs = self.cosines * far, np.outer(counts, counts) * far
        np.fill_diagonal(self.inner, [each.inner for each in found])
        np.fill_diagonal(self.pairs, [each.pairs for each in found])
        self.gone = np.zeros(len(found), dtype=bool)
        self.alike = self.cosines / np.outer(counts, counts)
        np.fill_diagonal(self.alike, -np.inf)

    def join(self, one: int, other: int) -> None:
        """Add the other to the one."""
        for sums in (self.cosines, self.inner, self.pairs):
            sums[one] += sums[other]
            sums[:, one] += sums[:, other]
        self.counts[one] += self.counts[other]
        self.seconds[one] += self.seconds[other]
        self.gone[other] = True
        alike = self.cosines[one] / (self.counts[one] * self.counts)
        alike[self.gone] = alike[one] = -np.inf
        self.alike[one] = self.alike[:, one] = alike
        self.alike[other] = self.alike[:, other] = -np.inf

    def apart(self, one: int, other: int) -> bool:
        """Whether two clusters are two voices though they are alike."""
        between = self.pairs[one, other]
        if min(self.seconds[one], self.seconds[other]) < LONG or not between:
            return False
        within = [
            self.inner[each, each] / self.pairs[each, each]
            for each in (one, other)
            if self.pairs[each, each]
        ]
        if not within:
            return False
        return bool(np.mean(within) - self.inner[one, other] / between >= APART)


def cluster(found: Sequence[Cluster], near: NDArray[np.bool_] | None = None) -> list[Cluster]:
    """Join what is alike. `near` (a matrix) says which overlap in time. Takes the cube of
    their number in time, its square in memory.
    """
    if not found:
        return []
    left = list(found)
    sums = _Sums(found, near)
    while True:
        one, other = divmod(int(sums.alike.argmax()), len(left))
        if not sums.alike[one, other] >= ALIKE:
            return [each for each, gone in zip(left, sums.gone, strict=True) if not gone]
        apart = sums.apart(one, other)
        sums.join(one, other)
        whole = joined(left[one], left[other])
        left[one] = replace(
            whole,
            inner=float(sums.inner[one, one]),
            pairs=float(sums.pairs[one, one]),
            halves=(left[one], left[other]),
            apart=apart,
        )


def parted(whole: Cluster) -> list[Cluster]:
    """The voices in a cluster: it alone, or its halves where they are two voices, and so
    on. What is too short to tell goes to the voice that it is most like.
    """
    if whole.halves is None:
        return [whole]
    larger, smaller = sorted(whole.halves, key=lambda half: -half.seconds)
    if whole.apart:
        return parted(larger) + parted(smaller)
    if smaller.seconds >= LONG:
        return [whole]
    voices = parted(larger)
    return with_nearest(voices, smaller) if len(voices) > 1 else [whole]


def with_nearest(voices: Sequence[Cluster], other: Cluster) -> list[Cluster]:
    """The voices, the one that it is most like with another cluster."""
    alike = [each.total @ other.total / len(each.members) for each in voices]
    nearest = int(np.argmax(alike))
    return [joined(each, other) if n == nearest else each for n, each in enumerate(voices)]


def joined(first: Cluster, second: Cluster) -> Cluster:
    """Two clusters as one."""
    return Cluster(
        first.total + second.total,
        first.members + second.members,
        first.seconds + second.seconds,
    )

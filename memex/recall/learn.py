"""What the ranker's weights are learnt by, from questions of which it is known what is right.

Listwise: the weights are sought under which what is right is likeliest to be drawn first
(ListNet's top-one loss: Cao et al., Learning to rank: from pairwise approach to listwise
approach, ICML 2007). The loss is convex; L-BFGS-B (Byrd et al., A limited memory algorithm for
bound constrained optimization, SIAM J. Sci. Comput. 1995) minimises it, no weight below 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from memex.recall import Found
from memex.recall.features import FEATURES, features
from memex.recall.rank import DEPTH as RANKED

DEPTH: Final = 50
"""Candidates of a question: more than are ranked again, since there is more to be learnt."""
PENALTY: Final = 1e-3
"""Of the squares of the weights, in standard deviations of their features."""
PULL: Final = 20.0
"""What it costs, in nats, to move weights as far from where they were as that is from 0; a
lesson that was even odds and is sure brings 0.7 (`docs/decisions/tuning.md`)."""
FLAT: Final = 1e-9
"""A standard deviation below which a feature is everywhere the same."""

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The candidates of a question, in the order of the fusion."""

    rows: Matrix
    """`FEATURES` of each, shape (passages, features)."""
    right: Flags
    """Shape (passages,)."""

    @property
    def teaches(self) -> bool:
        """Whether there is anything to tell apart."""
        return bool(self.right.any() and not self.right.all())

    def place(self, weights: Matrix) -> int:
        """At which place, from 1, the first right one stands where `memex.recall.rank` orders by
        weights of shape (features,). Raises `ValueError` where none is right.
        """
        order = np.argsort(-(self.rows[:RANKED] @ weights), kind="stable")
        first = np.flatnonzero(np.append(self.right[:RANKED][order], self.right[RANKED:]))
        if not first.size:
            raise ValueError("none is right")
        return int(first[0]) + 1


def rows_of(found: Found) -> Matrix:
    """The `FEATURES` of what was found, shape (passages, features)."""
    there = [found.passages[one.row] for one in found.fused]
    rows = features(found.asked, found.fused, there) if there else []
    return np.array(rows, np.float64).reshape(-1, len(FEATURES))


def as_mapping(weights: Matrix, names: Sequence[str] = FEATURES) -> Mapping[str, float]:
    """The weights, shape (features,), by the names of their features."""
    return {name: round(float(each), 3) for name, each in zip(names, weights, strict=True)}


def as_vector(weights: Mapping[str, float]) -> Matrix:
    """The inverse of `as_mapping`."""
    return np.array([weights[name] for name in FEATURES])


def tune(lessons: Sequence[Lesson], weights: Matrix) -> Matrix:
    """Weights that fit the lessons better and lie near those given, shape (features,), with the
    same sum. How far is measured in standard deviations of the features, against how far
    from 0 those given lie.
    """
    each = np.ones(len(lessons))
    anchor = fit(lessons, each, weights[:, None])  # as sure of itself as the lessons allow
    learnt = fit(lessons, each, np.eye(len(weights)), anchor) if anchor.any() else anchor
    return learnt * (weights.sum() / learnt.sum()) if learnt.any() else weights


def fit(
    lessons: Sequence[Lesson],
    importance: Matrix,
    tied: Matrix,
    near: Matrix | None = None,
) -> Matrix:
    """The likeliest weights of the features, shape (features,), none below 0; every lesson
    must teach.

    `importance` says how much each lesson counts. `tied`, shape (features, weights), says of
    which features a weight is, and how much it counts there. The weights are drawn to 0 with
    `PENALTY`; or to others, `near`, shape (weights,), with `PULL`.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 (30 MB that only learning needs)

    columns = [lesson.rows @ tied for lesson in lessons]
    spread = np.vstack(columns).std(axis=0)
    spread[spread < FLAT] = 1.0
    if near is None:
        start, around, penalty = np.ones(len(spread)), np.zeros(len(spread)), PENALTY
    else:
        start = around = near * spread
        penalty = PULL / float(around @ around)
    loss = _loss(lessons, [each / spread for each in columns], importance, around, penalty)
    bounds = [(0, None)] * len(spread)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(tied @ (found.x / spread), np.float64)


def _loss(
    lessons: Sequence[Lesson],
    columns: Sequence[Matrix],
    importance: Matrix,
    around: Matrix,
    penalty: float,
) -> _Loss:
    """The lessons side by side, those with fewer passages filled up."""
    longest = max(map(len, columns))
    rows = np.zeros((len(lessons), longest, len(around)))
    wanted = np.zeros((len(lessons), longest))
    there = np.zeros((len(lessons), longest), bool)
    for at, (lesson, each) in enumerate(zip(lessons, columns, strict=True)):
        rows[at, : len(each)] = each
        wanted[at, : len(each)] = lesson.right / lesson.right.sum()
        there[at, : len(each)] = True
    return _Loss(rows, wanted, there, importance, around, penalty)


@dataclass(frozen=True, slots=True)
class _Loss:
    """Cross entropy of the softmax over each question's passages, and the penalty."""

    rows: Matrix
    """Shape (questions, passages, weights), 0 where a question has fewer passages."""
    wanted: Matrix
    """Shape (questions, passages); the sum of each question is 1."""
    there: Flags
    importance: Matrix
    around: Matrix
    """Shape (weights,): what costs nothing."""
    penalty: float
    """Of the squares of the distance from there."""

    def __call__(self, weights: Matrix) -> tuple[float, Matrix]:
        """The loss and its gradient, shape (weights,). (einsum: products this small are slower
        where BLAS shares them out among threads.)
        """
        logits = np.where(self.there, np.einsum("qpw,w->qp", self.rows, weights), -np.inf)
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        entropy = -np.where(self.there, self.wanted * logs, 0.0).sum(axis=1)
        errors = (np.exp(logs) - self.wanted) * self.importance[:, None]
        gradient = np.einsum("qp,qpw->w", errors, self.rows)
        apart = weights - self.around
        loss = float(self.importance @ entropy + self.penalty * apart @ apart)
        return loss, gradient + 2 * self.penalty * apart

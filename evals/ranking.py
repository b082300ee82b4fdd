"""What a ranker learns from: the features of candidates, and which of them hold evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evals import metrics
from evals.corpus import Part, parts
from evals.dataset import Query, read_recall_set
from evals.searchers import Served, served
from memex.protocols import Embedder, Step
from memex.recall.features import FEATURES, features
from memex.recall.fuse import WEIGHTS as LISTS
from memex.recall.spelling import Words
from memex.vocabulary import Neighbour

HELD_OUT: Final = "test"
"""The half of a set that nothing is learnt from, where a set has halves."""
DEPTH: Final = 50
"""Candidates of a question: more than are ranked again, since there is more to be learnt."""
PENALTY: Final = 1e-3
"""Of the squares of the weights, in standard deviations of their features."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the fusion puts first for one question."""

    query: Query
    rows: Matrix
    """`FEATURES` of each passage, shape (passages, features); in the order of the fusion."""
    units: Sequence[frozenset[str]]
    """The units that each covers."""
    homes: int
    """Passages that it takes to cover the evidence: `metrics.count_homes`."""

    @property
    def labels(self) -> Matrix:
        """1 for each passage that holds evidence, shape (passages,)."""
        return np.array([float(bool(each & self.query.evidence)) for each in self.units])

    def score(self, weights: Matrix) -> dict[str, float]:
        """The metrics of the order that weights make, shape (features,)."""
        order = np.argsort(-(self.rows @ weights), kind="stable")
        return metrics.score([self.units[at] for at in order], self.query.evidence, self.homes)


@dataclass(frozen=True, slots=True)
class Ranking:
    """A set of questions with their candidates."""

    name: str
    questions: tuple[Candidates, ...]

    @property
    def lessons(self) -> tuple[Candidates, ...]:
        """Those to learn from: all, or the half that is not held out."""
        return tuple(each for each in self.questions if each.query.split != HELD_OUT)

    @property
    def halved(self) -> bool:
        """Whether some questions are held out."""
        return any(each.query.split == HELD_OUT for each in self.questions)

    @property
    def tests(self) -> tuple[Candidates, ...]:
        """Those to measure with: all, or the half that is held out."""
        if not self.halved:
            return self.questions
        return tuple(each for each in self.questions if each.query.split == HELD_OUT)

    def scores(self, weights: Matrix, metric: str) -> list[float]:
        """A metric of each of the `tests`."""
        return [each.score(weights)[metric] for each in self.tests]


@dataclass(frozen=True, slots=True)
class AsSpelt:
    """Words of which nobody asks what else may have been meant."""

    words: Words

    def near(self, said: str) -> list[Neighbour]:
        """None."""
        return []

    def sounding(self, code: str) -> Mapping[str, int]:
        """None."""
        return {}

    def exactly(self, word: str) -> int:
        """As many as there are."""
        return self.words.exactly(word)

    def documents(self, word: str) -> int:
        """As many as there are."""
        return self.words.documents(word)

    def most(self) -> int:
        """As many as there are."""
        return self.words.most()


def read(
    folder: Path,
    embedder: Embedder,
    progress: Callable[[Step], None],
    *,
    spelling: bool = True,
) -> Ranking:
    """The questions of a set, pooled, with their candidates; without `spelling` their words are
    taken as they are. Raises `InvalidRequest`.
    """
    data = read_recall_set(folder)
    (part,) = parts(data, "pooled")
    return Ranking(data.name, tuple(_candidates(part, embedder, progress, spelling)))


def _candidates(
    part: Part, embedder: Embedder, progress: Callable[[Step], None], spelling: bool
) -> list[Candidates]:
    homes = metrics.find_homes(map(part.units, part.passages))
    found = []
    with served(part, embedder, progress) as whole:
        memex = whole if spelling else _as_spelt(whole)
        for done, query in enumerate(part.queries, start=1):
            given = memex.find(query, DEPTH)
            there = [given.passages[one.id] for one in given.fused]
            rows = features(given.asked, given.fused, there) if there else []
            found.append(
                Candidates(
                    query,
                    np.array(rows, np.float64).reshape(-1, len(FEATURES)),
                    [part.units(each) for each in there],
                    metrics.count_homes(homes, query.evidence),
                )
            )
            progress(Step("asking", done, len(part.queries), "questions"))
    return [each for each in found if each.homes]


def _as_spelt(memex: Served) -> Served:
    vocabulary = memex.recall.vocabulary
    words = AsSpelt(vocabulary) if vocabulary else None
    return replace(memex, recall=replace(memex.recall, vocabulary=words))


def fit(sets: Sequence[Ranking], columns: Sequence[int] = range(len(FEATURES))) -> Matrix:
    """Weights of shape (features,), none below 0: those under which evidence is likeliest to be
    drawn first (ListNet's top-one probability). Every set counts the same, whatever its size.
    What is not among the `columns` weighs 0; the lists' scores weigh the same as each other
    (`docs/decisions/ranking.md`), 1.
    """
    lists = [at for at in columns if FEATURES[at] in LISTS]
    others = [at for at in columns if FEATURES[at] not in LISTS]
    lessons, importance = [], []
    for each in sets:
        useful = [one for one in each.lessons if 0 < one.labels.sum() < len(one.labels)]
        lessons += useful
        importance += [1 / (len(useful) * len(sets))] * len(useful)
    tied = [np.column_stack([one.rows[:, lists].sum(1), one.rows[:, others]]) for one in lessons]
    spread = np.maximum(np.vstack(tied).std(axis=0), 1e-9)
    longest = max(map(len, tied))
    rows = np.zeros((len(tied), longest, len(spread)))
    wanted = np.zeros((len(tied), longest))
    there = np.zeros((len(tied), longest), bool)
    for at, (one, features_) in enumerate(zip(lessons, tied, strict=True)):
        size = len(features_)
        rows[at, :size] = features_ / spread
        wanted[at, :size] = one.labels / one.labels.sum()
        there[at, :size] = True
    loss = _Loss(rows, wanted, there, np.array(importance))
    bounds = [(0, None)] * len(spread)
    found = minimize(loss, np.ones(len(spread)), jac=True, method="L-BFGS-B", bounds=bounds)
    worth = found.x / spread
    weights = np.zeros(len(FEATURES))
    weights[lists], weights[others] = worth[0], worth[1:]
    return weights / (worth[0] or 1.0)


@dataclass(frozen=True, slots=True)
class _Loss:
    """Cross entropy of the softmax over each question's passages."""

    rows: Matrix
    """Shape (questions, passages, features), 0 where a question has fewer passages."""
    wanted: Matrix
    """Shape (questions, passages); the sum of each question is 1."""
    there: NDArray[np.bool_]
    importance: Matrix

    def __call__(self, weights: Matrix) -> tuple[float, Matrix]:
        logits = np.where(self.there, self.rows @ weights, -np.inf)
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        entropy = -np.where(self.there, self.wanted * logs, 0.0).sum(axis=1)
        errors = (np.exp(logs) - self.wanted) * self.importance[:, None]
        gradient = np.tensordot(errors, self.rows, axes=2)
        loss = float(self.importance @ entropy + PENALTY * weights @ weights)
        return loss, gradient + 2 * PENALTY * weights


def as_weights(weights: Matrix) -> Mapping[str, float]:
    """The weights by the names of their features."""
    return {name: round(float(each), 3) for name, each in zip(FEATURES, weights, strict=True)}

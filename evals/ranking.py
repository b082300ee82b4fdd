"""What a ranker learns from: the features of candidates, and which of them hold evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evals import metrics
from evals.corpus import Part, parts
from evals.dataset import HELD_OUT, Query, held_out, kept_back, read_recall_set
from evals.searchers import Served, served
from memex.passages import indexed_text
from memex.protocols import Embedder, Step
from memex.recall import learn
from memex.recall.features import FEATURES
from memex.recall.fuse import WEIGHTS as LISTS
from memex.recall.learn import Lesson, Matrix
from memex.recall.spelling import Words
from memex.vocabulary import Neighbour


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the fusion puts first for one question."""

    query: Query
    rows: Matrix
    """`FEATURES` of each passage, and what else there may be, shape (passages, features); in the
    order of the fusion."""
    units: Sequence[frozenset[str]]
    """The units that each covers."""
    homes: int
    """Passages that it takes to cover the evidence: `metrics.count_homes`."""
    texts: Sequence[str] = ()
    """What is embedded of each."""

    @property
    def lesson(self) -> Lesson:
        """What is right is what holds evidence."""
        right = np.array([bool(each & self.query.evidence) for each in self.units], bool)
        return Lesson(self.rows, right)

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

    def unseen(self) -> Ranking:
        """Of a set without halves the questions that no embedder has learnt from
        (`evals.adapt`): by those it knows, cosines would weigh more than they are worth.
        """
        if self.halved:
            return self
        left = held_out([each.query for each in self.questions])
        return Ranking(self.name, tuple(each for each in self.questions if each.query.id in left))

    def kept_back(self) -> Ranking:
        """The questions by which no cross-encoder was taught (`evals.cross`), either."""
        left = kept_back([each.query for each in self.questions])
        return Ranking(self.name, tuple(each for each in self.questions if each.query.id in left))

    def some(self, limit: int) -> Ranking:
        """As many to measure with and as many others, at most, from all over the set."""
        tests = {each.query.id for each in self.tests}
        others = [each for each in self.questions if each.query.id not in tests]
        few = (*_spread(others, limit), *_spread(self.tests, limit))
        return Ranking(self.name, few)

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
            given = memex.find(query, learn.DEPTH)
            found.append(
                Candidates(
                    query,
                    learn.rows_of(given),
                    [part.units(given.passages[one.row]) for one in given.fused],
                    metrics.count_homes(homes, query.evidence),
                    [indexed_text(given.passages[one.row]) for one in given.fused],
                )
            )
            progress(Step("asking", done, len(part.queries), "questions"))
    return [each for each in found if each.homes]


def _spread(questions: Sequence[Candidates], limit: int) -> Sequence[Candidates]:
    """At most so many, as far from each other as may be."""
    few = min(limit, len(questions))
    return [questions[at * len(questions) // few] for at in range(few)]


def _as_spelt(memex: Served) -> Served:
    vocabulary = memex.recall.vocabulary
    words = AsSpelt(vocabulary) if vocabulary else None
    return replace(memex, recall=replace(memex.recall, vocabulary=words))


def alone(name: str, columns: Sequence[str] = FEATURES) -> Matrix:
    """Weights by which one of the columns decides."""
    return np.array([float(each == name) for each in columns])


def fused(columns: Sequence[str] = FEATURES) -> Matrix:
    """Weights that make the order of the fusion."""
    return np.array([LISTS.get(each, 0.0) for each in columns])


def fit(sets: Sequence[Ranking], columns: Sequence[int] = range(len(FEATURES))) -> Matrix:
    """Weights of shape (features,), as `memex.recall.learn` learns them. Every set counts the
    same, whatever its size. What is not among the `columns` weighs 0; the lists' scores weigh
    the same as each other (`docs/decisions/ranking.md`), 1.
    """
    lessons: list[Lesson] = []
    importance: list[float] = []
    for each in sets:
        useful = [one.lesson for one in each.lessons if one.lesson.teaches]
        lessons += useful
        importance += [1 / (len(useful) * len(sets))] * len(useful)
    lists = [at for at in columns if at < len(FEATURES) and FEATURES[at] in LISTS]
    groups = [lists, *([at] for at in columns if at not in lists)]
    width = lessons[0].rows.shape[1]
    tied = np.array([[float(at in group) for group in groups] for at in range(width)])
    weights = learn.fit(lessons, np.array(importance), tied)
    return weights / (weights[lists[0]] or 1.0)

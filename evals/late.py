"""Late interaction (`memex.recall.late`) beside the ranker, in the ablation.

It takes an embedder long to read the passages of many questions token by token, so some of each
set stand for all. Its weight is learnt beside the ranker's score, which stays as it ships.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals import metrics
from evals.corpus import parts
from evals.dataset import HELD_OUT, read_recall_set
from evals.ranking import Candidates, Ranking
from evals.searchers import served
from memex.passages import indexed_text
from memex.protocols import Embedder, Step, TokenEmbedder, Tokens
from memex.recall import learn
from memex.recall.late import DEPTH, WEIGHT, likenesses
from memex.recall.learn import Lesson, Matrix, as_vector
from memex.recall.rank import WEIGHTS

LOOKED_AT: Final = 20
"""Candidates of a question that are read token by token."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The first candidates of a question, token by token."""

    of: Candidates
    likes: Matrix
    """`likenesses` of the first `LOOKED_AT` as the ranker has them, shape (passages,)."""

    @property
    def ranked(self) -> NDArray[np.intp]:
        """The places of the candidates, as the ranker that ships orders them."""
        return np.argsort(-self._score, kind="stable")

    @property
    def columns(self) -> Matrix:
        """The ranker's score, and the likeness, of each, shape (passages, 2)."""
        return np.column_stack([self._score[self.ranked][: len(self.likes)], self.likes])

    @property
    def lesson(self) -> Lesson:
        """What is right is what holds evidence."""
        return Lesson(self.columns, self.of.lesson.right[self.ranked][: len(self.likes)])

    def score(self, weights: Sequence[float], depth: int = LOOKED_AT) -> dict[str, float]:
        """The metrics where the first `depth` are ordered by weights of the `columns`."""
        first = np.argsort(-(self.columns[:depth] @ np.array(weights)), kind="stable")
        order = np.concatenate([self.ranked[first], self.ranked[len(first) :]])
        units = [self.of.units[at] for at in order]
        return metrics.score(units, self.of.query.evidence, self.of.homes)

    @property
    def _score(self) -> Matrix:
        return self.of.rows @ as_vector(WEIGHTS)


class Remembered:
    """Reads a text once. (In half precision: a passage has 200 tokens.)"""

    def __init__(self, embedder: TokenEmbedder) -> None:
        self._embedder = embedder
        self._read: dict[str, Tokens] = {}

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """As the embedder does."""
        new = list(dict.fromkeys(text for text in texts if text not in self._read))
        for text, found in zip(new, self._embedder.encode_tokens(new), strict=True):
            self._read[text] = Tokens(found.places, found.vectors.astype(np.float16))
        return [
            Tokens(each.places, each.vectors.astype(np.float32))
            for each in map(self._read.__getitem__, texts)
        ]


def look(
    folder: Path,
    ranking: Ranking,
    limit: int,
    embedder: Embedder,
    tokens: TokenEmbedder,
    progress: Callable[[Step], None],
) -> list[Looked]:
    """At most `limit` questions of a set to learn from, and as many to measure with, drawn by
    their hashes, looked at token by token. Raises `InvalidRequest`.
    """
    (part,) = parts(read_recall_set(folder), "pooled")
    lessons = _drawn(ranking.lessons, limit) if ranking.halved else []
    chosen = [*lessons, *_drawn(ranking.tests, limit)]
    reader, found = Remembered(tokens), []
    with served(part, embedder, progress) as memex:
        for done, each in enumerate(chosen, start=1):
            given = memex.find(each.query, learn.DEPTH)
            order = np.argsort(-(each.rows @ as_vector(WEIGHTS)), kind="stable")[:LOOKED_AT]
            texts = [indexed_text(given.passages[given.fused[at].id]) for at in order]
            likes = np.array(likenesses(given.asked, texts, reader))
            found.append(Looked(each, likes))
            progress(Step("reading", done, len(chosen), "questions"))
    return found


def _drawn(questions: Sequence[Candidates], limit: int) -> list[Candidates]:
    return sorted(questions, key=lambda each: _hash(each.query.id))[:limit]


def _hash(name: str) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


Row = Mapping[str, Mapping[str, Sequence[float]]]
"""Set, metric: the score of each question."""


def rows(
    sets: Mapping[str, Sequence[Looked]], learnt_from: Sequence[str], names: Sequence[str]
) -> tuple[dict[str, Row], float]:
    """The ways to rank, each with its scores; and the weight that all sets to learn from teach.
    A set without halves is measured by what the others teach.
    """
    halved = {name for name, of in sets.items() if _lessons(of) and _tests(of)}
    weight = {
        name: _learnt([sets[each] for each in learnt_from if each != name or name in halved])
        for name in sets
    }

    def scored(weights: Callable[[str], Sequence[float]], depth: int = LOOKED_AT) -> Row:
        return {
            name: {
                metric: [each.score(weights(name), depth)[metric] for each in _measured(of)]
                for metric in names
            }
            for name, of in sets.items()
        }

    found = {
        "ranked": scored(lambda _: (1.0, 0.0)),
        "late interaction alone": scored(lambda _: (0.0, 1.0)),
        "ranked, with it": scored(lambda name: (1.0, weight[name])),
        f"the first {DEPTH}, as they are served": scored(lambda _: (1.0, WEIGHT), DEPTH),
    }
    return found, _learnt([sets[each] for each in learnt_from])


def _tests(of: Sequence[Looked]) -> list[Looked]:
    return [each for each in of if each.of.query.split == HELD_OUT]


def _lessons(of: Sequence[Looked]) -> list[Looked]:
    return [each for each in of if each.of.query.split != HELD_OUT]


def _measured(of: Sequence[Looked]) -> list[Looked]:
    return _tests(of) or list(of)


def _learnt(sets: Sequence[Sequence[Looked]]) -> float:
    """What a whole likeness is worth beside the ranker's score; every set counts the same."""
    lessons: list[Lesson] = []
    importance: list[float] = []
    for of in sets:
        useful = [each.lesson for each in _lessons(of) if each.lesson.teaches]
        lessons += useful
        importance += [1 / (len(useful) * len(sets))] * len(useful)
    score, likeness = learn.fit(lessons, np.array(importance), np.eye(2))
    return float(likeness / (score or 1.0))

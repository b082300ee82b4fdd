"""Tuning: the ranker's weights, learnt anew from what the user marked, and taken where they
are better (`docs/decisions/tuning.md`).

The index is asked each marked question again, and new weights are learnt of all of them, near
those that ship. Whether they are better is asked of questions that they were not learnt from:
cross-validation, and the mean of the differences with its bootstrap interval
(`memex.significance`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from memex.errors import IndexDamaged, InvalidRequest
from memex.marks import Marked, marked, right_among
from memex.memory import Memex
from memex.protocols import Step
from memex.recall import Recall
from memex.recall.learn import DEPTH, Lesson, Matrix, as_mapping, as_vector, rows_of, tune
from memex.recall.rank import VERSION, WEIGHTS
from memex.recall.understand import Understood, narrowed, understand
from memex.significance import Difference, difference
from memex.times import here
from memex.weights import Learnt

LEAST: Final = 30
"""Questions from which on anything is learnt."""
FOLDS: Final = 10
"""Parts into which they go by their words; one is left out at a time."""
CHANCE: Final = 0.05
"""How often a difference of signs drawn at random may be as large. Where few questions differ
the interval alone is too narrow."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """The marked questions, by what becomes of them."""

    teach: int
    """It is known what is right, and it can be told apart."""
    no_right: int
    """Nothing in particular was called right."""
    not_found: int
    """What is right is not among the candidates, or all of them are."""
    quoted: int
    """They have words in quotation marks, by which they are ordered whatever the weights."""

    @property
    def all(self) -> int:
        """How many there are."""
        return self.teach + self.no_right + self.not_found + self.quoted


@dataclass(frozen=True, slots=True)
class Quality:
    """How weights rank questions, by where the first right passage stands."""

    first: float
    """The share of questions in which it is the first of all: recall@1."""
    mrr: float
    """The mean of 1 / its place."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Old and new weights on questions that the new ones were not learnt from."""

    old: Quality
    new: Quality
    difference: Difference
    """Of the mean reciprocal rank, new - old."""

    @property
    def better(self) -> bool:
        """Whether the new ones are, and not by chance."""
        return self.difference.low > 0 and self.difference.p < CHANCE


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it."""

    labelled: Labelled
    old: Mapping[str, float]
    """The weights that were used."""
    new: Mapping[str, float] | None = None
    """Those that were learnt of all questions; None where there are not enough."""
    trial: Trial | None = None
    taken: bool = False


class Tuning:
    """Over one memory."""

    def __init__(self, memex: Memex) -> None:
        """Nothing is learnt yet."""
        self._memex = memex

    def tune(self, *, dry_run: bool = False) -> Iterator[Step | Tuned]:
        """Learn; take the new weights where they are better, but for a `dry_run`. The last item
        is the outcome; until it comes, closing the iterator leaves all as it was.

        Raises `InvalidRequest` where there are no vectors to weigh just now, `IndexDamaged`.
        """
        recall = self._memex.stages()
        if recall.embedder is None or self._memex.indexer.replacing:
            raise InvalidRequest(
                "The index is still being made for another model.", "See `memex status`."
            )
        questions = marked(self._memex.library)
        lessons, labelled = yield from self._ask(recall, questions)
        if labelled.teach < LEAST:
            yield Tuned(labelled, recall.weights)
            return
        old, start = as_vector(recall.weights), as_vector(WEIGHTS)
        trial = yield from compare(lessons, old, start)
        new = as_mapping(tune(list(lessons.values()), start))
        replaced = self._memex.indexer.serving.index is not recall.index
        taken = trial.better and not (dry_run or replaced)
        yield Step("learning", FOLDS + 1, FOLDS + 1, "lessons")  # nobody listens: not taken
        if taken:
            now = datetime.now(UTC)
            model = recall.embedder.model
            self._memex.library.weights.take(Learnt(new, model, VERSION, len(lessons), now))
        yield Tuned(labelled, recall.weights, new, trial, taken)

    def reset(self) -> bool:
        """Go back to the weights that ship; whether there were others."""
        return self._memex.library.weights.let_go()

    def _ask(
        self, recall: Recall, questions: Sequence[Marked]
    ) -> Generator[Step, None, tuple[dict[str, Lesson], Labelled]]:
        """The lessons by the words of their question, and what the others lack."""
        lessons: dict[str, Lesson] = {}
        no_right = not_found = quoted = 0
        people = self._memex.library.people.names()
        zone = here().tzinfo
        for done, each in enumerate(questions, start=1):
            yield Step("asking", done, len(questions), "questions")
            understood = understand(each.query, each.asked_at.astimezone(zone), people)
            if not each.right:
                no_right += 1
            elif understood.phrases:
                quoted += 1
            elif (lesson := self._lesson(recall, each, understood)).teaches:
                lessons[each.key] = lesson
            else:
                not_found += 1
        return lessons, Labelled(len(lessons), no_right, not_found, quoted)

    def _lesson(self, recall: Recall, question: Marked, understood: Understood) -> Lesson:
        try:
            found = recall.find(understood, DEPTH, narrowed(question.filters, understood))
        except IndexDamaged:
            if self._memex.indexer.serving.index is recall.index:  # or another took its place
                self._memex.indexer.suspect()
            raise
        passages = [found.passages[one.row] for one in found.fused]
        return Lesson(rows_of(found), np.array(right_among(passages, question.right), bool))


def compare(
    lessons: Mapping[str, Lesson], old: Matrix, start: Matrix
) -> Generator[Step, None, Trial]:
    """Compare weights of shape (features,) with those that are learnt near `start`, of each
    question without those of its part. Lessons go by the words of their question.
    """
    parts = {key: _part(key) for key in lessons}
    before = [lesson.place(old) for lesson in lessons.values()]
    after = dict.fromkeys(lessons, 0)
    for part in range(FOLDS):
        yield Step("learning", part, FOLDS + 1, "lessons")
        asked = [key for key in lessons if parts[key] == part]
        learnt = tune([lesson for key, lesson in lessons.items() if parts[key] != part], start)
        after.update({key: lessons[key].place(learnt) for key in asked})
    new = list(after.values())
    return Trial(
        _quality(before),
        _quality(new),
        difference([1 / place for place in new], [1 / place for place in before]),
    )


def _part(key: str) -> int:
    """The part of a question, by its words alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % FOLDS


def _quality(places: Sequence[int]) -> Quality:
    return Quality(
        sum(place == 1 for place in places) / len(places),
        sum(1 / place for place in places) / len(places),
    )

"""Whether what was found can answer a question at all.

No score of a search decides that: the same is said of several people, and something is always
nearest. So it is asked whether a sentence that speaks of whom the question asks bears on it, by
how much it does more than what is said of others, and whether the question's names are there.
The weights are fitted by `python -m evals answers` (`docs/decisions/abstention.md`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from memex.answer.about import About, about, asked_of, names_in, without
from memex.answer.evidence import Read
from memex.protocols import Embedder
from memex.types import Passage
from memex.words import content_stems, stem

if TYPE_CHECKING:
    from memex.protocols import Vectors

COVERAGE_WEIGHT: Final = 0.7
"""What the question's words in a sentence, by rarity, are worth against its cosine."""
LEADS: Final = (-1.0, 0.5)
"""Between which a lead counts."""
SAID: Final = (-2.36, 0.92, 2.59, 0.55)
"""Log odds of something being said of this: 1, `sentence`, `covered`, `named`. Fitted to FriendsQA
and the project's own questions."""
OF_THEM: Final = (2.0, 10.0)
"""Log odds of its being said of whom the question asks: 1, `lead`. Chosen: a little less than
others have is chance, 0.2 is not."""
NONE: Final = -0.2
"""What the best sentence is worth where there is none."""


class Wanted(Protocol):
    """The words of a question: `memex.recall.features.Asked`."""

    @property
    def shares(self) -> Mapping[str, float]:
        """The share of each, stemmed, in what they tell together."""

    def match(self, word: str, there: Collection[str]) -> float:
        """How far one is met by words there, 0 to 1; all are stems."""

    def covered(self, there: Collection[str]) -> float:
        """The share of all that is met by words there."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """What speaks for an answer, and against."""

    sentence: float
    """Cosine and coverage of the sentence that bears most on the question, among those that speak
    of whom it asks."""
    covered: float
    """The share of the question's words, by rarity, in one passage, 0 to 1."""
    named: float
    """The share of its names in one passage, 0 to 1."""
    lead: float
    """By how much that sentence bears on it more than any that speaks of somebody else; 0 where
    the question asks of nobody."""

    @property
    def probability(self) -> float:
        """Of there being an answer, 0 to 1: of something being said of this, and of its being
        said of whom the question asks.
        """
        values = (1.0, self.sentence, self.covered, self.named)
        said = sum(weight * value for weight, value in zip(SAID, values, strict=True))
        return self.of_them / (1 + math.exp(-said))

    @property
    def of_them(self) -> float:
        """The probability of its being said of whom the question asks."""
        return 1 / (1 + math.exp(-OF_THEM[0] - OF_THEM[1] * self.lead))


NOTHING: Final = Bearing(sentence=0.0, covered=0.0, named=0.0, lead=LEADS[0])
"""Of a question for which no passage was found."""


def bearing(question: str, asked: Wanted, found: Sequence[Read], embedder: Embedder) -> Bearing:
    """Of the passages that an answer would be made of; `NOTHING` where there is none."""
    if not found:
        return NOTHING
    people = asked_of(question, sorted(frozenset().union(*(read.around for read in found))))
    scores = _scores(question, asked, people, found, embedder)
    spoken = [
        about(sentence.text, sentence.segment.speaker, read.around or people)
        for read in found
        for sentence in read.sentences
    ]
    best = _best(
        scores, [not people or not each.people or bool(people & each.people) for each in spoken]
    )
    other = _best(scores, [bool(people) and _of_others(each, people) for each in spoken])
    lead = min(max(best - other, LEADS[0]), LEADS[1]) if people and other > NONE else 0.0
    there = [_there(read.hit.passage) for read in found]
    return Bearing(
        sentence=best,
        covered=max(map(asked.covered, there)),
        named=max(_named(question, asked, each) for each in there),
        lead=lead,
    )


def _scores(
    question: str,
    asked: Wanted,
    people: frozenset[str],
    found: Sequence[Read],
    embedder: Embedder,
) -> Vectors:
    """Of every sentence, how much it bears on the question, names of people aside."""
    query = embedder.encode_query(without(question, people) or question)
    called = {part for name in people for part in content_stems(name)}
    shares = {word: share for word, share in asked.shares.items() if word not in called}
    whole = sum(shares.values()) or 1.0
    covered = [
        sum(share * asked.match(word, there) for word, share in shares.items()) / whole
        for read in found
        for there in (frozenset(content_stems(sentence.text)) for sentence in read.sentences)
    ]
    cosines: Vectors = np.concatenate([read.vectors @ query for read in found])
    return cosines + COVERAGE_WEIGHT * np.asarray(covered, dtype=np.float32)


def _best(scores: Vectors, chosen: Sequence[bool]) -> float:
    return float(max(scores[np.asarray(chosen)], default=NONE))


def _of_others(said: About, people: frozenset[str]) -> bool:
    return said.surely and not people & said.people


def _there(passage: Passage) -> frozenset[str]:
    """The words of a passage and of what is around it, stemmed."""
    when = f"{passage.said_at:%A %d %B %Y}" if passage.said_at else ""
    parts = (passage.text, passage.title, passage.speaker, passage.heading, when)
    return frozenset(content_stems(" ".join(filter(None, parts))))


def _named(question: str, asked: Wanted, there: Collection[str]) -> float:
    """The share of a question's names that are there."""
    names = [stem(re.sub(r"['’`]s?$", "", name)) for name in names_in(question)]
    return sum(asked.match(name, there) for name in names) / len(names) if names else 1.0

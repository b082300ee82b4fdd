"""From passages to quotes: the sentences that bear on the question, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Final

import numpy as np

from memex.answer.expected import expected
from memex.library import Library
from memex.passages import Sentence, sentences_of
from memex.protocols import Embedder
from memex.types import Hit, Passage
from memex.words import content_stems

QUOTES: Final = 4
"""Quotes shown under an answer, at most."""
PASSAGES: Final = 6
"""Passages that are read for them."""
SHORT: Final = 8
"""Words under which a sentence is not quoted by itself."""
LONG: Final = 60
"""Words over which sentences are not quoted together."""
AFTER: Final = 3
"""Sentences that are quoted after the best, up to `LONG` words in all."""
COVERAGE_WEIGHT: Final = 0.5
"""What the question's words in a sentence are worth against its cosine."""
RANK_WEIGHT: Final = 1.0
"""What the passage's own score, as a share of the best one's, is worth against it."""
EXPECTED_WEIGHT: Final = 0.2
"""What it is worth against it that a sentence has a name where one is asked for, or a
time, or a number."""
WEAK: Final = 0.6
"""A quote under this share of the best one's score is left out."""
BEARING: Final = 1.0
"""Coverage plus cosine from which on a quote may hold an answer: of 150 questions
with an answer in three sets it passes 85 %, of 100 from other subjects 17 %."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A hit narrowed to the sentences that bear on the question."""

    hit: Hit
    best: Passage
    """The best of them."""
    cosine: float
    """Of the question and the sentence of the passage that is nearest to it."""
    coverage: float
    """Share of the question's content words in the passage, its title and speaker, 0 to 1."""
    rank: float
    """Score of the passage as a share of the best one's, 0 to 1."""
    expected: bool
    """Whether the best sentence has the kind of thing that is asked for."""

    @property
    def score(self) -> float:
        """How much it bears on the question."""
        return (
            self.cosine
            + COVERAGE_WEIGHT * self.coverage
            + RANK_WEIGHT * self.rank
            + EXPECTED_WEIGHT * self.expected
        )


def quotes(question: str, hits: Sequence[Hit], library: Library, embedder: Embedder) -> list[Quote]:
    """The best quote of each passage, best first, weak ones left out."""
    asked = embedder.encode_query(question)
    stems = set(content_stems(question))
    has_expected = expected(question) or (lambda _: False)
    found = []
    for hit in hits[:PASSAGES]:
        sentences = _sentences(hit.passage, library)
        windows = _windows(sentences)
        if not windows:
            continue
        texts = [_joined(sentences[window], named=False) for window in windows]
        cosines = embedder.encode_documents(texts) @ asked
        overlap = np.asarray([_coverage(stems, text) for text in texts])
        right = np.asarray([has_expected(text) for text in texts])
        scores = cosines + COVERAGE_WEIGHT * overlap + EXPECTED_WEIGHT * right
        best = int(np.argmax(scores))
        around = f"{hit.passage.title} {hit.passage.speaker or ''} {hit.passage.text}"
        core = windows[best]
        quoted = _narrow(hit.passage, sentences[_widened(sentences, core)])
        found.append(
            Quote(
                hit=replace(hit, passage=quoted),
                best=_narrow(hit.passage, sentences[core]),
                cosine=float(cosines.max()),
                coverage=_coverage(stems, around),
                rank=hit.score / hits[0].score if hits[0].score else 1.0,
                expected=bool(right[best]),
            )
        )
    found.sort(key=lambda quote: -quote.score)
    return [quote for quote in found if quote.score >= WEAK * found[0].score][:QUOTES]


def bears(quote: Quote) -> bool:
    """Whether a quote can hold an answer at all. (A first rule; to be calibrated.)"""
    return quote.coverage + quote.cosine >= BEARING


def _coverage(stems: set[str], text: str) -> float:
    return len(stems.intersection(content_stems(text))) / len(stems) if stems else 0.0


def _sentences(passage: Passage, library: Library) -> list[Sentence]:
    """The sentences of a passage with their times, from the library's segments."""
    segments = library.segments(passage.document_id, passage.first, passage.last)
    language = library.language(passage.document_id)
    return [
        sentence
        for position, segment in enumerate(segments, start=passage.first)
        for sentence in sentences_of(segment, position, language)
        if sentence.text in passage.text and not _is_heading(sentence)
    ]


def _is_heading(sentence: Sentence) -> bool:
    """Whether a sentence is the heading under which its segment stands."""
    heading = sentence.segment.heading or ""
    return heading.endswith(sentence.segment.text)


def _windows(sentences: Sequence[Sentence]) -> list[slice]:
    """Every sentence, alone where it is long enough, and with the one after it: what
    "he" and "it" stand for is said just before, an answer just after its question.
    """
    alone = [
        slice(at, at + 1)
        for at, sentence in enumerate(sentences)
        if sentence.words >= SHORT and not sentence.text.endswith("?")
    ]
    pairs = [slice(at, at + 2) for at in range(len(sentences) - 1)]
    fitting = [pair for pair in pairs if _words(sentences[pair]) <= LONG]
    return alone + fitting or [slice(0, 1)] * bool(sentences)


def _widened(sentences: Sequence[Sentence], window: slice) -> slice:
    """A window with what is said next, as far as it fits: in talk the answer often
    follows the words that were asked for. The first second stays that of the window.
    """
    for _ in range(AFTER):
        wider = slice(window.start, window.stop + 1)
        if wider.stop <= len(sentences) and _words(sentences[wider]) <= LONG:
            window = wider
    return window


def _words(sentences: Iterable[Sentence]) -> int:
    return sum(sentence.words for sentence in sentences)


def _narrow(passage: Passage, sentences: Sequence[Sentence]) -> Passage:
    """The passage as if it were only these sentences."""
    first, last = sentences[0], sentences[-1]
    speakers = list(dict.fromkeys(_speakers(sentences)))
    said_at = passage.said_at
    if said_at and first.start is not None and passage.start is not None:
        said_at += timedelta(seconds=first.start - passage.start)
    return replace(
        passage,
        text=_joined(sentences, named=len(speakers) > 1),
        first=first.position,
        last=last.position,
        start=first.start,
        end=last.end,
        said_at=said_at,
        speaker=", ".join(speakers) or None,
        page=first.segment.page,
        heading=first.segment.heading,
    )


def _speakers(sentences: Iterable[Sentence]) -> list[str]:
    return [sentence.segment.speaker for sentence in sentences if sentence.segment.speaker]


def _turn(sentence: Sentence) -> tuple[str | None, int | None]:
    """What stands on a line of its own: a speaker's turn, or a written paragraph."""
    return sentence.segment.speaker, None if sentence.start is not None else sentence.position


def _joined(sentences: Sequence[Sentence], *, named: bool) -> str:
    turns = []
    for (speaker, _), said in groupby(sentences, key=_turn):
        text = " ".join(sentence.text for sentence in said)
        turns.append(f"{speaker}: {text}" if named and speaker else text)
    return "\n".join(turns)

"""From passages to quotes: the sentences that bear on the question, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby, islice, takewhile
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from memex.answer.about import About, about, asked_of, without
from memex.answer.expected import expected
from memex.passages import Sentence, sentences_of
from memex.protocols import Embedder
from memex.types import Hit, Passage, Segment
from memex.words import content_stems

if TYPE_CHECKING:
    from memex.protocols import Vectors

QUOTES: Final = 4
"""Quotes shown under an answer, at most."""
PASSAGES: Final = 6
"""Passages that are read for them."""
SHORT: Final = 8
"""Words under which a sentence is not quoted by itself."""
LONG: Final = 60
"""Words over which sentences are not quoted together."""
AFTER: Final = 5
"""Sentences that are quoted after the best, up to `LONG` words in all."""
COVERAGE_WEIGHT: Final = 0.5
"""What the question's words in a sentence are worth against its cosine."""
RANK_WEIGHT: Final = 1.0
"""What the passage's own score, as a share of the best one's, is worth against it."""
EXPECTED_WEIGHT: Final = 0.2
"""What it is worth against it that a sentence has a name where one is asked for, or a
time, or a number."""
OF_THEM_WEIGHT: Final = 0.2
"""What it is worth against it that a sentence speaks of whom the question asks."""
WEAK: Final = 0.6
"""A quote under this share of the best one's score is left out."""


class Texts(Protocol):
    """What is asked of the library: `memex.library.Library`."""

    def segments(self, document_id: str, first: int, last: int) -> Sequence[Segment]:
        """Those at the positions `first` to `last`, inclusive, in order."""

    def language(self, document_id: str) -> str | None:
        """The language of a document, where it is known."""

    def speakers(self, document_id: str) -> Collection[str]:
        """Who speaks in it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and of whom it speaks."""

    text: str
    about: About


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
    of_them: bool
    """Whether it speaks of whom the question asks, where it asks of somebody."""
    said: tuple[Said, ...]
    """Its sentences."""
    around: frozenset[str]
    """Who speaks in its document."""

    @property
    def score(self) -> float:
        """How much it bears on the question."""
        return (
            self.cosine
            + COVERAGE_WEIGHT * self.coverage
            + RANK_WEIGHT * self.rank
            + EXPECTED_WEIGHT * self.expected
            + OF_THEM_WEIGHT * self.of_them
        )


@dataclass(frozen=True, slots=True)
class Read:
    """A hit in its sentences."""

    hit: Hit
    sentences: Sequence[Sentence]
    """At least one."""
    vectors: Vectors
    """Of each sentence, shape (len(sentences), dimension)."""
    after: Sequence[Sentence]
    """What follows the passage under the same heading, at most `AFTER`."""
    around: frozenset[str]
    """Who speaks in its document."""


def with_cited(hits: Sequence[Hit], cited: Sequence[Passage]) -> list[Hit]:
    """Hits among whose first `PASSAGES` are those that an earlier answer cites: each as it was
    found, or as the last of them.
    """
    found = {hit.passage.id: hit for hit in hits}
    ids = {passage.id for passage in cited}
    kept = [hit for hit in hits if hit.passage.id not in ids]
    last = hits[min(len(hits), PASSAGES) - 1].score if hits else 1.0
    again = [found.get(passage.id, Hit(passage, last)) for passage in cited]
    first = [*kept[: max(PASSAGES - len(again), 0)], *again]
    first.sort(key=lambda hit: -hit.score)
    return [*first, *kept[max(PASSAGES - len(again), 0) :]]


def read(hits: Sequence[Hit], texts: Texts, embedder: Embedder) -> list[Read]:
    """The first `PASSAGES` of some hits, in their sentences."""
    there = [(hit, *_sentences(hit.passage, texts)) for hit in hits[:PASSAGES]]
    there = [(hit, sentences, after) for hit, sentences, after in there if sentences]
    if not there:
        return []
    vectors = embedder.encode_documents([each.text for _, found, _ in there for each in found])
    spoken = {hit.passage.document_id for hit, *_ in there if hit.passage.speaker}
    around = {id_: frozenset(texts.speakers(id_)) for id_ in spoken}
    parts = np.split(vectors, np.cumsum([len(found) for _, found, _ in there])[:-1])
    return [
        Read(hit, found, part, after, around.get(hit.passage.document_id, frozenset()))
        for (hit, found, after), part in zip(there, parts, strict=True)
    ]


def quotes(
    question: str, found: Sequence[Read], embedder: Embedder, *, asks: str = ""
) -> list[Quote]:
    """The best quote of each passage, best first, weak ones left out. `asks` is as in
    `memex.answer.answer`.
    """
    people = asked_of(question, sorted(frozenset().union(*(read.around for read in found))))
    plain = without(question, people) or question
    asked = _Asked(
        embedder.encode_query(plain),
        frozenset(content_stems(plain)),
        people,
        expected(asks or question, known=question) or (lambda _: False),
    )
    first = found[0].hit.score if found else 0.0
    quoted = [_quote(one, asked, first) for one in found]
    quoted.sort(key=lambda quote: -quote.score)
    return [quote for quote in quoted if quote.score >= WEAK * quoted[0].score][:QUOTES]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, names of people aside: anybody is called by them in talk ("Thanks, Ada!")."""

    vector: Vectors
    stems: frozenset[str]
    people: frozenset[str]
    """Of whom, among those who speak."""
    has_expected: Callable[[str], bool]


def _quote(one: Read, asked: _Asked, first: float) -> Quote:
    passage, sentences, told = one.hit.passage, one.sentences, [*one.sentences, *one.after]
    windows = _windows(sentences)
    texts = [_joined(sentences[window], named=False) for window in windows]
    cosines = np.asarray([_together(one.vectors[window]) @ asked.vector for window in windows])
    overlap = np.asarray([_coverage(asked.stems, text) for text in texts])
    right = np.asarray([asked.has_expected(text) for text in texts])
    spoken = [about(each.text, each.segment.speaker, one.around or asked.people) for each in told]
    ours = [bool(asked.people & each.people) for each in spoken]
    theirs = np.asarray([any(ours[window]) for window in windows], dtype=np.float32)
    scores = cosines + COVERAGE_WEIGHT * overlap + EXPECTED_WEIGHT * right + OF_THEM_WEIGHT * theirs
    best = int(np.argmax(scores))
    core = _introduced(sentences, windows[best], asked.has_expected)
    around = f"{passage.title} {passage.speaker or ''} {passage.text}"
    quoted = _widened(told, core)
    return Quote(
        hit=replace(one.hit, passage=_narrow(passage, told[quoted])),
        best=_narrow(passage, sentences[core]),
        cosine=float(cosines.max()),
        coverage=_coverage(asked.stems, around),
        rank=one.hit.score / first if first else 1.0,
        expected=bool(right[best]),
        of_them=bool(theirs[best]),
        said=tuple(map(Said, (each.text for each in told[quoted]), spoken[quoted])),
        around=one.around,
    )


def _together(vectors: Vectors) -> Vectors:
    """The vector of some sentences on end: their mean, of length 1."""
    mean: Vectors = vectors.mean(axis=0)
    return mean / (np.linalg.norm(mean) or 1.0)


def _coverage(stems: frozenset[str], text: str) -> float:
    return len(stems.intersection(content_stems(text))) / len(stems) if stems else 0.0


def _sentences(passage: Passage, library: Texts) -> tuple[list[Sentence], list[Sentence]]:
    """The sentences of a passage with their times, from the library's segments, and what follows
    it under the same heading, at most `AFTER`.
    """
    segments = library.segments(passage.document_id, passage.first, passage.last + AFTER)
    language = library.language(passage.document_id)
    told = [
        sentence
        for position, segment in enumerate(segments, start=passage.first)
        for sentence in sentences_of(segment, position, language)
    ]
    own = [
        at
        for at, sentence in enumerate(told)
        if sentence.position <= passage.last and sentence.text in passage.text
    ]
    if not own:
        return [], []
    last = told[own[-1]]
    after = takewhile(
        lambda each: each.segment.heading == last.segment.heading, told[own[-1] + 1 :]
    )
    return [told[at] for at in own if not _is_heading(told[at])], list(islice(after, AFTER))


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


def _introduced(
    sentences: Sequence[Sentence], window: slice, has_expected: Callable[[str], bool]
) -> slice:
    """A window with the sentence before it where that has what is asked for, and the window
    has not: "That came from Ted Nelson. In 1965 he …".
    """
    wider = slice(window.start - 1, window.stop)
    if window.start == 0 or _words(sentences[wider]) > LONG:
        return window
    missing = not has_expected(_joined(sentences[window], named=False))
    return wider if missing and has_expected(sentences[wider.start].text) else window


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
        with suppress(OverflowError):  # it was said at an end of time
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

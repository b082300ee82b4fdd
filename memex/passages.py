"""A document is cut into passages: what is indexed, found and quoted.

Passages are runs of whole sentences of 100 to 200 words. They never cross a
heading, nor a change to a speaker who goes on at length; the runs between such
borders are cut into equal parts, so that no crumb is left at the end. How long
and with how much overlap was measured: `docs/decisions/passages.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import sentencex

from memex.types import Document, Passage, Segment

VERSION: Final = 2
"""Part of the index's identity: raise it when the same document would be cut otherwise."""

MAX_WORDS: Final = 160
"""Words of a passage without its overlap."""
OVERLAP: Final = 2
"""Sentences that a passage repeats of the one before it."""
OVERLAP_WORDS: Final = 40
"""Words that it repeats, at most."""
MONOLOGUE: Final = 100
"""Words from which on a speaker's turn stands for itself."""
TITLE: Final = 12
"""Words up to which a section with sections below it is but their title."""
LONGEST_SENTENCE: Final = 120
"""Words; what has no punctuation is cut here."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest piece that is not cut, with the place it was said or stands."""

    text: str
    words: int
    position: int
    """Of its segment in the document."""
    segment: Segment
    start: float | None
    end: float | None


def split(document: Document) -> list[Passage]:
    """Cut a document into passages, in order. Empty segments are passed over."""
    sentences = [
        sentence
        for position, segment in enumerate(document.segments)
        for sentence in sentences_of(segment, position, document.language)
    ]
    cuts = (cut for section in _sections(sentences) for cut in _overlapping(_cut(section)))
    return [_passage(document, number, cut) for number, cut in enumerate(cuts)]


def indexed_text(passage: Passage) -> str:
    """What is indexed for a passage: a header that gives it context, then its text.

    The header (title, heading, date, speaker) is never shown as part of the text.
    """
    header = [passage.title]
    if passage.heading and passage.heading != passage.title:
        header.append(passage.heading)
    if passage.said_at:
        header.append(f"{passage.said_at:%A %d %B %Y}")
    if passage.speaker and not _has_turns(passage):
        header.append(passage.speaker)
    return f"{'. '.join(header)}\n{passage.text}"


def _has_turns(passage: Passage) -> bool:
    """Whether the text names its speakers itself."""
    return bool(passage.speaker) and ", " in str(passage.speaker)


def sentences_of(segment: Segment, position: int, language: str | None) -> Iterator[Sentence]:
    """The sentences of a segment, each with its share of the segment's time."""
    pieces = [
        piece
        for sentence in sentencex.segment(language or "en", segment.text)
        for piece in _bounded(sentence.split())
    ]
    total = sum(len(words) for words in pieces)
    done = 0
    for words in pieces:
        start, end = times_of(segment, done, done + len(words), total)
        done += len(words)
        yield Sentence(" ".join(words), len(words), position, segment, start, end)


def _bounded(words: list[str]) -> Iterator[list[str]]:
    """A sentence, in parts where it is too long to be one."""
    for at in range(0, len(words), LONGEST_SENTENCE):
        yield words[at : at + LONGEST_SENTENCE]


def times_of(
    segment: Segment, first: int, last: int, total: int
) -> tuple[float | None, float | None]:
    """Start and end of the words `first` up to `last` of a segment, of `total`, in seconds.

    From the recogniser's words where they are those of the text, else in
    proportion to the number of words.
    """
    if segment.start is None or segment.end is None:
        return segment.start, segment.end
    if len(segment.words) == total:
        return segment.words[first].start, segment.words[last - 1].end
    length = segment.end - segment.start
    return segment.start + length * first / total, segment.start + length * last / total


def _sections(sentences: Iterable[Sentence]) -> Iterator[list[Sentence]]:
    """The runs that a passage may not cross: headings, then long turns.

    A title with next to nothing under it belongs to the first section below it.
    """
    section: list[Sentence] = []
    for heading, under in groupby(sentences, key=lambda sentence: sentence.segment.heading):
        if section and not _opens(section, heading):
            yield section
            section = []
        for _, turn in groupby(under, key=lambda sentence: sentence.segment.speaker):
            said = list(turn)
            if _is_long(said) and _is_long(section):
                yield section
                section = []
            section += said
    if section:
        yield section


def _opens(section: Sequence[Sentence], heading: str | None) -> bool:
    """Whether a section is but the title over the heading that follows."""
    title = section[-1].segment.heading
    below = title is not None and heading is not None and heading.startswith(f"{title} ")
    return below and _words(section) <= TITLE


def _words(sentences: Iterable[Sentence]) -> int:
    return sum(sentence.words for sentence in sentences)


def _is_long(sentences: Sequence[Sentence]) -> bool:
    return _words(sentences) >= MONOLOGUE


def _cut(section: list[Sentence]) -> Iterator[list[Sentence]]:
    """Cut a section into parts of about equal length, none over MAX_WORDS."""
    remaining = _words(section)
    part: list[Sentence] = []
    size = 0
    for sentence in section:
        parts = math.ceil((remaining + size) / MAX_WORDS)
        target = (remaining + size) / max(parts, 1)
        too_long = size + sentence.words > MAX_WORDS
        enough = parts > 1 and size + sentence.words / 2 > target
        if part and (too_long or enough):
            yield part
            part, size = [], 0
        part.append(sentence)
        size += sentence.words
        remaining -= sentence.words
    if part:
        yield part


def _overlapping(parts: Iterable[list[Sentence]]) -> Iterator[list[Sentence]]:
    """The parts, each with the last sentences of the one before."""
    before: list[Sentence] = []
    for part in parts:
        repeated = before[-OVERLAP:]
        while repeated and _words(repeated) > OVERLAP_WORDS:
            repeated = repeated[1:]
        yield repeated + part
        before = part


def _passage(document: Document, number: int, sentences: Sequence[Sentence]) -> Passage:
    first, last = sentences[0], sentences[-1]
    speakers = list(dict.fromkeys(s.segment.speaker for s in sentences if s.segment.speaker))
    return Passage(
        id=f"{document.id}:{number}",
        document_id=document.id,
        text=_text(sentences, named=len(speakers) > 1),
        title=document.title,
        kind=document.kind,
        uri=document.uri,
        first=first.position,
        last=last.position,
        start=first.start,
        end=last.end,
        said_at=_said_at(document, first.start),
        speaker=", ".join(speakers) or None,
        page=first.segment.page,
        heading=last.segment.heading,
    )


def _said_at(document: Document, start: float | None) -> datetime | None:
    if document.created_at is None or start is None:
        return document.created_at
    return document.created_at + timedelta(seconds=start)


def _text(sentences: Sequence[Sentence], *, named: bool) -> str:
    """Sentences joined: paragraphs and turns on lines of their own."""
    lines: list[str] = []
    for _, turn in groupby(sentences, key=lambda sentence: sentence.segment.speaker):
        said = list(turn)
        spoken = said[0].start is not None
        paragraphs = [
            " ".join(sentence.text for sentence in paragraph)
            for _, paragraph in groupby(said, key=lambda s: None if spoken else s.position)
        ]
        speaker = said[0].segment.speaker
        text = "\n".join(paragraphs)
        lines.append(f"{speaker}: {text}" if named and speaker else text)
    return "\n".join(lines)

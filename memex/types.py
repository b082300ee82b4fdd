"""The values that travel through Memex. They know nothing of storage.

Times are aware UTC datetimes, positions in a recording are seconds as floats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

KINDS: Final = (
    "note",  # plain text, Markdown
    "web",  # HTML
    "book",  # EPUB
    "pdf",
    "document",  # DOCX
    "mail",
    "subtitles",  # SRT, VTT without the film
    "audio",
    "video",
)
"""What a document can be, as `--kind` takes it."""

NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})
NO_RANKS: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    start: float
    """Seconds from the start of the recording."""
    end: float
    """Seconds from the start of the recording."""
    probability: float
    """The recogniser's confidence, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The smallest stretch of a document that keeps its place: a paragraph, a
    heading, a cue, an utterance.
    """

    text: str
    start: float | None = None
    """Seconds from the start of the recording; None in written documents."""
    end: float | None = None
    """Seconds from the start of the recording; None in written documents."""
    speaker: str | None = None
    page: int | None = None
    """Page number, from 1."""
    heading: str | None = None
    """The chapter or section it stands in; nested ones joined by " › "."""
    line: int | None = None
    """Line number in the file, from 1."""
    words: tuple[Word, ...] = ()
    """Word timestamps, where speech was recognised."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something that was read or heard, whole."""

    id: str
    """Hash of what it says (`content_id`): the same text is the same document."""
    kind: str
    """One of `KINDS`."""
    title: str
    uri: str
    """Where it came from: a `file://` URI, a URL, a message id."""
    created_at: datetime | None
    """When it was written, sent or recorded (its start)."""
    segments: tuple[Segment, ...]
    author: str | None = None
    language: str | None = None
    """ISO 639-1 code, where known."""
    duration: float | None = None
    """Seconds, of a recording."""
    source: str = "text"
    """How its text was got: "text", "recognised by MODEL", "transcript talk.srt"."""
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    """Other metadata worth keeping: album, publisher, recipients."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file in which a document was seen. A document has one or more."""

    document_id: str
    uri: str
    sha256: str
    """Of the file's bytes, hexadecimal."""
    kind: str
    title: str
    size: int
    """Bytes."""
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """What is indexed, found and quoted: consecutive segments of one document."""

    id: str
    """`DOCUMENT_ID:N`, N counted from 0 within the document."""
    document_id: str
    text: str
    title: str
    kind: str
    uri: str
    first: int
    """Position of its first segment in the document."""
    last: int
    """Position of its last segment in the document (inclusive)."""
    start: float | None = None
    """Seconds from the start of the recording."""
    end: float | None = None
    """Seconds from the start of the recording."""
    said_at: datetime | None = None
    """When it was said or written: the document's time plus `start`."""
    speaker: str | None = None
    """Who speaks in it; several are joined by ", "."""
    page: int | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found."""

    passage: Passage
    score: float
    """Comparable within one result list only."""
    ranks: Mapping[str, int] = field(default_factory=lambda: NO_RANKS)
    """Which candidate list had it at which rank, from 1: `{"lexical": 1, "vector": 7}`."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A hit narrowed to the sentences that are quoted, with its number."""

    n: int
    """The number in the answer's "[n]", from 1."""
    hit: Hit


@dataclass(frozen=True, slots=True)
class Answer:
    """One or two sentences with what they rest on, or the word that nothing was found."""

    text: str
    citations: tuple[Citation, ...]
    found: bool


def content_id(segments: Iterable[Segment]) -> str:
    """The identity of a text: SHA-256 of its letters and digits, folded.

    Spacing, hyphenation, punctuation and case differ between the containers of
    one text (EPUB, DOCX, plain text) and are left out, so that the same text in
    another container is the same document.
    """
    digest = hashlib.sha256()
    for segment in segments:
        digest.update("".join(filter(str.isalnum, segment.text.casefold())).encode())
    return digest.hexdigest()[:32]

"""The values that travel through Memex. They know nothing of storage.

Times are aware UTC datetimes, positions in a recording are seconds as floats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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

LIVE: Final = frozenset({"microphone", "wearable", "satellite", "recovered"})
"""Sources (the attribute "source") of what was heard as it was said."""

RECOGNISED: Final = "recognised by "
"""How a document's source begins whose words were recognised here; the model's name follows."""
SAID: Final = "said"
"""The attribute of a live document that holds the `content_id` of its segments."""
GROWING: Final = "growing"
"""The attribute of a live document of which more is to come."""
NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})
NO_RANKS: Final[Mapping[str, int]] = MappingProxyType({})
NO_COUNTS: Final[Mapping[str, int]] = MappingProxyType({})


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
class Correction:
    """A name of the memory that stands in the place of what was heard."""

    name: str
    heard: str
    at: float
    """Seconds from the start of the recording."""


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
    """Word timestamps, where speech was recognised; their texts without spaces."""

    def part(self, words: Sequence[Word]) -> Segment:
        """Some of its words in a row, at least one, as a segment of their own."""
        return replace(
            self,
            text=" ".join(word.text for word in words),
            start=words[0].start,
            end=max(word.end for word in words),
            words=tuple(words),
        )


@dataclass(frozen=True, slots=True)
class Document:
    """Something that was read or heard, whole."""

    id: str
    """Hash of what it says (`content_id`): the same text is the same document. What was
    heard live is named after what heard it, and when (`heard_id`): it grows, and "Yes."
    today is not the "Yes." of yesterday.
    """
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

    @property
    def live(self) -> bool:
        """Whether it was heard as it was said."""
        return self.attributes.get("source") in LIVE

    def saying(self, segments: Iterable[Segment]) -> Document:
        """What was heard live, with other segments: its id does not tell of them, so an
        attribute does.
        """
        said = tuple(segments)
        return replace(self, segments=said, attributes={**self.attributes, SAID: content_id(said)})


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
    signature: str = ""
    """Of the file when it was read: as long as it has not changed, neither have the bytes."""
    device: int | None = None
    """The disk that it lies on (st_dev)."""
    replaced_at: datetime | None = None
    """When other bytes were found in its place."""
    missing_since: datetime | None = None
    """When nothing was found in its place."""


@dataclass(frozen=True, slots=True)
class Echo:
    """A stretch of a document that was heard again: played on a loudspeaker, or heard by
    a second microphone.
    """

    document_id: str
    start: float
    """Seconds from the start of that document's recording."""
    end: float
    heard_at: datetime
    heard_until: datetime
    source: str
    """What heard it: one of `LIVE`."""
    device: str
    heard_in: str | None = None
    """The document with what else was heard then; None where there was nothing else."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file's bytes."""

    copies: tuple[Copy, ...]
    """Files with the same bytes, live or not; oldest first."""
    forgotten: bool
    """They were forgotten, and are not to come back by themselves."""


@dataclass(frozen=True, slots=True)
class Voiceprint:
    """How somebody sounds in one recording."""

    label: str
    """What that recording's segments have as speaker until it is known who it is."""
    model: str
    """What made the vector: those of different models never meet."""
    vector: tuple[float, ...]
    """Of length 1."""
    seconds: float
    """Of the segments that have the label."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document on its way into the memory, with the file that it was read from."""

    document: Document
    copy: Copy
    explicit: bool = False
    """Whether the user named it: then it is remembered even if it was forgotten before."""
    growing: bool = False
    """Whether it is being heard, and more is to come."""
    voices: tuple[Voiceprint, ...] = ()
    """Who speaks in it, as long as that is only a label."""
    again: bool = False
    """Whether this is a better text of what was heard live and is remembered: who speaks when
    is known already."""

    @classmethod
    def of(
        cls,
        document: Document,
        *,
        sha256: str,
        size: int,
        signature: str = "",
        device: int | None = None,
        explicit: bool = False,
    ) -> Arrival:
        """A document that comes now from the file at its URI."""
        copy = Copy(
            document_id=document.id,
            uri=document.uri,
            sha256=sha256,
            kind=document.kind,
            title=document.title,
            size=size,
            added_at=datetime.now(UTC),
            signature=signature,
            device=device,
        )
        return cls(document, copy, explicit)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A live copy, as a scan compares it with the disk."""

    uri: str
    signature: str
    device: int | None
    missing: bool


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """A podcast that is followed."""

    id: int
    url: str
    """Where it is now; may hold name and password, and is shown by `memex.urls.shown` only."""
    typed: str
    """The address as the user gave it: where it is `private`, its server, and no other, may
    be in the own network.
    """
    private: bool
    """Whether it came from the own network when it was first looked at."""
    title: str
    etag: str | None
    last_modified: str | None
    added_at: datetime
    checked_at: datetime | None
    """When its server last answered; None before the first look."""
    next_at: datetime | None
    """When it is looked at again; None: now."""
    trouble: str
    """What went wrong the last time; empty where nothing did."""
    failures: int
    """Looks in a row that brought trouble."""
    back: int
    """Episodes that are fetched of those that are there at the first look."""
    keep_audio: bool
    """False: of an episode with a transcript the sound is not fetched."""


@dataclass(frozen=True, slots=True)
class FeedLook:
    """What came of looking at a feed; fields as in `KnownFeed`."""

    url: str
    private: bool
    title: str
    etag: str | None
    last_modified: str | None
    checked_at: datetime | None
    """None where its server did not answer: the last time stays."""
    next_at: datetime
    trouble: str = ""
    failures: int = 0


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
class Snippet:
    """The stretch of a passage that shows why it was found."""

    text: str
    """With "…" where it begins or ends within a sentence."""
    matches: tuple[tuple[int, int], ...] = ()
    """Where it has words of the query: from there, up to there, in characters (Unicode code
    points), in order.
    """
    start: float | None = None
    """When the sentence in it begins that has most of the query, in seconds from the start of
    the recording.
    """
    end: float | None = None
    """When its words end, in seconds from the start of the recording."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found."""

    passage: Passage
    score: float
    """Comparable within one result list only."""
    ranks: Mapping[str, int] = field(default_factory=lambda: NO_RANKS)
    """Which candidate list had it at which rank, from 1: `{"lexical": 1, "vector": 7}`."""
    snippet: Snippet | None = None
    """Why it was found; None where that was not asked for, and in a citation."""


@dataclass(frozen=True, slots=True)
class Facets:
    """How many of the passages that were found have what, the most frequent first."""

    kinds: Mapping[str, int] = field(default_factory=lambda: NO_COUNTS)
    """By one of `KINDS`."""
    people: Mapping[str, int] = field(default_factory=lambda: NO_COUNTS)
    """By who speaks in them: each of several."""
    months: Mapping[str, int] = field(default_factory=lambda: NO_COUNTS)
    """By when they were said or written, in the user's zone: "2026-03"."""
    origins: Mapping[str, int] = field(default_factory=lambda: NO_COUNTS)
    """By what they are out of: a podcast, a device, a document by itself."""
    documents: Mapping[str, int] = field(default_factory=lambda: NO_COUNTS)
    """By the id of their document."""


@dataclass(frozen=True, slots=True)
class Results:
    """What a search brings."""

    hits: tuple[Hit, ...]
    """Best first, with snippets."""
    facets: Facets


@dataclass(frozen=True, slots=True)
class Citation:
    """A hit narrowed to the sentences that are quoted, with its number."""

    n: int
    """The number in the answer's "[n]", from 1."""
    hit: Hit
    spelled: str
    """Its text with the dates that its relative times mean, in brackets: "yesterday
    [7 May 2023]". What was said is the passage's text.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """One or two sentences with what they rest on, or the word that nothing was found."""

    text: str
    citations: tuple[Citation, ...]
    found: bool
    understood: str | None = None
    """What a follow-up was understood as; None where the question stood by itself."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked before, and what came of it: what a follow-up follows."""

    question: str
    """As it was understood."""
    answer: str = ""
    passages: tuple[str, ...] = ()
    """The ids of those that the answer cites."""


def heard_id(source: str, device: str, started_at: datetime) -> str:
    """The identity of what was heard live: what heard it, and when that began."""
    key = f"{source}\0{device}\0{started_at.astimezone(UTC).isoformat()}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


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

"""The last step of every reader: segments and metadata become a `Document`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Final

from ingest.readers.bounds import MAX_SEGMENT, MAX_SEGMENTS, shown, unreadable
from ingest.readers.text import label, pieces
from memex.errors import FileTooLarge, NoTextFound
from memex.types import NO_ATTRIBUTES, Document, Segment, content_id

_LANGUAGE: Final = re.compile(r"^[a-zA-Z]{2,3}(?=[-_]|$)")
_PLACEHOLDERS: Final = frozenset({"unknown", "unknown title", "unknown author", "untitled"})
_SEPARATORS: Final = re.compile(r"[_\s]+|(?<=\w)-(?=[^\W\d])|(?<=[^\W\d])-(?=\w)")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says about itself; None or "" where it says nothing."""

    title: str | None = None
    author: str | None = None
    language: str | None = None
    """As the file has it: "en", "en-GB"."""
    created_at: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)


def assemble(path: Path, kind: str, segments: Iterable[Segment], metadata: Metadata) -> Document:
    """The document that a file holds. Segments must be cleaned; empty ones are
    dropped, over-long ones cut. Raises `NoTextFound` where nothing remains, and
    `FileTooLarge` beyond `MAX_SEGMENTS`.
    """
    kept = tuple(islice(_bounded(segments), MAX_SEGMENTS + 1))
    if len(kept) > MAX_SEGMENTS:
        raise FileTooLarge(
            f"{shown(path)} has more than {MAX_SEGMENTS:,} paragraphs.", "Split it into parts."
        )
    if not any(map(_says_something, kept)):
        raise NoTextFound(f"{shown(path)} was read, but no text was found in it.")
    title = _said(metadata.title) or _first_heading(kept) or title_from_name(path)
    attributes = {key: label(value) for key, value in metadata.attributes.items() if label(value)}
    return Document(
        id=content_id(kept),
        kind=kind,
        title=title,
        uri=path.resolve().as_uri(),
        created_at=metadata.created_at or modified_at(path),
        segments=kept,
        author=_said(metadata.author) or None,
        language=language_code(metadata.language),
        attributes=attributes,
    )


def _said(name: str | None) -> str:
    """A title or author, unless it is what programs write where none was given."""
    words = label(name or "")
    return "" if words.casefold() in _PLACEHOLDERS else words


def title_from_name(path: Path) -> str:
    """A readable title from a file's name: "my_trip-notes.txt" is "my trip notes"."""
    stem = path.stem.encode("utf-8", "replace").decode("utf-8")
    return label(_SEPARATORS.sub(" ", stem)) or "Untitled"


def language_code(name: str | None) -> str | None:
    """The ISO 639 code that a language tag opens with: "en-GB" is "en"."""
    match = _LANGUAGE.match(name.strip()) if name else None
    return match[0].lower() if match else None


def modified_at(path: Path) -> datetime:
    """When the file was last changed. Raises `UnreadableFile`."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except OSError as error:
        raise unreadable(path, error) from error


def moment(value: object) -> datetime | None:
    """A date or time from a file's metadata as aware UTC; a naive one is local
    time. None for what is no time.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    try:
        return value.astimezone(UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _bounded(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if not segment.text.strip():
            continue
        if len(segment.text) <= MAX_SEGMENT:
            yield segment
        else:
            yield from (replace(segment, text=text) for text in pieces(segment.text) if text)


def _says_something(segment: Segment) -> bool:
    return any(map(str.isalnum, segment.text))


def _first_heading(segments: tuple[Segment, ...]) -> str:
    """The outermost heading that the text opens under."""
    named = next((segment.heading for segment in segments if segment.heading), "")
    return label(named.split(" › ")[0])

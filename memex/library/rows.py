"""Rows of the library's tables as what they stand for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memex.retention import Holding, Sound
from memex.types import Copy, Segment, Word


@dataclass(frozen=True, slots=True)
class Entry:
    """A document's line in the catalogue, without its text."""

    id: str
    kind: str
    title: str
    uri: str
    created_at: datetime | None
    author: str | None
    language: str | None
    duration: float | None
    """Seconds."""
    source: str
    added_at: datetime
    segments: int
    copies: int


def segment_of(row: sqlite3.Row, *, words: bool = True) -> Segment:
    """A segment; without its `words`, if they are not wanted."""
    return Segment(
        text=row["text"],
        start=row["start"],
        end=row["end"],
        speaker=row["speaker"],
        page=row["page"],
        heading=row["heading"],
        line=row["line"],
        words=tuple(Word(*word) for word in json.loads(row["words"] or "[]")) if words else (),
    )


def entry_of(row: sqlite3.Row) -> Entry:
    """A line of the catalogue; `segments` and `copies` are their numbers."""
    return Entry(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        uri=row["uri"],
        created_at=time_of(row["created_at"]),
        author=row["author"],
        language=row["language"],
        duration=row["duration"],
        source=row["source"],
        added_at=datetime.fromisoformat(row["added_at"]),
        segments=row["segments"],
        copies=row["copies"],
    )


def holding_of(rows: Sequence[sqlite3.Row]) -> Holding:
    """A document with its copies, a row each."""
    first = rows[0]
    return Holding(
        document_id=first["id"],
        title=first["title"],
        source=first["origin"],
        consent=first["consent"],
        added_at=datetime.fromisoformat(first["added_at"]),
        received=not any(row["own"] for row in rows),
        sounds=tuple(
            Sound(row["uri"], datetime.fromisoformat(row["kept_at"]))
            for row in rows
            if row["sound"]
        ),
    )


def copy_of(row: sqlite3.Row) -> Copy:
    """A file in which a document was seen."""
    return Copy(
        document_id=row["document_id"],
        uri=row["uri"],
        sha256=row["sha256"],
        kind=row["kind"],
        title=row["title"],
        size=row["size"],
        added_at=datetime.fromisoformat(row["added_at"]),
        signature=row["signature"],
        device=row["device"],
        replaced_at=time_of(row["replaced_at"]),
        missing_since=time_of(row["missing_since"]),
    )


def time_of(text: str | None) -> datetime | None:
    """A moment, where there is one."""
    return datetime.fromisoformat(text) if text else None

"""Where the library has a name: what its people said and wrote, and where others speak of them.

Older versions and what was forgotten are not in it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from memex.database import reading
from memex.digests.naming import Name
from memex.library import Library
from memex.library.rows import time_of

ESCAPE: Final = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
"""What LIKE would take for something else."""


OURS: Final = frozenset({"audio", "video", "note", "mail", "document"})
"""Kinds of documents in which decisions and promises are looked for."""
COLUMNS: Final = (
    "d.id, d.title, d.kind, d.uri, d.author, d.language, d.created_at, d.added_at,"
    " coalesce(json_extract(d.attributes, '$.source'), '') AS origin"
)
"""Of a document `d`, what `source_of` reads."""
CURRENT: Final = "EXISTS (SELECT 1 FROM copies WHERE document_id = d.id AND replaced_at IS NULL)"
"""Whether a document `d` is not an older version."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document, as a citation names it."""

    id: str
    title: str
    kind: str
    uri: str
    author: str | None
    language: str | None
    created_at: datetime | None
    added_at: datetime
    origin: str
    """How it came: "podcast", "microphone"; "" for a file of the user's."""

    @property
    def heard(self) -> bool:
        """Whether it is a recording; what is not was read."""
        return self.kind in {"audio", "video"}

    @property
    def ours(self) -> bool:
        """Whether what it says may be the user's and their people's own affairs."""
        return self.origin != "podcast" and self.kind in OURS

    def said_at(self, start: float | None) -> datetime | None:
        """When something in it was said or written; None where that is not known."""
        if self.created_at is None or start is None:
            return self.created_at
        return self.created_at + timedelta(seconds=start)


@dataclass(frozen=True, slots=True)
class Place:
    """A segment that has to do with a name."""

    source: Source
    position: int
    text: str
    speaker: str | None
    start: float | None
    """Seconds."""
    end: float | None
    """Seconds."""
    page: int | None
    heading: str | None
    own: bool
    """Whether they say or write it themselves."""
    mentioned: bool
    """Whether it speaks of them."""

    @property
    def order(self) -> tuple[datetime, str, int]:
        """By time; what has none counts from when it was read."""
        at = self.source.said_at(self.start) or self.source.added_at
        return at, self.source.id, self.position


def rows_of(library: Library, sql: str, *values: object) -> list[sqlite3.Row]:
    """All rows of a query, by a connection of its own: these look through all that was ever
    said, and a search must not wait for that. Raises `StorageError`.
    """
    with closing(reading(library.database.path)) as db:
        return db.execute(sql, values).fetchall()


def known_people(library: Library) -> set[str]:
    """All who have a voice, speak in something, or wrote something."""
    rows = rows_of(library, "SELECT DISTINCT speaker FROM segments WHERE speaker IS NOT NULL")
    found = {row["speaker"] for row in rows} | set(library.people.names())
    for row in rows_of(library, "SELECT DISTINCT author FROM documents"):
        found.update(_authors(row["author"]))
    return {name for name in found if name.strip()}


def places(name: Name, library: Library) -> list[Place]:
    """All that has to do with a name, oldest first."""
    likes = [_like(form.text) for form in name.forms]
    rows = rows_of(
        library,
        f"SELECT {COLUMNS},"  # noqa: S608 (constants)
        ' s.position, s.text, s.speaker, s.start, s."end", s.page, s.heading'
        " FROM segments AS s JOIN documents AS d ON d.id = s.document_id"
        " WHERE (s.speaker = ?1 OR (?2 AND s.speaker IS NULL AND instr(d.author, ?1))"
        " OR EXISTS (SELECT 1 FROM json_each(?3) WHERE s.text LIKE value ESCAPE '\\'))"
        f" AND {CURRENT}",
        name.text,
        name.person,
        json.dumps(likes),
    )
    sources: dict[str, Source] = {}
    found = [_place(row, name, sources) for row in rows]
    return sorted((one for one in found if one.own or one.mentioned), key=lambda one: one.order)


def speakers(document_ids: Iterable[str], library: Library) -> dict[str, list[str]]:
    """Who speaks in each of some documents."""
    return {id_: library.speakers(id_) for id_ in document_ids}


def _like(text: str) -> str:
    """A pattern that all spellings of a text fit: SQLite folds the case of ASCII only."""
    return f"%{''.join(_wild(char) for char in text)}%"


def _wild(char: str) -> str:
    return char.translate(ESCAPE) if char.isascii() and not char.isspace() else "%"


def _place(row: sqlite3.Row, name: Name, sources: dict[str, Source]) -> Place:
    source = sources.get(row["id"])
    if source is None:
        source = sources[row["id"]] = source_of(row)
    by = [row["speaker"]] if row["speaker"] else _authors(source.author)
    return Place(
        source=source,
        position=row["position"],
        text=row["text"],
        speaker=row["speaker"],
        start=row["start"],
        end=row["end"],
        page=row["page"],
        heading=row["heading"],
        own=name.person and name.text in by,
        mentioned=name.is_mentioned(row["text"]),
    )


def source_of(row: sqlite3.Row) -> Source:
    """A document, of the `COLUMNS` of its row."""
    return Source(
        id=row["id"],
        title=row["title"],
        kind=row["kind"],
        uri=row["uri"],
        author=row["author"],
        language=row["language"],
        created_at=time_of(row["created_at"]),
        added_at=datetime.fromisoformat(row["added_at"]),
        origin=row["origin"],
    )


def _authors(author: str | None) -> list[str]:
    """The authors of a document: readers join them by ", "."""
    return [each.strip() for each in (author or "").split(", ") if each.strip()]

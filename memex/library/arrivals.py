"""What arrives, put into the library's tables."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from memex.files import settle
from memex.types import GROWING, SAID, Arrival, Document, Word
from memex.vocabulary import words_in, words_of


@dataclass(frozen=True, slots=True)
class Change:
    """What an arrival did to the library."""

    new: bool
    """Whether its text was not here yet."""
    hidden: frozenset[str]
    """Documents of which it replaced the last live copy."""


def arrive(db: sqlite3.Connection, arrival: Arrival, words: Counter[str]) -> Change:
    """Store a document and the copy it came from, as part of a transaction.

    `words` is told how the vocabulary changes by it.
    """
    document = arrival.document
    known = db.execute(
        "SELECT json_extract(attributes, ?), json_extract(attributes, ?)"
        " FROM documents WHERE id = ?",
        (f"$.{SAID}", f"$.{GROWING}", document.id),
    ).fetchone()
    if arrival.growing and known is not None and not known[1]:
        return Change(new=False, hidden=frozenset())  # it is over, and known better
    if known is None:
        _insert(db, document, arrival.copy.added_at)
        words.update(words_of(document))
    elif document.live and (arrival.again or _differs(document, *known)):
        restate(db, document, words)
    if known is not None and known[1]:  # what lay in the spool is kept elsewhere afterwards
        db.execute(
            "DELETE FROM copies WHERE document_id = ? AND uri != ?",
            (document.id, arrival.copy.uri),
        )
    return Change(known is None, settle(db, arrival.copy))


def _differs(document: Document, said: str | None, growing: str | None) -> bool:
    """Whether a live document says something else than it did, or says its last word."""
    attributes = document.attributes
    return (attributes.get(SAID), attributes.get(GROWING)) != (said, growing)


def _insert(db: sqlite3.Connection, document: Document, added_at: datetime) -> None:
    db.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*_columns(document), added_at.isoformat()),
    )
    _insert_segments(db, document)


def restate(db: sqlite3.Connection, document: Document, words: Counter[str]) -> None:
    """What was heard live is known better, or goes on. What refers to it stays. `words` as
    for `arrive`.
    """
    words.subtract(words_in(db, document.id))
    words.update(words_of(document))
    db.execute(
        "UPDATE documents SET (kind, title, uri, created_at, author, language, duration,"
        " source, attributes) = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) WHERE id = ?1",
        _columns(document),
    )
    db.execute("DELETE FROM segments WHERE document_id = ?", (document.id,))
    _insert_segments(db, document)


def _columns(document: Document) -> tuple[str | float | None, ...]:
    """A document's row, but for when it was added."""
    return (
        document.id,
        document.kind,
        document.title,
        document.uri,
        document.created_at.astimezone(UTC).isoformat() if document.created_at else None,
        document.author,
        document.language,
        document.duration,
        document.source,
        json.dumps(dict(document.attributes), ensure_ascii=False),
    )


def _insert_segments(db: sqlite3.Connection, document: Document) -> None:
    db.executemany(
        "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                document.id,
                position,
                segment.text,
                segment.start,
                segment.end,
                segment.speaker,
                segment.page,
                segment.heading,
                segment.line,
                _words_json(segment.words),
            )
            for position, segment in enumerate(document.segments)
        ),
    )


def _words_json(words: Sequence[Word]) -> str | None:
    if not words:
        return None
    rows = [
        [word.text, round(word.start, 3), round(word.end, 3), round(word.probability, 3)]
        for word in words
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))

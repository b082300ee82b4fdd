"""The files that documents were read from, and what has become of them since.

At any place (URI) at most one copy is *live*. Another text in that place replaces
it; a file that is gone leaves its copy *missing*, unless the same text lies
elsewhere: then it was moved, and the copy goes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from memex.database import Database
from memex.types import GROWING, LIVE, RECOGNISED, Copy, KnownFile

_KEPT: Final = "kept recordings"
PAGE: Final = 2_000
"""Files listed at a time."""


class Files:
    """What the library knows of files."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def known(self, folder: str, after: str = "", limit: int = PAGE) -> list[KnownFile]:
        """The live copies below a folder's URI (without a slash at its end), in the order
        of their URIs, from `after` on.
        """
        rows = self._database.all(
            "SELECT uri, signature, device, missing_since FROM copies WHERE replaced_at IS NULL"
            " AND uri > ?1 AND uri > ?2 || '/' AND uri < ?2 || '0' ORDER BY uri LIMIT ?3",
            after,  # "0" is the character after "/"
            folder,
            limit,
        )
        return [
            KnownFile(row["uri"], row["signature"], row["device"], row["missing_since"] is not None)
            for row in rows
        ]

    def move_kept(self, folder: str) -> None:
        """What Memex keeps of its own lies below this URI now: the data directory may have
        been moved, or restored elsewhere.
        """
        with self._database.transaction() as db:
            row = db.execute("SELECT value FROM settings WHERE name = ?", (_KEPT,)).fetchone()
            before = row["value"] if row else folder
            db.execute(
                "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                (_KEPT, folder),
            )
            for table in ("copies", "documents") if before != folder else ():
                db.execute(
                    f"UPDATE {table} SET uri = ?2 || substr(uri, length(?1) + 1)"  # noqa: S608
                    " WHERE substr(uri, 1, length(?1) + 1) = ?1 || '/'",
                    (before, folder),
                )

    def lose(self, uris: Iterable[str]) -> None:
        """Nothing lies in these places any more."""
        with self._database.transaction() as db:
            for uri in uris:
                for (id_,) in _documents_at(db, uri):
                    db.execute(
                        "DELETE FROM copies WHERE uri = ?1 AND document_id = ?2 AND EXISTS"
                        " (SELECT 1 FROM copies AS other WHERE other.document_id = ?2"
                        "  AND other.uri != ?1 AND other.replaced_at IS NULL"
                        "  AND other.missing_since IS NULL)",
                        (uri, id_),
                    )
                    _rehome(db, id_)
            db.execute(
                "UPDATE copies SET missing_since = ? WHERE replaced_at IS NULL"
                " AND missing_since IS NULL AND uri IN (SELECT value FROM json_each(?))",
                (_now(), json.dumps(list(uris))),
            )

    def find(self, uris: Iterable[str]) -> None:
        """What was missing lies in its place again, unchanged."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE copies SET missing_since = NULL WHERE replaced_at IS NULL"
                " AND uri IN (SELECT value FROM json_each(?))",
                (json.dumps(list(uris)),),
            )

    def missing(self, folder: str, before: datetime, kept: str = "") -> list[str]:
        """The current documents all of whose live copies are missing since before then,
        one of them below this folder, and none below `kept`: sound that Memex itself
        kept, and let go, is no file that the user deleted.
        """
        rows = self._database.all(
            "SELECT document_id FROM copies WHERE replaced_at IS NULL GROUP BY document_id"
            " HAVING max(coalesce(missing_since, '9')) < ?1"
            " AND max(uri > ?2 || '/' AND uri < ?2 || '0')"
            " AND NOT max(uri > ?3 || '/' AND uri < ?3 || '0')",
            before.astimezone(UTC).isoformat(),
            folder,
            kept,
        )
        return [row["document_id"] for row in rows]

    def kept(self) -> set[str]:
        """The items whose sound Memex keeps by some copy, live or not, wherever the data
        directory lay when it was kept: it may have been moved, or restored elsewhere.
        """
        rows = self._database.all(
            "SELECT DISTINCT uri FROM copies WHERE uri LIKE 'file:%/audio/__/%'"
        )
        return {row["uri"].rpartition("/")[2].partition(".")[0] for row in rows}

    def worse(self, source: str) -> list[str]:
        """Documents that were heard live, whose sound Memex still keeps and whose words were
        recognised otherwise than by this `source`; the newest first.
        """
        rows = self._database.all(
            "SELECT id FROM documents AS d WHERE source LIKE ? || '%' AND source != ?"
            " AND json_extract(attributes, '$.source') IN (SELECT value FROM json_each(?))"
            " AND json_extract(attributes, ?) IS NULL"
            " AND EXISTS (SELECT 1 FROM copies WHERE document_id = d.id AND replaced_at IS NULL"
            "  AND missing_since IS NULL AND uri LIKE 'file:%/audio/__/%')"
            " ORDER BY created_at DESC LIMIT ?",
            RECOGNISED,
            source,
            json.dumps(sorted(LIVE)),
            f"$.{GROWING}",
            PAGE,
        )
        return [row["id"] for row in rows]

    def missing_count(self) -> int:
        """Live copies whose file is gone."""
        row = self._database.one(
            "SELECT count(*) AS n FROM copies"
            " WHERE replaced_at IS NULL AND missing_since IS NOT NULL"
        )
        return int(row["n"]) if row else 0

    def versions(self, document_id: str) -> list[tuple[str, str]]:
        """Other texts that were seen where this one was: their ids, and when each was
        replaced (ISO 8601), oldest first.
        """
        rows = self._database.all(
            "SELECT other.document_id AS id, max(other.replaced_at) AS at FROM copies AS mine"
            " JOIN copies AS other ON other.uri = mine.uri AND other.document_id != ?1"
            " WHERE mine.document_id = ?1 AND other.replaced_at IS NOT NULL"
            " GROUP BY other.document_id ORDER BY at, id",
            document_id,
        )
        return [(row["id"], row["at"]) for row in rows]


def settle(db: sqlite3.Connection, copy: Copy) -> frozenset[str]:
    """Note a copy as the live one in its place; the ids of documents that this hides."""
    there = {id_ for (id_,) in _documents_at(db, copy.uri)}
    if there:
        db.execute(
            "UPDATE copies SET replaced_at = ? WHERE uri = ? AND replaced_at IS NULL",
            (copy.added_at.isoformat(), copy.uri),
        )
    before = there - {copy.document_id}
    db.execute(
        "INSERT INTO copies (document_id, uri, sha256, kind, title, size, added_at, signature,"
        " device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (document_id, uri, sha256) DO UPDATE SET replaced_at = NULL,"
        " missing_since = NULL, signature = excluded.signature, device = excluded.device",
        (
            copy.document_id,
            copy.uri,
            copy.sha256,
            copy.kind,
            copy.title,
            copy.size,
            copy.added_at.isoformat(),
            copy.signature,
            copy.device,
        ),
    )
    db.execute(  # it was moved here
        "DELETE FROM copies WHERE document_id = ? AND uri != ? AND replaced_at IS NULL"
        " AND missing_since IS NOT NULL",
        (copy.document_id, copy.uri),
    )
    for id_ in (copy.document_id, *before):
        _rehome(db, id_)
    return frozenset(id_ for id_ in before if not _is_current(db, id_))


def _documents_at(db: sqlite3.Connection, uri: str) -> list[tuple[str]]:
    rows = db.execute(
        "SELECT document_id FROM copies WHERE uri = ? AND replaced_at IS NULL", (uri,)
    )
    return [(row["document_id"],) for row in rows]


def _is_current(db: sqlite3.Connection, document_id: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM copies WHERE document_id = ? AND replaced_at IS NULL", (document_id,)
    )
    return found.fetchone() is not None


def _rehome(db: sqlite3.Connection, document_id: str) -> None:
    """A document is shown where a live copy of it lies: the oldest that is not missing."""
    db.execute(
        "UPDATE documents SET (uri, title) = (SELECT uri, title FROM copies"
        "  WHERE document_id = ?1 AND replaced_at IS NULL"
        "  ORDER BY missing_since IS NOT NULL, added_at, uri LIMIT 1)"
        " WHERE id = ?1 AND EXISTS (SELECT 1 FROM copies WHERE document_id = ?1"
        "  AND replaced_at IS NULL) AND NOT EXISTS (SELECT 1 FROM copies WHERE document_id = ?1"
        "  AND replaced_at IS NULL AND missing_since IS NULL AND uri = documents.uri)",
        (document_id,),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat()

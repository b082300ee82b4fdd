"""The library: every document that is remembered, in SQLite. It is the truth;
the index is made from it and can be made again.

One connection behind a lock; WAL, so that another process may read. The schema
grows by numbered migrations (`memex/migrations/NNNN_*.sql`), counted in
SQLite's `user_version`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from memex.errors import DiskFull, InvalidRequest, NotFound, StorageError
from memex.types import Copy, Document, Segment, Word


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


class Library:
    """The SQLite file. All methods raise `StorageError` when the disk refuses."""

    def __init__(self, path: Path) -> None:
        """Open, or create, the library at `path` and bring its schema up to date."""
        self._lock = threading.RLock()
        with _storage_errors(path):
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA wal_autocheckpoint = 1")  # see _undo
            self._db.execute("PRAGMA foreign_keys = ON")
            path.chmod(0o600)
            _migrate(self._db)
        self._path = path

    def close(self) -> None:
        """Close the file; what was added is on disk already."""
        with self._lock:
            self._db.close()

    def add(self, document: Document, copy: Copy) -> bool:
        """Store a document and the copy it came from, both or neither.

        Returns False when the same text is here already: then only the copy is noted.
        """
        with self._transaction() as db:
            new = db.execute("SELECT 1 FROM documents WHERE id = ?", (document.id,)).fetchone()
            if new is None:
                _insert(db, document, copy.added_at)
            _insert_copy(db, copy)
        return new is None

    def add_copy(self, copy: Copy) -> None:
        """Note another file of a document that is here. Raises `NotFound`."""
        with self._transaction() as db:
            known = db.execute("SELECT 1 FROM documents WHERE id = ?", (copy.document_id,))
            if known.fetchone() is None:
                raise NotFound(f"There is no document {copy.document_id}.", "See `memex list`.")
            _insert_copy(db, copy)

    def remove(self, document_id: str) -> None:
        """Remove a document with its segments and copies. Raises `NotFound`."""
        with self._transaction() as db:
            if not db.execute("DELETE FROM documents WHERE id = ?", (document_id,)).rowcount:
                raise NotFound(f"There is no document {document_id}.", "See `memex list`.")

    def document(self, document_id: str) -> Document:
        """A document, whole. Raises `NotFound`."""
        row = self._one("SELECT * FROM documents WHERE id = ?", document_id)
        if row is None:
            raise NotFound(f"There is no document {document_id}.", "See `memex list`.")
        return Document(
            id=row["id"],
            kind=row["kind"],
            title=row["title"],
            uri=row["uri"],
            created_at=_time(row["created_at"]),
            segments=tuple(self.segments(document_id)),
            author=row["author"],
            language=row["language"],
            duration=row["duration"],
            source=row["source"],
            attributes=json.loads(row["attributes"]),
        )

    def segments(self, document_id: str, first: int = 0, last: int | None = None) -> list[Segment]:
        """The segments at the positions `first` to `last`, inclusive, in order."""
        rows = self._all(
            "SELECT * FROM segments WHERE document_id = ? AND position BETWEEN ? AND ?"
            " ORDER BY position",
            document_id,
            first,
            2**31 if last is None else last,
        )
        return [_segment(row) for row in rows]

    def language(self, document_id: str) -> str | None:
        """The language of a document, where it is known."""
        row = self._one("SELECT language FROM documents WHERE id = ?", document_id)
        return row["language"] if row else None

    def entries(self, kind: str | None = None) -> list[Entry]:
        """The catalogue, newest first."""
        rows = self._all(
            "SELECT *,"
            " (SELECT count(*) FROM segments WHERE document_id = documents.id) AS segments,"
            " (SELECT count(*) FROM copies WHERE document_id = documents.id) AS copies"
            " FROM documents WHERE ?1 IS NULL OR kind = ?1 ORDER BY added_at DESC, rowid DESC",
            kind,
        )
        return [_entry(row) for row in rows]

    def ids(self) -> set[str]:
        """The ids of all documents."""
        return {row["id"] for row in self._all("SELECT id FROM documents")}

    def find(self, prefix: str) -> str:
        """The id of the one document whose id begins so. Raises `NotFound`, `InvalidRequest`."""
        rows = self._all(
            "SELECT id FROM documents WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2", prefix
        )
        if not rows or not prefix:
            raise NotFound(f"There is no document {prefix!r}.", "See `memex list`.")
        if len(rows) > 1:
            raise InvalidRequest(f"Several documents begin with {prefix!r}.", "Name more of it.")
        return str(rows[0]["id"])

    def copies(self, document_id: str) -> list[Copy]:
        """The files in which a document was seen, oldest first."""
        rows = self._all(
            "SELECT * FROM copies WHERE document_id = ? ORDER BY added_at, uri", document_id
        )
        return [_copy(row) for row in rows]

    def copies_of_bytes(self, sha256: str) -> list[Copy]:
        """The copies with exactly these bytes, oldest first."""
        rows = self._all("SELECT * FROM copies WHERE sha256 = ? ORDER BY added_at, uri", sha256)
        return [_copy(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Number of documents of each kind."""
        rows = self._all("SELECT kind, count(*) AS n FROM documents GROUP BY kind ORDER BY kind")
        return {row["kind"]: row["n"] for row in rows}

    def _one(self, sql: str, *values: object) -> sqlite3.Row | None:
        rows = self._all(sql, *values)
        return rows[0] if rows else None

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock, _storage_errors(self._path):
            cursor = self._db.execute(sql, values)
            cursor.row_factory = sqlite3.Row
            return cursor.fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _storage_errors(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        """Roll back, and give the room that the attempt took back to the disk.

        On a full disk the log can be cut only while nothing in it waits to be
        moved to the file itself: hence a checkpoint at each commit.
        """
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        with suppress(sqlite3.OperationalError):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _migrate(db: sqlite3.Connection) -> None:
    """Apply the migrations that this file has not seen, each in its own transaction."""
    scripts = sorted(
        (path for path in resources.files("memex.migrations").iterdir() if path.name[:4].isdigit()),
        key=lambda path: path.name,
    )
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(scripts):
        raise StorageError(
            f"The library is of a newer Memex (schema {version}, this one knows {len(scripts)}).",
            "Update Memex.",
        )
    for number, script in enumerate(scripts[version:], start=version + 1):
        sql = script.read_text(encoding="utf-8")
        db.executescript(f"BEGIN;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")


def _insert(db: sqlite3.Connection, document: Document, added_at: datetime) -> None:
    db.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
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
            added_at.isoformat(),
        ),
    )
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


def _insert_copy(db: sqlite3.Connection, copy: Copy) -> None:
    db.execute(
        "INSERT INTO copies VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (document_id, uri, sha256) DO NOTHING",
        (
            copy.document_id,
            copy.uri,
            copy.sha256,
            copy.kind,
            copy.title,
            copy.size,
            copy.added_at.isoformat(),
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


def _segment(row: sqlite3.Row) -> Segment:
    return Segment(
        text=row["text"],
        start=row["start"],
        end=row["end"],
        speaker=row["speaker"],
        page=row["page"],
        heading=row["heading"],
        line=row["line"],
        words=tuple(Word(*word) for word in json.loads(row["words"] or "[]")),
    )


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        uri=row["uri"],
        created_at=_time(row["created_at"]),
        author=row["author"],
        language=row["language"],
        duration=row["duration"],
        source=row["source"],
        added_at=datetime.fromisoformat(row["added_at"]),
        segments=row["segments"],
        copies=row["copies"],
    )


def _copy(row: sqlite3.Row) -> Copy:
    return Copy(
        document_id=row["document_id"],
        uri=row["uri"],
        sha256=row["sha256"],
        kind=row["kind"],
        title=row["title"],
        size=row["size"],
        added_at=datetime.fromisoformat(row["added_at"]),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    """Say what the disk refuses, and what to do."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        if "full" in str(error).lower():
            raise DiskFull(
                f"No room is left on the disk of {path.parent}; nothing of this was stored.",
                "Make room and try again.",
            ) from error
        raise StorageError(
            f"The library {path} cannot be used: {error}.",
            "Mend the permissions of its directory, or name another with MEMEX_HOME.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise StorageError(
            f"The library {path} is damaged: {error}.", "Restore it from a backup."
        ) from error

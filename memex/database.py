"""The library's SQLite file: one connection, migrations, transactions, functions, errors.

What stands in it is the business of `memex.library` and its neighbours. WAL, so
that another process may read. The schema grows by numbered migrations
(`memex/migrations/NNNN_*.sql`), counted in SQLite's `user_version`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from memex.errors import DiskFull, StorageError
from memex.spellings import spellings

MOST_FAULTS: Final = 20
"""Faults of one kind that are told."""


class Database:
    """One connection behind a lock. All methods raise `StorageError` when the disk refuses."""

    def __init__(self, path: Path) -> None:
        """Open, or create, the file at `path` and bring its schema up to date."""
        self.path = path
        self.undone = 0
        """Transactions that were rolled back: what is kept in memory of a table is out of step."""
        self._lock = threading.RLock()
        with _storage_errors(path):
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.create_function("says", 2, _says, deterministic=True)
            self._db.create_function("lies_in", 2, _lies_in, deterministic=True)
            self._db.create_function("spellings", 1, _spellings, deterministic=True)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA wal_autocheckpoint = 1")  # see _undo
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA secure_delete = ON")
            path.chmod(0o600)
            _migrate(self._db)

    def close(self) -> None:
        """Close the file; what was committed is on disk already."""
        with self._lock:
            self._db.close()

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, None when there is none."""
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock, _storage_errors(self.path):
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """What is written inside is on disk afterwards, or none of it is. May be nested:
        the outermost one counts.
        """
        with self._lock, _storage_errors(self.path):
            if self._db.in_transaction:
                yield self._db
                return
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
        self.undone += 1
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        with suppress(sqlite3.OperationalError):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def shred(self) -> None:
        """Rewrite the file, so that nothing of what was deleted is left in it or its log."""
        with self._lock, _storage_errors(self.path):
            self._db.execute("VACUUM")
            self.wipe()

    def wipe(self) -> None:
        """Leave nothing of what was deleted in the log; in the file it was overwritten."""
        with self._lock, _storage_errors(self.path):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _says(text: str | None, wanted: str) -> bool:
    """Whether a text has another one in it, in any case and however both are spaced."""
    return _folded(wanted) in _folded(text or "")


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())


def _lies_in(uri: str | None, place: str) -> bool:
    """Whether a URI is a place, or lies below it."""
    return uri is not None and (uri == place or uri.startswith(f"{place.rstrip('/')}/"))


def _spellings(text: str | None) -> str:
    """The words of a text, as JSON: `memex.spellings`."""
    return json.dumps(sorted(spellings([text or ""])))


def _migrate(db: sqlite3.Connection) -> None:
    """Apply the migrations that this file has not seen, each in its own transaction."""
    scripts = _scripts()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(scripts):
        raise StorageError(
            f"The library is of a newer Memex (schema {version}, this one knows {len(scripts)}).",
            "Update Memex.",
        )
    for number, script in enumerate(scripts[version:], start=version + 1):
        sql = script.read_text(encoding="utf-8")
        db.executescript(f"BEGIN;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")


def _scripts() -> list[Traversable]:
    """The migrations in their order."""
    scripts = resources.files("memex.migrations").iterdir()
    return sorted((s for s in scripts if s.name[:4].isdigit()), key=lambda script: script.name)


def reading(path: Path) -> sqlite3.Connection:
    """A connection of one's own to a library that is there, to read from it while others
    write. Raises `StorageError` where there is none.
    """
    with _storage_errors(path):
        if not path.is_file():
            raise StorageError(f"There is no library at {path}.", "`memex add` makes one.")
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA trusted_schema = OFF")
        return db


def faults(path: Path) -> list[str]:
    """What is wrong with a library's file: nothing, where it is sound. Raises `StorageError`
    where it cannot be read at all.
    """
    with closing(reading(path)) as db:
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > len(_scripts()):
                return [f"it is of a newer Memex (schema {version})"]
            found = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({MOST_FAULTS})")]
            found = [] if found == ["ok"] else found
            loose = db.execute("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS)
            tables = {row["name"] for row in db.execute("SELECT name FROM sqlite_master")}
            missing = {"documents", "segments", "copies"} - tables
        except sqlite3.DatabaseError as error:
            return [str(error)]
    found += [f"a row of {row['table']} belongs to nothing" for row in loose]
    return found + [f"the table {name} is missing" for name in sorted(missing)]


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

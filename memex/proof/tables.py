"""SQLite files: besides their bytes (free pages and the log of a file that is
open), the values of every column, and the words of its full-text indices.

A long value lies on several pages and is not in one piece in the file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from memex.proof.columns import Part

MAGIC: Final = b"SQLite format 3\0"
COMPANIONS: Final = ("-wal", "-shm", "-journal")
"""Ends of the names of files beside an SQLite file, which hold its pages as they are."""

_kept: Final[dict[tuple[int, int], int]] = {}
"""Handles of the files of databases, by disk and inode. Closing one would let go of the
locks that SQLite has on that file in this process: the next process to open the library
would then take its log away from under memexd."""
_opening: Final = threading.Lock()


@contextmanager
def handle(path: Path) -> Iterator[int]:
    """A handle to read the bytes of a file, of whatever kind. Raises `OSError`."""
    with _opening:
        state = path.stat()
        known = _kept.get((state.st_dev, state.st_ino))
        file = os.open(path, os.O_RDONLY) if known is None else known
        of_database = path.name.endswith(COMPANIONS) or os.pread(file, len(MAGIC), 0) == MAGIC
        if of_database:
            state = os.fstat(file)
            _kept[state.st_dev, state.st_ino] = file
    try:
        yield file
    finally:
        if not of_database:
            os.close(file)


def table_parts(path: Path) -> Iterator[Part]:
    """The columns of all tables that hold text. Raises `sqlite3.Error`."""
    with closing(_open(path)) as db:
        for (table,) in _rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            for (column,) in _rows(db, "SELECT name FROM pragma_table_xinfo(?)", table):
                yield f"table {table}, column {column}", _values(db, table, column)


def table_words(path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The words of each FTS5 table, with its name. Raises `sqlite3.Error`."""
    with closing(_open(path)) as db:
        sql = "SELECT name FROM sqlite_master WHERE sql LIKE 'create virtual table%using fts5%'"
        for (table,) in _rows(db, sql):
            db.execute("DROP TABLE IF EXISTS temp.vocabulary")
            db.execute(
                "CREATE VIRTUAL TABLE temp.vocabulary"
                f" USING fts5vocab('main', {_text(table)}, 'row')"
            )
            words = db.execute("SELECT term FROM temp.vocabulary")
            yield f"table {table}, words", (bytes(word) for (word,) in words)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    db.text_factory = bytes
    return db


def _rows(db: sqlite3.Connection, sql: str, *values: str) -> list[tuple[str, ...]]:
    return [tuple(bytes(value).decode() for value in row) for row in db.execute(sql, values)]


def _values(db: sqlite3.Connection, table: str, column: str) -> Iterator[bytes]:
    name = column.replace('"', '""')
    of = table.replace('"', '""')
    cursor = db.execute(
        f'SELECT "{name}" FROM "{of}" WHERE typeof("{name}") IN (\'text\', \'blob\')'  # noqa: S608
    )
    for (value,) in cursor:
        yield value
        yield b"\0"


def _text(name: str) -> str:
    quoted = name.replace("'", "''")
    return f"'{quoted}'"

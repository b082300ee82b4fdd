"""Which stretches of what is known were heard again, when, and by what.

They are links: of what was heard there nothing is stored but that it was heard.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from memex.database import Database
from memex.types import Echo

_SO: Final = (
    "(?1 IS NULL OR source = ?1) AND (?2 IS NULL OR heard_until >= ?2)"
    " AND (?3 IS NULL OR heard_at < ?3)"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A choice of echoes: by which source, and when."""

    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Echoes:
    """The echoes of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def of(self, document_id: str) -> list[Echo]:
        """When a document was heard again, oldest first."""
        rows = self._database.all(
            "SELECT * FROM echoes WHERE document_id = ? ORDER BY heard_at, start", document_id
        )
        return [_echo(row) for row in rows]

    def within(self, document_id: str) -> list[Echo]:
        """What else was heard while this document was, and is not in it."""
        rows = self._database.all(
            "SELECT * FROM echoes WHERE heard_in = ? ORDER BY heard_at", document_id
        )
        return [_echo(row) for row in rows]

    def latest(self, source: str, device: str, at: datetime, within: timedelta) -> Echo | None:
        """The last that a device heard before a moment, not longer ago than so."""
        row = self._database.one(
            "SELECT * FROM echoes WHERE source = ? AND device = ? AND heard_until BETWEEN ? AND ?"
            " ORDER BY heard_until DESC LIMIT 1",
            source,
            device,
            _text(at - within),
            _text(at),
        )
        return _echo(row) if row else None

    def count(self, heard: Heard) -> int:
        """How many were heard so."""
        row = self._database.one(f"SELECT count(*) AS n FROM echoes WHERE {_SO}", *_values(heard))  # noqa: S608 (ours)
        return int(row["n"]) if row else 0

    def forget(self, heard: Heard) -> None:
        """Remove those that were heard so."""
        with self._database.transaction() as db:
            db.execute(f"DELETE FROM echoes WHERE {_SO}", _values(heard))  # noqa: S608 (ours)


def note(db: sqlite3.Connection, echoes: Iterable[Echo]) -> None:
    """Store echoes, as part of a transaction; what is here already stays."""
    db.executemany(
        "INSERT INTO echoes VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (
                echo.document_id,
                echo.start,
                echo.end,
                _text(echo.heard_at),
                _text(echo.heard_until),
                echo.source,
                echo.device,
                echo.heard_in,
            )
            for echo in echoes
        ],
    )


def _values(heard: Heard) -> tuple[str | None, ...]:
    since, until = (_text(time) if time else None for time in (heard.since, heard.until))
    return heard.source, since, until


def _text(time: datetime) -> str:
    """With the same digits always, so that text is compared as times are."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _echo(row: sqlite3.Row) -> Echo:
    return Echo(
        document_id=row["document_id"],
        start=row["start"],
        end=row["end"],
        heard_at=datetime.fromisoformat(row["heard_at"]),
        heard_until=datetime.fromisoformat(row["heard_until"]),
        source=row["source"],
        device=row["device"],
        heard_in=row["heard_in"],
    )

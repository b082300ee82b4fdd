"""Searches that the user saved: queries as they are typed, chips and all.

No limit on traces concerns them. One that says what only a forgotten document said goes with
that document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from memex.database import Database
from memex.errors import InvalidRequest

LONGEST: Final = 2_000
"""Characters of a query that can be saved: as many as can be asked."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search."""

    id: int
    query: str
    saved_at: datetime


class Searches:
    """The saved searches of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def all(self) -> list[Saved]:
        """All of them, the one that was saved last first."""
        rows = self._database.all("SELECT * FROM searches ORDER BY id DESC")
        return [
            Saved(row["id"], row["query"], datetime.fromisoformat(row["saved_at"])) for row in rows
        ]

    def save(self, query: str) -> int:
        """Save a query, however it is spaced; its number, which it has already where it is
        saved. Raises `InvalidRequest`.
        """
        said = " ".join(query.split())
        if not said:
            raise InvalidRequest("There is nothing to save.", "Say what is to be searched for.")
        if len(said) > LONGEST:
            raise InvalidRequest(
                f"The query is too long to be saved ({len(said):,} characters; at most"
                f" {LONGEST:,}).",
                "Save fewer words of it.",
            )
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO searches (query, saved_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (said, datetime.now(UTC).isoformat()),
            )
            row = db.execute("SELECT id FROM searches WHERE query = ?", (said,)).fetchone()
            return int(row["id"])

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Let each say what `change` makes of it; two that say the same then are one."""
        with self._database.transaction() as db:
            for row in db.execute("SELECT id, query FROM searches ORDER BY id").fetchall():
                query = change(row["query"])
                if query != row["query"]:
                    db.execute(
                        "UPDATE OR REPLACE searches SET query = ? WHERE id = ?", (query, row["id"])
                    )

    def forget(self, search_ids: Iterable[int]) -> int:
        """Remove some, from the bytes of the library, too; how many there were."""
        with self._database.transaction() as db:
            marks = [(each,) for each in search_ids]
            count = db.executemany("DELETE FROM searches WHERE id = ?", marks).rowcount
        if count > 0:
            self._database.wipe()
        return max(count, 0)

    def own_texts(self) -> dict[int, str]:
        """The queries, by number."""
        return {row["id"]: row["query"] for row in self._database.all("SELECT * FROM searches")}

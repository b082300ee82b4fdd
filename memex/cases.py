"""Eval cases of the user's own: a question, and where in the memory its answer stands.

They are made of traces that the user labelled, or of questions that were drafted and
approved. A case goes with the first document in which its answer stands.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from memex.database import Database
from memex.errors import InvalidRequest, NotFound

Origin = Literal["search", "ask", "mined"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of a document."""

    document_id: str
    first: int
    """Position of its first segment."""
    last: int
    """Position of its last segment (inclusive)."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its evidence."""

    id: int
    query: str
    origin: Origin
    asked_at: datetime
    added_at: datetime
    evidence: tuple[Evidence, ...]
    stale: bool
    """Whether something else stands there by now: it was recognised again, or goes on."""


class Cases:
    """The eval cases of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def all(self) -> list[Case]:
        """All of them, oldest first."""
        found: dict[int, list[sqlite3.Row]] = {}
        for row in self._database.all("SELECT * FROM evidence ORDER BY document_id, first"):
            found.setdefault(row["case_id"], []).append(row)
        rows = self._database.all("SELECT * FROM cases ORDER BY id")
        return [self._case(row, found.get(row["id"], [])) for row in rows]

    def add(
        self, query: str, origin: Origin, asked_at: datetime, evidence: Sequence[Evidence]
    ) -> int:
        """Store a case; one with the same question is replaced. Its number.

        Raises `InvalidRequest` where there is no evidence, `NotFound` where it is gone.
        """
        if not evidence or not query.strip():
            raise InvalidRequest(
                "A case needs a question and a passage that answers it.",
                "Mark one: `memex trace label ID N right`.",
            )
        with self._database.transaction() as db:
            db.execute("DELETE FROM cases WHERE query = ?", (query,))
            number = db.execute(
                "INSERT INTO cases (query, origin, asked_at, added_at) VALUES (?, ?, ?, ?)",
                (query, origin, asked_at.isoformat(), datetime.now(UTC).isoformat()),
            ).lastrowid
            assert number is not None
            for each in _united(evidence):
                said = self._said(each)
                if said is None:
                    raise NotFound(f"There is no document {each.document_id}.", "")
                db.execute(
                    "INSERT INTO evidence VALUES (?, ?, ?, ?, ?)",
                    (number, each.document_id, each.first, each.last, said),
                )
            return number

    def forget(self, case_ids: Iterable[int]) -> int:
        """Remove cases, from the bytes of the library, too; how many there were."""
        with self._database.transaction() as db:
            marks = [(each,) for each in case_ids]
            count = db.executemany("DELETE FROM cases WHERE id = ?", marks).rowcount
        if count > 0:
            self._database.wipe()
        return max(count, 0)

    def own_texts(self) -> dict[int, str]:
        """The questions, by case."""
        rows = self._database.all("SELECT id, query FROM cases")
        return {row["id"]: row["query"] for row in rows}

    def mined(self) -> dict[str, set[int]]:
        """By document, the first segments of the passages of which a question was drafted."""
        found: dict[str, set[int]] = {}
        for row in self._database.all("SELECT * FROM mined"):
            found.setdefault(row["document_id"], set()).add(row["first"])
        return found

    def note_mined(self, document_id: str, first: int) -> None:
        """Draft no question of this passage again. Nothing where its document is gone."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO mined SELECT id, ? FROM documents WHERE id = ? ON CONFLICT DO NOTHING",
                (first, document_id),
            )

    def _case(self, row: sqlite3.Row, evidence: Sequence[sqlite3.Row]) -> Case:
        return Case(
            id=row["id"],
            query=row["query"],
            origin=row["origin"],
            asked_at=datetime.fromisoformat(row["asked_at"]),
            added_at=datetime.fromisoformat(row["added_at"]),
            evidence=tuple(_evidence(each) for each in evidence),
            stale=any(self._said(_evidence(each)) != each["sha256"] for each in evidence),
        )

    def _said(self, where: Evidence) -> str | None:
        """The hash of what stands there; None where nothing does."""
        rows = self._database.all(
            "SELECT text FROM segments WHERE document_id = ? AND position BETWEEN ? AND ?"
            " ORDER BY position",
            where.document_id,
            where.first,
            where.last,
        )
        text = json.dumps([row["text"] for row in rows])
        return hashlib.sha256(text.encode()).hexdigest() if rows else None


def _evidence(row: sqlite3.Row) -> Evidence:
    return Evidence(row["document_id"], row["first"], row["last"])


def _united(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Stretches of the same document that overlap or touch, as one."""
    found: list[Evidence] = []
    for each in sorted(evidence, key=lambda e: (e.document_id, e.first, e.last)):
        before = found[-1] if found else None
        if before and before.document_id == each.document_id and each.first <= before.last + 1:
            last = max(before.last, each.last)
            found[-1] = Evidence(each.document_id, before.first, last)
        else:
            found.append(each)
    return found

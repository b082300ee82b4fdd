"""Looking for damage in the library. It can only be reported: the library is the truth."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Final

from memex.audit import Finding
from memex.database import faults, reading
from memex.errors import StorageError
from memex.protocols import Step
from memex.types import SAID, Segment, content_id

NOTES: Final = "Notes"
"""The heading of what came with a recording and was added at its end: no part of its id."""
RESTORE: Final = (
    "Restore a backup: `memex restore FILE --force` keeps this library aside. Without one,"
    " `sqlite3 library.db .recover | sqlite3 mended.db` saves what can be read."
)
AGAIN: Final = "Forget it and add its file again, or restore a backup."


def audit_library(path: Path) -> Iterator[Step | Finding]:
    """Progress, and what is wrong with the library at `path`. Where there is none there is
    nothing wrong. Others may write meanwhile.
    """
    if not path.exists():
        return
    try:
        found = faults(path)
        for fault in found:
            yield Finding("library", f"The library is damaged: {fault}.", RESTORE)
        if not found:
            yield from _texts(path)
    except StorageError as error:
        yield Finding("library", error.message, RESTORE)
    except sqlite3.DatabaseError as error:
        yield Finding("library", f"The library is damaged: {error}.", RESTORE)


def _texts(path: Path) -> Iterator[Step | Finding]:
    """Whether every document still says what it is named after."""
    with closing(reading(path)) as db:
        db.execute("BEGIN")
        rows = db.execute(
            "SELECT id, title, coalesce(json_extract(attributes, ?), id) AS said FROM documents",
            (f"$.{SAID}",),
        ).fetchall()
        titles = {row["id"]: row["title"] for row in rows}
        texts = {row["id"]: row["said"] for row in rows}
        (total,) = db.execute("SELECT count(*) FROM segments").fetchone()
        segments = db.execute(
            "SELECT document_id, position, text, heading FROM segments"
            " ORDER BY document_id, position"
        )
        done = 0
        silent = set(titles)
        for id_, group in groupby(segments, key=lambda row: row["document_id"]):
            under = list(group)
            fault = _fault(texts.get(id_, ""), under)
            if fault:
                yield Finding("library", f"{titles.get(id_, '')!r} ({id_[:8]}) {fault}.", AGAIN)
            silent.discard(id_)
            done += len(under)
            yield Step("the library", done, total, "segments")
        for id_ in sorted(silent):
            if id_ != content_id(()):
                yield Finding("library", f"{titles[id_]!r} ({id_[:8]}) lost its text.", AGAIN)


def _fault(text: str, rows: list[sqlite3.Row]) -> str:
    """What is wrong with the segments of a document, whose `content_id` was this; "" where
    nothing is.
    """
    if [row["position"] for row in rows] != list(range(len(rows))):
        return "lacks a part of its text"
    segments = [Segment(row["text"], heading=row["heading"]) for row in rows]
    said = [segments, segments[:-1]] if segments[-1].heading == NOTES else [segments]
    if text in map(content_id, said):
        return ""
    return "does not say any more what it said when it was remembered"

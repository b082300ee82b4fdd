"""Chapters as the podcast namespace has them: JSON, version 1.2
(https://github.com/Podcastindex-org/podcast-namespace, "jsonChapters.md").
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Final

from ingest.podcasts.errors import Malformed
from ingest.podcasts.markup import text_of
from ingest.readers.container import Chapter
from ingest.readers.text import label

MAX_CHAPTERS: Final = 1_000
MAX_BYTES: Final = 4 << 20
"""Bytes of a file of chapters: what `Web.get` is given as its limit."""


def read_chapters(data: bytes, duration: float | None = None) -> tuple[Chapter, ...]:
    """The chapters of an episode in order of time; those without a title, and those
    that are not to be shown ("toc": false), are left out.

    A chapter ends where it says so or where the next one begins, the last one at
    `duration` (seconds), infinity where that is not known. Raises `Malformed`.
    """
    try:
        table = json.loads(text_of(data[: MAX_BYTES + 1]))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The chapters are no JSON: {label(error)}.") from error
    rows = table.get("chapters") if isinstance(table, dict) else None
    if not isinstance(rows, list):
        raise Malformed('The chapters have no list of "chapters".')
    marks = sorted(islice(_marks(rows), MAX_CHAPTERS), key=lambda mark: mark[0])
    return tuple(_chapters(marks, math.inf if duration is None else duration))


def _marks(rows: list[object]) -> Iterator[tuple[float, float | None, str]]:
    """Start, end and title of each chapter, silent ones with an empty title."""
    for row in rows:
        if not isinstance(row, dict):
            continue
        start = _seconds(row.get("startTime"))
        title = row.get("title")
        shown = isinstance(title, str) and row.get("toc") is not False
        if start is not None and shown:
            yield start, _seconds(row.get("endTime")), label(title)


def _chapters(marks: list[tuple[float, float | None, str]], duration: float) -> Iterator[Chapter]:
    starts = [start for start, _, _ in marks]
    for number, (start, end, title) in enumerate(marks):
        following = next((each for each in starts[number + 1 :] if each > start), duration)
        last = following if end is None else min(end, following)
        if title and last > start:
            yield Chapter(title, start, last)


def _seconds(value: object) -> float | None:
    """A time as a number, or as text that is one."""
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None

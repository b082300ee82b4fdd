"""Times that count from when they were said, spelled out: "yesterday [7 May 2023]".

Whoever reads "yesterday" months later cannot tell when that was, and no small model can. What
is added stands in brackets, as an editor's words do in a quote.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final

from memex.times import Range, times_in

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=8)
"""Up to which a stretch is told by its first and last day."""
MONTHS: Final = timedelta(days=62)
"""Up to which it is told by its month, beyond by its year."""

_LABEL: Final = re.compile(r"^([^\W\d_][^:\n]{0,40}): (?=[^\W\d_])", re.MULTILINE)
"""Who speaks: "Ada: Last Friday" begins a sentence with "Last"."""


def spelled(text: str, said_at: datetime | None, zone: tzinfo | None) -> str:
    """A text, said or written at an aware time, with the dates of its relative times as they are
    in a zone.
    """
    if said_at is None:
        return text
    told, plain = text, _LABEL.sub(r"\1. ", text)
    try:
        for said in reversed(times_in(plain, said_at.astimezone(zone))):
            if said.relative and (when := _date(said.range)):
                told = f"{told[: said.end]} [{when}]{told[said.end :]}"
    except (OverflowError, ValueError):  # it was said at an end of time
        return text
    return told


def _date(found: Range) -> str:
    """A past stretch of time as a date; empty where it has no beginning or no end."""
    if found.since is None or found.until is None:
        return ""
    first, last = found.since, found.until - timedelta(microseconds=1)
    if first.date() == last.date():
        return _day(first)
    if last - first < WEEK:
        return f"{_day(first)} to {_day(last)}"
    middle = first + (last - first) / 2
    if last - first < MONTHS:
        whole = first.day == 1 and (last + DAY).day == 1 and first.month == last.month
        return f"{'' if whole else 'about '}{middle:%B %Y}"
    return f"{'in' if (first.month, first.day) == (1, 1) else 'about'} {middle.year}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"

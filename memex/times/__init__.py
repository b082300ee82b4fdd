"""Times as people say them, as ranges: "last Tuesday", "two summers ago", "before 2015".

`atoms` are the phrases that name a time, `chains` those that stand side by side, `phrases` the
chains with their prepositions. See docs/decisions/times.md for what is meant by what.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from memex.times.phrases import Phrase, phrases, whole
from memex.times.spans import Clock
from memex.times.text import Text
from memex.times.zones import clock_of, here


@dataclass(frozen=True, slots=True)
class Range:
    """A half-open stretch of time; None where a side is open."""

    since: datetime | None
    """Aware, in the user's zone."""
    until: datetime | None
    """Aware, in the user's zone; no longer part of it."""

    def __contains__(self, at: datetime) -> bool:
        """Whether an aware time lies in it."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Said:
    """A time that a text says."""

    range: Range
    words: str
    """The words that say it, with their preposition."""
    start: int
    """Where they begin in the text."""
    end: int
    relative: bool
    """Whether they count from now."""


def times_in(text: str, now: datetime, names: Iterable[str] = ()) -> list[Said]:
    """The times that a text says, in order; those that have not begun are left out.

    `now` is aware, in the user's zone: with a zone that knows when its clocks change
    (`zoneinfo.ZoneInfo`, `here`), not a mere offset. A month that is among the `names` people
    have (June) is a time only after "in". Raises `ValueError` for a naive `now`.
    """
    clock = clock_of(now)
    return [_said(text, found, clock) for found in phrases(Text.of(text, names), clock)]


def time_of(text: str, now: datetime, names: Iterable[str] = ()) -> Said | None:
    """The time that a text says; of several the first that counts from now, or else the first.
    Arguments and errors as in `times_in`.
    """
    found = times_in(text, now, names)
    return next((said for said in found if said.relative), found[0] if found else None)


def range_of(text: str, now: datetime) -> Range | None:
    """What a text means that says a time and nothing else ("2019", "May", "last week"); None
    where it says none. Raises `ValueError` for a naive `now`.
    """
    clock = clock_of(now)
    found = whole(Text.of(text.strip()), clock)
    return _range(found, clock) if found else None


def _said(text: str, found: Phrase, clock: Clock) -> Said:
    words = text[found.start : found.end]
    return Said(_range(found, clock), words, found.start, found.end, found.relative)


def _range(found: Phrase, clock: Clock) -> Range:
    since, until = (clock.aware(at) if at else None for at in (found.since, found.until))
    return Range(since, until)


__all__ = ["Range", "Said", "here", "range_of", "time_of", "times_in"]

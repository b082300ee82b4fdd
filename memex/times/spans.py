"""Stretches of local time, and arithmetic with the units of a calendar.

Inside this package times are wall-clock times: naive, of the user's zone. A local day is from
midnight to midnight by the wall clock, so it has 23 or 25 hours where the clocks change; the
zone is put on at the very end (`Clock.aware`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from dateutil.relativedelta import relativedelta

DAY: Final = timedelta(days=1)
UNITS: Final = ("minute", "hour", "day", "week", "month", "quarter", "year", "decade")
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
"""Months of a unit."""
_EXACT: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
"""Units that are lengths of time, not of the calendar."""
_SLACK: Final = {"minute": timedelta(minutes=5), "hour": timedelta(minutes=30)}
"""How far from the moment "ten minutes ago", "three hours ago" may be meant."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of wall-clock time, half-open. A moment has no length."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """By the wall clock."""
        return self.until - self.since

    def hull(self, other: Span) -> Span:
        """The shortest span that holds both."""
        return Span(min(self.since, other.since), max(self.until, other.until))

    def meets(self, other: Span) -> bool:
        """Whether they have a moment in common; a moment at an edge of the other does."""
        if self.since == self.until:
            return other.since <= self.since <= other.until
        return self.since < other.until and other.since < self.until

    def wider(self, by: timedelta) -> Span:
        """With as much more on both sides."""
        return Span(self.since - by, self.until + by)


@dataclass(frozen=True, slots=True)
class Clock:
    """Now, where the user is."""

    now: datetime
    """Wall-clock time."""
    zone: tzinfo
    south: bool
    """Whether January is in summer."""
    month_first: bool
    """Whether 3/5/2025 is 5 March."""

    @property
    def today(self) -> Span:
        """The local day."""
        return day(self.now.date())

    def back(self, length: timedelta) -> datetime:
        """The wall-clock time when so much time has not yet passed, clock changes counted."""
        then = self.now.replace(tzinfo=self.zone).astimezone(UTC) - length
        return then.astimezone(self.zone).replace(tzinfo=None)

    def aware(self, at: datetime) -> datetime:
        """A wall-clock time in the user's zone."""
        return at.replace(tzinfo=self.zone)


def midnight(of: date) -> datetime:
    """The start of a day."""
    return datetime.combine(of, time())


def day(of: date) -> Span:
    """The day."""
    return Span(midnight(of), midnight(of) + DAY)


def unit(name: str, of: datetime) -> Span:
    """The calendar unit, a day or longer, that a time lies in; weeks begin on Monday."""
    start = midnight(of.date())
    if name == "day":
        return Span(start, start + DAY)
    if name == "week":
        start -= of.weekday() * DAY
        return Span(start, start + 7 * DAY)
    if name in {"year", "decade"}:
        years = _MONTHS[name] // 12
        start = start.replace(year=of.year - of.year % years, month=1, day=1)
    else:
        start = start.replace(month=of.month - (of.month - 1) % _MONTHS[name], day=1)
    return Span(start, shifted(start, 1, name))


def shifted(at: datetime, by: int, name: str) -> datetime:
    """So many calendar units later; 31 May and a month is 30 June."""
    if name in _MONTHS:
        later: datetime = at + relativedelta(months=by * _MONTHS[name])
        return later
    return at + by * {"day": 1, "week": 7}[name] * DAY


def ago(clock: Clock, n: int, name: str) -> Span:
    """What is meant by "n units ago": that moment, give or take half a unit."""
    if name in _EXACT:
        length, slack = n * _EXACT[name], _SLACK[name]
        return Span(clock.back(length + slack), clock.back(length - slack))
    then = day(shifted(clock.today.since, -n, name).date())
    if name == "day":
        return then
    if name == "week":
        return then.wider(3 * DAY)
    if name == "month":
        return then.wider(15 * DAY)
    half = _MONTHS[name] // 2
    return Span(shifted(then.since, -half, "month"), shifted(then.since, half, "month"))


def past(clock: Clock, n: int, name: str) -> datetime:
    """When "the last n units" began: to the minute for hours, else at midnight."""
    if name in _EXACT:
        return clock.back(n * _EXACT[name])
    return shifted(clock.today.since, -n, name)


def third(span: Span, which: int) -> Span:
    """Its early (0), middle (1) or late (2) part: thirds of months or of days; of a week three
    days and of a decade four years, which overlap. Whole where it is shorter than five days.
    """
    days, months = span.length // DAY, _months(span)
    if days < 5:
        return span
    if days < 8:
        start = span.since + (0, 2, days - 3)[which] * DAY
        return Span(start, start + 3 * DAY)
    if not months or months % 3 or span.since.day != 1:
        ends = (span.since, *(span.since + n * (days // 3) * DAY for n in (1, 2)), span.until)
        return Span(ends[which], ends[which + 1])
    length = months // 3 if months <= 12 else months * 2 // 5
    first = (0, months // 3, months - length)[which]
    start = shifted(span.since, first, "month")
    return Span(start, shifted(start, length, "month"))


def half(span: Span, which: int) -> Span:
    """Its first (0) or second (1) half: by months, or else by days."""
    months = _months(span)
    if months and months % 2 == 0 and span.since.day == 1:
        middle = shifted(span.since, months // 2, "month")
    else:
        middle = midnight((span.since + span.length / 2).date())
    return Span(span.since, middle) if which == 0 else Span(middle, span.until)


def _months(span: Span) -> int:
    """Calendar months from its beginning to its end."""
    return (span.until.year - span.since.year) * 12 + span.until.month - span.since.month

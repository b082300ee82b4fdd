"""Times that come again under the same name: weekdays, months, seasons, holidays.

Such a name is a function from a year to its spans that begin in it, in order. A memory looks
back: a bare name is the latest that has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Final

from dateutil.easter import easter

from memex.times.spans import DAY, Clock, Span, day, midnight, shifted

Named = Callable[[int], Iterator[Span]]
"""The spans of a name that begin in a year, in order."""

SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""The month, in the north, with whose first day a season begins (as meteorologists count)."""


def weekday(which: int) -> Named:
    """A day of the week, Monday is 0."""

    def spans(year: int) -> Iterator[Span]:
        start = date(year, 1, 1)
        at = start + (which - start.weekday()) % 7 * DAY
        while at.year == year:
            yield day(at)
            at += 7 * DAY

    return spans


def weekend(year: int) -> Iterator[Span]:
    """Saturday and Sunday."""
    for saturday in weekday(5)(year):
        yield Span(saturday.since, saturday.since + 2 * DAY)


def months(first: int, count: int = 1) -> Named:
    """So many months from one, 1 to 12, on."""

    def spans(year: int) -> Iterator[Span]:
        start = midnight(date(year, first, 1))
        yield Span(start, shifted(start, count, "month"))

    return spans


def season(name: str, clock: Clock) -> Named:
    """Three months, where the user is."""
    first = SEASONS[name] + (6 if clock.south else 0)
    return months((first - 1) % 12 + 1, 3)


def month_days(month: int, first: int, last: int) -> Named:
    """Days of a month; none in years in which one of them is missing."""

    def spans(year: int) -> Iterator[Span]:
        try:
            start, end = date(year, month, first), date(year, month, last)
        except ValueError:  # 29 February, 31 June
            return
        if start <= end:
            yield day(start).hull(day(end))

    return spans


def day_of_month(number: int) -> Named:
    """The 5th of every month; the 31st of those that have one."""

    def spans(year: int) -> Iterator[Span]:
        for month in range(1, 13):
            yield from month_days(month, number, number)(year)

    return spans


def around_easter(first: int, last: int) -> Named:
    """Days counted from Easter Sunday."""

    def spans(year: int) -> Iterator[Span]:
        sunday = easter(year)
        yield day(sunday + first * DAY).hull(day(sunday + last * DAY))

    return spans


def thanksgiving(year: int) -> Iterator[Span]:
    """The fourth Thursday of November, as in the United States."""
    first = date(year, 11, 1)
    yield day(first + timedelta(days=(3 - first.weekday()) % 7 + 21))


def new_year(year: int) -> Iterator[Span]:
    """The last day of a year and the first of the next."""
    yield Span(midnight(date(year, 12, 31)), midnight(date(year + 1, 1, 2)))


def latest(name: Named, clock: Clock, *, today: bool = True) -> Span | None:
    """The latest that has begun; begun before today, if that is asked."""
    now = clock.now if today else clock.today.since - timedelta.resolution
    return next((span for span in _backwards(name, clock) if span.since <= now), None)


def ended(name: Named, clock: Clock, n: int = 1) -> Span | None:
    """The n-th from the end of those that are over."""
    over = (span for span in _backwards(name, clock) if span.until <= clock.now)
    return next(islice(over, n - 1, None), None)


def this(name: Named, clock: Clock) -> Span | None:
    """The one that is now; else the last, unless the next is near (six weeks) and much nearer."""
    years = range(clock.now.year - 1, clock.now.year + 2)
    spans = [span for year in years for span in name(year)]
    over = [span for span in spans if span.until <= clock.now]
    begun = [span for span in spans if span.since <= clock.now < span.until]
    ahead = [span for span in spans if span.since > clock.now]
    if begun or not (over and ahead):
        return next(iter(begun or over[-1:] or ahead), None)
    wait = ahead[0].since - clock.now
    near = wait <= 45 * DAY and 2 * wait < clock.now - over[-1].until
    return ahead[0] if near else over[-1]


def within(name: Named, outer: Span, *, last: bool = False, n: int = 1) -> Span | None:
    """The n-th, or the last, that begins in a span."""
    years = range(outer.since.year, outer.until.year + 1)
    spans = [s for year in years for s in name(year) if outer.since <= s.since < outer.until]
    if last:
        return spans[-1] if spans else None
    return spans[n - 1] if len(spans) >= n else None


def _backwards(name: Named, clock: Clock) -> Iterator[Span]:
    """From next year back, as far as a century."""
    for year in range(clock.now.year + 1, max(clock.now.year - 100, 0), -1):
        yield from reversed(list(name(year)))

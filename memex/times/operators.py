"""Words in front of a chain that narrow or move what it means: "early", "the first half of",
"the last Friday of", "two days before", "the week of".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from memex.times import recurring
from memex.times.recurring import Named
from memex.times.spans import DAY, Span, day, half, midnight, shifted, third, unit
from memex.times.vocabulary import (
    COUNT,
    ORDINAL,
    PART,
    PARTS,
    WEEKDAY,
    count_of,
    ordinal_of,
    weekday_of,
)

Apply = Callable[[Span, Span], Span | None]
"""From what a chain means and its very day, to what is meant with the operator."""
Match = re.Match[str]
Operator = Callable[[Match, str, bool], Apply | None]
"""From the words, the finest kind of the chain behind and whether that is a time by itself, to
what is done; None where they do not go together."""

DATES: Final = frozenset({"holiday", "date", "weekday", "number", "day"})
"""Kinds of atoms that are a day."""
LONG: Final = frozenset({"month", "quarter", "season", "year", "decade", "week"})
"""Kinds of atoms that have parts of their own."""
_SLACK: Final = {"day": 0 * DAY, "week": 3 * DAY, "month": 15 * DAY}
"""How far from the day "two months before Easter" may be meant."""
_EARLY: Final = {"early": 0, "beginning": 0, "start": 0, "mid": 1, "middle": 1, "late": 2, "end": 2}
_UNITS: Final = frozenset({"year", "month"})

_THIRD: Final = re.compile(
    r"(?:the )?(?:very )?(?:(?P<early>early|mid|late)(?: in(?: the)?| on)?[ -](?:the )?"
    r"|(?P<part>beginning|start|middle|end) of (?:the )?)"
)
_HALF: Final = re.compile(r"(?:the )?(?P<which>first|second|last) half of (?:the )?")
_NTH: Final = re.compile(
    rf"(?:the )?(?P<nth>{ORDINAL}|[1-5](?:st|nd|rd|th)|last) "
    rf"(?P<count>{COUNT} )?(?P<what>week|weekend|day|month|{WEEKDAY})(?P<many>s)?"
    r" (?:of|in) (?:the )?"
)
_OFFSET: Final = re.compile(
    rf"(?:the |(?P<n>{COUNT}) )?(?P<what>day|week|month|weekend|{PART}|{WEEKDAY})s?"
    r" (?P<side>before|after) "
)
_AROUND: Final = re.compile(r"(?:the )?(?P<what>week|weekend|month|year) of ")


def _thirds(match: Match, kind: str, sure: bool) -> Apply | None:
    which = _EARLY[match["early"] or match["part"]]
    return (lambda span, _core: third(span, which)) if sure or kind in LONG else None


def _halves(match: Match, kind: str, _sure: bool) -> Apply | None:
    which = 0 if match["which"] == "first" else 1
    return (lambda span, _core: half(span, which)) if kind in LONG else None


def _nths(match: Match, kind: str, _sure: bool) -> Apply | None:
    """The last Friday of June; the first week of October is its first seven days."""
    last, what = match["nth"] == "last", match["what"]
    if kind not in LONG or (kind == "week" and what != "day") or kind == what:
        return None
    n = 1 if last else ordinal_of(match["nth"])
    if match["many"] or match["count"]:
        return _several(match, what, last) if n == 1 else None

    def apply(span: Span, _core: Span) -> Span | None:
        if what in _SLACK:
            start = shifted(span.until, -1, what) if last else shifted(span.since, n - 1, what)
            return Span(start, shifted(start, 1, what)) if start < span.until else None
        return recurring.within(_named(what), span, last=last, n=n)

    return apply


def _several(match: Match, what: str, last: bool) -> Apply | None:
    """The first three months of 2025; the last days of January are its last third."""
    if what not in _SLACK:
        return None
    if not match["count"]:
        return lambda span, _core: third(span, 2 if last else 0)
    _, n = count_of(match["count"].strip())

    def apply(span: Span, _core: Span) -> Span:
        if last:
            return Span(shifted(span.until, -n, what), span.until)
        return Span(span.since, shifted(span.since, n, what))

    return apply


def _offsets(match: Match, kind: str, _sure: bool) -> Apply | None:
    """Two days before Christmas, the week after Easter, the Sunday before the 5th."""
    if kind not in DATES:
        return None
    what, later = match["what"], match["side"] == "after"
    count = count_of(match["n"]) if match["n"] else None

    def apply(span: Span, core: Span) -> Span | None:
        if what in PARTS:
            on_the_day = later and what == "night"
            return _part(what, core if on_the_day else _days_off(core, 1 if later else -1))
        if what not in _SLACK:
            week = Span(core.until, core.until + 7 * DAY)
            before = Span(core.since - 7 * DAY, core.since)
            return recurring.within(_named(what), week if later else before, last=not later)
        if count is None and what != "day":
            edge = midnight((span.until if later else core.since).date())
            return Span(edge, shifted(edge, 1, what)) if later else _ending(edge, what)
        low, high = ((n if later else -n) for n in count or (1, 1))
        ends = [day(shifted(core.since, n, what).date()) for n in (low, high)]
        return ends[0].hull(ends[1]).wider(_SLACK[what])

    return apply


def _units(match: Match, kind: str, _sure: bool) -> Apply | None:
    """The week of June 10, the month of May."""
    what = match["what"]
    if what in _UNITS:
        return (lambda span, _core: span) if kind == what else None
    if kind not in DATES:
        return None

    def apply(_span: Span, core: Span) -> Span:
        week = unit("week", core.since)
        return week if what == "week" else Span(week.since + 5 * DAY, week.until)

    return apply


def _named(what: str) -> Named:
    return recurring.weekend if what == "weekend" else recurring.weekday(weekday_of(what))


def _part(name: str, of: Span) -> Span:
    first, last = (timedelta(hours=hours) for hours in PARTS[name])
    return Span(of.since + first, of.since + last)


def _days_off(span: Span, days: int) -> Span:
    return Span(span.since + days * DAY, span.until + days * DAY)


def _ending(edge: datetime, what: str) -> Span:
    return Span(shifted(edge, -1, what), edge)


OPERATORS: Final[tuple[tuple[re.Pattern[str], Operator], ...]] = (
    (_NTH, _nths),
    (_HALF, _halves),
    (_THIRD, _thirds),
    (_OFFSET, _offsets),
    (_AROUND, _units),
)
"""All operators, with their words."""

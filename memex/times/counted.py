"""Atoms that count from now: "yesterday", "last week", "three days ago", "recently"."""

from __future__ import annotations

import re
from typing import Final

from memex.times.atom import Atom, Match, from_now, maker
from memex.times.hours import part_of
from memex.times.spans import DAY, Clock, Span, ago, day, past, shifted, unit
from memex.times.text import Text
from memex.times.vocabulary import (
    COUNT,
    PART,
    UNIT,
    count_of,
    unit_of,
)


@maker(r"(?:earlier |late |early |later )?(?P<day>today|yesterday|the day before yesterday)")
def _day(match: Match, _text: Text, clock: Clock) -> Atom:
    back = {"today": 0, "yesterday": 1}.get(match["day"], 2)
    return from_now(match, "day", day(clock.now.date() - back * DAY))


@maker(rf"(?:earlier )?this (?P<part>{PART})|(?P<tonight>tonight)")
def _thispart_of(match: Match, _text: Text, clock: Clock) -> Atom:
    return from_now(match, "part", part_of(match["part"] or "night", clock.today))


@maker(r"(?P<last>last night|(?:the )?night before last)")
def _last_night(match: Match, _text: Text, clock: Clock) -> Atom:
    back = 1 if match["last"] == "last night" else 2
    return from_now(match, "part", part_of("night", day(clock.now.date() - back * DAY)))


@maker(
    r"(?:earlier |later )?(?P<mode>last|this|this past|the past)"
    r" (?P<unit>week|month|quarter|year|decade)"
)
def _last_unit(match: Match, _text: Text, clock: Clock) -> Atom:
    name = match["unit"]
    span = unit(name, clock.now)
    if match["mode"] != "this":
        span = unit(name, span.since - DAY)
    return from_now(match, "year" if name == "decade" else name, span)


@maker(r"(?:the )?(?P<unit>week|month|quarter|year|decade) before last")
def _before_last(match: Match, _text: Text, clock: Clock) -> Atom:
    span = unit(match["unit"], clock.now)
    for _ in range(2):
        span = unit(match["unit"], span.since - DAY)
    return from_now(match, match["unit"], span)


_HALVES: Final = {"hour": (30, "minute"), "day": (12, "hour"), "year": (6, "month")}
"""What half a unit is."""


@maker(rf"(?P<n>{COUNT}|half an?) (?P<unit>{UNIT})s? (?:ago|back)(?: (?P<day>today))?")
def _ago(match: Match, _text: Text, clock: Clock) -> Atom | None:
    name = unit_of(match["unit"])
    if match["n"].startswith("half"):
        low, name = _HALVES.get(name, (0, name))
        high = low
    else:
        low, high = count_of(match["n"])
    if not low:
        return None
    if match["day"] and name in {"week", "month", "year"}:
        return from_now(match, "day", day(shifted(clock.today.since, -low, name).date()))
    kind = "ago" if name in {"minute", "hour"} else name
    return from_now(match, kind, ago(clock, low, name).hull(ago(clock, high, name)))


@maker(
    rf"(?:in |over |during |within |for )?(?:the |these |this )?(?:last|past) (?P<n>{COUNT} )?"
    rf"(?P<unit>{UNIT})(?P<many>s)?"
)
def _last_units(match: Match, text: Text, clock: Clock) -> Atom | None:
    """Both "the last three days" and "the past week" go on until now; "last week" does not."""
    if not match["n"] and not re.match(r"(?:\w+ )?(?:the|this) (?:past|last)", match[0]):
        return None
    name = unit_of(match["unit"])
    idiom = name in {"minute", "hour", "day"} and not re.match("in|over|during|within", match[0])
    if not match["n"] and (idiom or text.lower.startswith(" of ", match.end())):
        return None
    high = count_of(match["n"].strip())[1] if match["n"] else 1
    span = Span(past(clock, high, name), clock.now)
    return from_now(match, "past", span)


@maker(
    r"(?<!how )(?:(?:very |quite |only )?recently|lately|these days"
    r"|not (?:so |too |that )?long ago)"
)
def _recently(match: Match, _text: Text, clock: Clock) -> Atom:
    return from_now(match, "past", Span(past(clock, 30, "day"), clock.now))


@maker(r"the other (?P<what>day|morning|afternoon|evening|night|week|weekend|month)")
def _the_other(match: Match, _text: Text, clock: Clock) -> Atom:
    """Vague, and not today: the two weeks, six weeks, six months before."""
    today = clock.today.since
    if match["what"] == "month":
        start = unit("month", today).since
        return from_now(match, "month", Span(shifted(start, -6, "month"), start))
    if match["what"].startswith("week"):
        start = unit("week", today).since
        return from_now(match, "month", Span(start - 42 * DAY, start))
    return from_now(match, "week", Span(today - 14 * DAY, today))


@maker(r"(?P<n>a|one|two|three|four|five|six|\d) (?P<part>morning|afternoon|evening|night)s? ago")
def _parts_ago(match: Match, _text: Text, clock: Clock) -> Atom:
    then = day(clock.now.date() - count_of(match["n"])[0] * DAY)
    return from_now(match, "part", part_of(match["part"], then))


@maker(r"this (?P<unit>week|month|quarter) last year")
def _this_unit(match: Match, _text: Text, clock: Clock) -> Atom:
    then = shifted(clock.today.since, -1, "year")
    return from_now(match, match["unit"], unit(match["unit"], then))


@maker(r"(?P<this>this time|this day) (?:last year|a year ago)")
def _this_time(match: Match, _text: Text, clock: Clock) -> Atom:
    then = day(shifted(clock.today.since, -1, "year").date())
    day_only = match["this"] == "this day"
    return from_now(match, "day", then if day_only else then.wider(15 * DAY))

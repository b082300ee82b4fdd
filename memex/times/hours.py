"""Atoms within a day: "morning", "9:40", "between 9 and 11 am"."""

from __future__ import annotations

import re
from datetime import timedelta

from memex.times.atom import LEADS, Atom, Match, Resolve, maker
from memex.times.spans import DAY, Clock, Span, midnight
from memex.times.text import Text
from memex.times.vocabulary import (
    PART,
    PARTS,
)


@maker(rf"(?:the )?(?:early |late )?(?P<part>{PART})")
def _part_atom(match: Match, _text: Text, _clock: Clock) -> Atom:
    part = match["part"]
    return Atom(*match.span(), "part", lambda outer, _: outer and part_of(part, outer))


@maker(
    r"(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d))?"
    r"(?: ?(?P<half>am|pm|a\.m\.|p\.m\.)| ?o'clock)"
    r"|(?P<hour24>[01]?\d|2[0-3]):(?P<minute24>[0-5]\d)(?![:\d])"
    r"|(?P<name>noon|midday|midnight)"
)
def _clock_time(match: Match, _text: Text, _clock: Clock) -> Atom:
    if match["name"]:
        hour, minute, half = (0 if match["name"] == "midnight" else 12), 0, "24"
    else:
        hour = int(match["hour"] or match["hour24"])
        minute = int(match["minute"] or match["minute24"] or 0)
        written = match["hour"] or match["hour24"]
        half = (match["half"] or "")[:1] or ("24" if written.startswith("0") else "")
    kind = "minute" if minute else "clock"
    return Atom(*match.span(), kind, _moment(hour, minute, half), leads=LEADS["clock"])


@maker(r"(?P<hour>1[0-2]|[1-9])(?![\w:.%/-]*\w*\d|st|nd|rd|th)")
def _hour(match: Match, text: Text, _clock: Clock) -> Atom | None:
    """The hour of "at 9", which is a time only where a day stands beside it."""
    if not re.search(
        r"\b(?:at|around|about|before|after|by|since|until) $", text.lower[: match.start()]
    ):
        return None
    return Atom(*match.span(), "hour", _moment(int(match["hour"]), 0, ""))


@maker(
    r"(?:between|from) (?P<a>\d\d?)(?::(?P<am>[0-5]\d))?(?: ?(?P<ah>am|pm))?"
    r" ?(?:and|to|until|till|-|–) ?(?P<b>\d\d?)(?::(?P<bm>[0-5]\d))?(?: ?(?P<bh>am|pm))?"
)
def _hours(match: Match, _text: Text, _clock: Clock) -> Atom | None:
    """A stretch of a day: "between 9 and 11 am"."""
    if max(int(match["a"]), int(match["b"])) > 23:
        return None
    last = (match["bh"] or "")[:1]
    first = (match["ah"] or "")[:1] or (last if int(match["a"]) <= int(match["b"]) else "")
    start = _moment(int(match["a"]), int(match["am"] or 0), first)
    end = _moment(int(match["b"]), int(match["bm"] or 0), last)

    def resolve(outer: Span | None, clock: Clock) -> Span | None:
        one, two = start(outer, clock), end(outer, clock)
        return Span(one.since, two.since) if one and two and one.since < two.since else None

    sure = bool(match["ah"] or match["bh"])
    return Atom(*match.span(), "hour", resolve, sure=sure)


def part_of(name: str, outer: Span) -> Span | None:
    """A part of the day that a span begins with; None where it is longer than a day."""
    if outer.length > DAY:
        return None
    start = midnight(outer.since.date())
    first, last = PARTS[name]
    return Span(start + timedelta(hours=first), start + timedelta(hours=last))


def _moment(hour: int, minute: int, half: str) -> Resolve:
    """A time of day; `half` is "a", "p", "24" or, where it is not said, "": then from 7 to 12
    is before noon, unless it is not within the part of the day that stands beside it.
    """
    hours = [hour]
    if half in {"a", "p"}:
        hours = [hour % 12 + 12 * (half == "p")]
    elif not half and hour <= 12:
        early, late = hour % 12, hour % 12 + 12
        hours = [late, early] if hour < 7 or hour == 12 else [early, late]

    def resolve(outer: Span | None, clock: Clock) -> Span | None:
        within = outer or clock.today
        if within.length > DAY:
            return None
        start = midnight(within.since.date())
        for days in (0, 1):
            for each in hours:
                at = start + timedelta(days=days, hours=each, minutes=minute)
                if within.since <= at < within.until:
                    early = outer is None and at > clock.now
                    return Span(at - DAY, at - DAY) if early else Span(at, at)
        return None

    return resolve

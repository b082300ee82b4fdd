"""Atoms with a name that comes again: "Tuesday", "May", "last summer", "Christmas", "the 5th"."""

from __future__ import annotations

import re

from memex.times import recurring
from memex.times.atom import LEADS, Atom, Match, again, from_now, maker
from memex.times.holidays import holiday
from memex.times.spans import Clock, Span
from memex.times.text import Text
from memex.times.vocabulary import (
    CAPITAL,
    DAY_NUMBER,
    HOLIDAY,
    LAST,
    MONTH,
    NAMELIKE,
    SEASON,
    WEEKDAY,
    count_of,
    month_of,
    ordinal_of,
    weekday_of,
)


@maker(rf"(?:(?P<mode>{LAST}) )?(?P<name>{WEEKDAY})(?P<before> before last)?")
def _weekday(match: Match, text: Text, _clock: Clock) -> Atom | None:
    short = match["name"].rstrip(".")
    if short in CAPITAL and (
        text.is_small(match.start("name")) or text.capital_follows(match.end())
    ):
        return None
    mode = _mode(match)
    resolve = again(recurring.weekday(weekday_of(short)), mode, today=False)
    return Atom(
        *match.span(), "weekday", resolve, bool(mode), LEADS["weekday"], relative=bool(mode)
    )


@maker(rf"(?:(?P<mode>{LAST}) |the )?weekend(?P<before> before last)?")
def _weekend(match: Match, _text: Text, _clock: Clock) -> Atom:
    mode = _mode(match)
    resolve = again(recurring.weekend, mode)
    return Atom(
        *match.span(), "weekend", resolve, bool(mode), LEADS["weekend"], relative=bool(mode)
    )


@maker(rf"(?:(?P<mode>{LAST}) )?(?P<name>{MONTH})(?P<before> before last)?")
def _month(match: Match, text: Text, _clock: Clock) -> Atom | None:
    name, mode = match["name"].rstrip("."), _mode(match)
    small = text.is_small(match.start("name"))
    if name in NAMELIKE | {"march"} and match["s"] and not mode:
        return None
    if small and (mode == "this" and name in {"may", "march"}):
        return None
    if name in CAPITAL and small and not mode:
        return None
    leads = LEADS["month"]
    if name in NAMELIKE or name == "march":
        leads = frozenset({"in", "during"}) if name in text.names else leads - {"from"}
        if text.verb_follows(match.end()):
            leads = frozenset({"in", "during"})
    resolve = again(recurring.months(month_of(name)), mode)
    return Atom(*match.span(), "month", resolve, bool(mode), leads, relative=bool(mode))


@maker(
    rf"(?:(?P<mode>{LAST}) )?(?P<name>{SEASON})(?P<before> before last)?(?! of (?!\d|last|this))"
)
def _season(match: Match, text: Text, clock: Clock) -> Atom | None:
    mode, name = _mode(match), match["name"]
    if mode in {"this", "last"} and name in {"fall", "spring"}:
        preceded = text.lower[: match.start()].endswith("the ")
        if preceded or text.noun_follows(match.end()):
            return None
    leads = frozenset[str]() if text.noun_follows(match.end()) else LEADS["season"]
    resolve = again(recurring.season(name, clock), mode)
    return Atom(*match.span(), "season", resolve, bool(mode), leads, relative=bool(mode))


@maker(rf"(?:(?P<mode>{LAST}) )?(?P<name>{HOLIDAY})(?P<before> before last)?")
def _holidays(match: Match, _text: Text, _clock: Clock) -> Atom:
    name, core = holiday(match["name"])
    mode = _mode(match)
    alone, dated = again(name, mode), again(core, mode)

    def resolve(outer: Span | None, clock: Clock) -> Span | None:
        first = name is recurring.new_year and outer is not None
        return dated(outer, clock) if first else alone(outer, clock)

    leads = LEADS["holiday"] | ({"in"} if name is recurring.new_year else set())
    return Atom(*match.span(), "holiday", resolve, bool(mode), leads, bool(mode), core=core)


@maker(
    r"q(?P<n>[1-4])|(?:the )?(?P<word>first|second|third|fourth|1st|2nd|3rd|4th|last) quarter"
    r"(?! of (?!\d|last|this|the year))"
)
def _quarter(match: Match, text: Text, _clock: Clock) -> Atom:
    word = match["word"]
    number = int(match["n"]) if match["n"] else 4 if word == "last" else ordinal_of(word)
    noun = word is not None and text.noun_follows(match.end())
    leads = frozenset[str]() if noun else LEADS["quarter"]
    resolve = again(recurring.months(3 * number - 2, 3), "")
    return Atom(*match.span(), "quarter", resolve, sure=bool(match["n"]), leads=leads)


@maker(rf"the (?P<n>{DAY_NUMBER})(?:st|nd|rd|th)")
def _number(match: Match, text: Text, _clock: Clock) -> Atom | None:
    if text.noun_follows(match.end()):
        return None
    resolve = again(recurring.day_of_month(int(match["n"])), "")
    return Atom(*match.span(), "number", resolve, leads=LEADS["number"])


@maker(
    r"(?P<n>a|one|two|three|four|five|six|\d)"
    rf" (?P<what>{SEASON}|{HOLIDAY}|{WEEKDAY}|{MONTH}|weekend)(?:e?s)? ago"
)
def _ago(match: Match, _text: Text, clock: Clock) -> Atom:
    """Two summers ago: the second from the end of those that are over."""
    what = match["what"]
    if what in recurring.SEASONS:
        kind, name = "season", recurring.season(what, clock)
    elif what == "weekend":
        kind, name = "weekend", recurring.weekend
    elif re.fullmatch(WEEKDAY, what):
        kind, name = "weekday", recurring.weekday(weekday_of(what))
    elif re.fullmatch(MONTH, what):
        kind, name = "month", recurring.months(month_of(what))
    else:
        kind, name = "holiday", holiday(what)[0]
    return from_now(match, kind, recurring.ended(name, clock, count_of(match["n"])[0]))


def _mode(match: Match) -> str:
    if match["before"]:
        return "before last"
    mode = match["mode"] or ""
    return mode if mode == "this" else "last" if mode else ""

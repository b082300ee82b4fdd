"""Atoms that are dates and years: "3 March", "2026-05-14", "2019", "the nineties"."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from memex.times import recurring
from memex.times.atom import LEADS, Atom, Match, again, fixed, maker
from memex.times.recurring import Named
from memex.times.spans import Clock, Span, day, midnight, unit
from memex.times.text import Text
from memex.times.vocabulary import (
    DAY_NUMBER,
    DECADES,
    MONTH,
    NAMELIKE,
    ORDINAL,
    YEAR,
    month_of,
    ordinal_of,
)

_OF_YEAR: Final = rf"(?:,? (?:of |in )?(?P<year>{YEAR}))?(?![\d:])"
_NTH: Final = rf"(?P<n>{DAY_NUMBER})(?P<th>st|nd|rd|th)?"


@maker(rf"(?:the )?(?:{_NTH}|(?P<word>{ORDINAL}))(?: of)? (?P<month>{MONTH}){_OF_YEAR}")
@maker(rf"(?P<month>{MONTH}) (?:the )?(?:{_NTH}|(?P<word>{ORDINAL})){_OF_YEAR}")
def _date(match: Match, text: Text, _clock: Clock) -> Atom | None:
    name = match["month"].rstrip(".")
    first = match.start("month") == match.start()
    unclear = name in NAMELIKE | {"march"} and text.is_small(match.start("month"))
    plain = not match["th"] and not match["year"]
    if unclear and first and plain and (match["word"] or text.noun_follows(match.end())):
        return None
    number = ordinal_of(match["word"]) if match["word"] else int(match["n"])
    return _dated(match, recurring.month_days(month_of(name), number, number))


@maker(
    rf"(?:between |from )?(?:the )?{_NTH} ?(?:-|–|to|and|until|through) ?(?:the )?"
    rf"(?P<last>{DAY_NUMBER})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH}){_OF_YEAR}"
)
@maker(
    rf"(?:between |from )?(?P<month>{MONTH}) {_NTH} ?(?:-|–|to|and|until|through) ?"
    rf"(?P<last>{DAY_NUMBER})(?:st|nd|rd|th)?{_OF_YEAR}"
)
def _dates(match: Match, _text: Text, _clock: Clock) -> Atom | None:
    month = month_of(match["month"])
    return _dated(match, recurring.month_days(month, int(match["n"]), int(match["last"])))


def _dated(match: Match, name: Named) -> Atom | None:
    if not match["year"]:
        return Atom(*match.span(), "date", again(name, ""), sure=True)
    span = next(name(int(match["year"])), None)
    return Atom(*match.span(), "date", fixed(span), sure=True) if span else None


@maker(
    r"(?P<year>(?:19|20)\d\d)(?P<by>[-/])(?P<month>\d\d?)(?P=by)(?P<day>\d\d?)"
    r"(?:[t ](?P<hour>\d\d):(?P<minute>\d\d)(?::\d\d)?)?(?![-/\d])"
)
def _iso(match: Match, _text: Text, _clock: Clock) -> Atom | None:
    span = _checked(match["year"], match["month"], match["day"])
    if span is None or not match["hour"]:
        return Atom(*match.span(), "date", fixed(span), sure=True) if span else None
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 23 or minute > 59:
        return None
    at = span.since + timedelta(hours=hour, minutes=minute)
    return Atom(*match.span(), "minute", fixed(Span(at, at)), sure=True)


@maker(r"(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])(?![-/\d])")
def _iso_month(match: Match, _text: Text, _clock: Clock) -> Atom:
    span = unit("month", midnight(date(int(match["year"]), int(match["month"]), 1)))
    return Atom(*match.span(), "month", fixed(span), sure=True)


@maker(r"(?P<a>\d\d?)(?P<by>[./])(?P<b>\d\d?)(?P=by)(?P<year>(?:19|20)\d\d)(?![./]?\d)")
def _numeric(match: Match, text: Text, clock: Clock) -> Atom | None:
    """3/5/2025 is 5 March in the United States and 3 May elsewhere, as 3.5.2025 is everywhere."""
    if re.search(r"(?:version|release|v|ver\.?) ?$", text.lower[: match.start()]):
        return None
    first, second = match["a"], match["b"]
    swap = int(second) > 12 or (clock.month_first and match["by"] == "/" and int(first) <= 12)
    number, month = (second, first) if swap else (first, second)
    span = _checked(match["year"], month, number)
    return Atom(*match.span(), "date", fixed(span), sure=True) if span else None


@maker(rf"(?P<year>{YEAR})(?!\d|[-–]\d\d?(?!\d)|[:.,/]\d|:| ?%|-[a-z])")
def _year(match: Match, text: Text, _clock: Clock) -> Atom | None:
    if text.countable_follows(match.end()) or text.lower.endswith(" the ", 0, match.start()):
        return None
    span = unit("year", midnight(date(int(match["year"]), 1, 1)))
    return Atom(*match.span(), "year", fixed(span), leads=LEADS["year"])


@maker(
    r"(?:the )?(?:'?(?P<two>[2-9]0)|(?P<four>(?:19|20)\d0))'?s"
    rf"|(?:the )?(?P<word>{'|'.join(DECADES)})"
)
def _decade(match: Match, text: Text, clock: Clock) -> Atom | None:
    parted = re.search(r"(?<!\w)the (?:early|mid|late)[ -]$", text.lower[: match.start()])
    if not (match["four"] or match[0].startswith(("the ", "'")) or parted):
        return None
    number = int(match["four"] or match["two"] or DECADES[match["word"]])
    if number <= 100:
        number += 1900 if 1900 + number + 100 > clock.now.year else 2000
    span = unit("decade", midnight(date(number, 1, 1)))
    return Atom(*match.span(), "decade", fixed(span), leads=LEADS["decade"])


def _checked(year: str, month: str, number: str) -> Span | None:
    try:
        return day(date(int(year), int(month), int(number)))
    except ValueError:  # no such day
        return None

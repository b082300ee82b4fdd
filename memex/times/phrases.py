"""Phrases: chains with the words that bound them ("before", "since", "from … to …")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from memex.times.chains import TIMES, Chain, chains_at
from memex.times.operators import DATES
from memex.times.spans import DAY, Clock, Span, shifted
from memex.times.text import Text
from memex.words import is_function_word

LEAD: Final = re.compile(
    r"(?<!\w)(?:(?:sometime|some time|back|even|ever|all|somewhere) )?"
    r"(?P<lead>towards?|in|on|at|over|during|throughout|since|from|before|after|until|till"
    r"|(?<!been )(?<!be )(?<!you )(?<!get )(?<!got )up to"
    r"|prior to|earlier than|later than|around|about|near|circa|by|for|as of|of|between|within)"
    r"(?P<vague> (?:about|around))? (?:the )?$"
)
"""A preposition before a chain."""
NEAR: Final = 100
"""Characters before a chain in which the words that belong to it stand."""
SIDES: Final = {
    "before": "before",
    "prior to": "before",
    "earlier than": "before",
    "after": "after",
    "later than": "after",
    "since": "since",
    "until": "until",
    "till": "until",
    "up to": "until",
    "by": "until",
    "as of": "until",
}
"""How a preposition bounds a time."""
SAME: Final = {
    "prior to": "before",
    "earlier than": "before",
    "later than": "after",
    "near": "around",
}
_EVENT: Final = re.compile(
    r"(?<!\w)(?P<side>before|after|since|until|till) "
    r"(?:(?:the|my|our|his|her|their|your|that|this|[^\W\d_]+'s|last|i|we|he|she|they|you|it) "
    r"(?P<noun>(?:[^\W\d_]+ ){1,5}?)|(?P<clause>[^\W\d_]+ (?:[^\W\d_]+ ){1,4}?))"
    r"(?:in |on |at |of |from |during |around )?(?:the )?$"
)
""" "Before the trip " in front of "in May", "since Ada moved " in front of "in 2020"."""
_JOINING: Final = frozenset("to of the with and for in at".split())
"""Function words that an event's name may have in it."""
_TO: Final = re.compile(r" ?(?P<to>-|–|—|to|and|or|until|till|through) ?(?:in |on |at |the )*")
_EITHER: Final = frozenset({"-", "–", "—", "to", "or", "until", "till", "through"})
_BOTH: Final = _EITHER | {"and"}
_ONWARDS: Final = re.compile(r" (?:on|onwards?|forwards?)(?!\w)")
_LOOSE: Final = {
    "minute": timedelta(minutes=30),
    "clock": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "part": timedelta(hours=1),
    "date": 3 * DAY,
    "weekday": DAY,
    "number": 3 * DAY,
    "day": DAY,
    "holiday": 7 * DAY,
    "weekend": DAY,
    "month": 15 * DAY,
    "quarter": 30 * DAY,
    "season": 30 * DAY,
}
"""How much more "around" means on both sides, by the finest kind of atom."""
_PRECISION: Final = {"minute": timedelta(minutes=15), "clock": timedelta(minutes=30)}
"""How far from a moment is still "at" it; an hour without minutes is a rounder one."""
_ADVERBS: Final = frozenset({"day", "past", "ago"})
"""Kinds of atoms that count from now and have no preposition of their own."""
_FUTURE: Final = re.compile(r"(?<!\w)(?:next|coming|upcoming|every|each|following) (?:the )?$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A time that a text says."""

    start: int
    """Where its words begin, the preposition among them."""
    end: int
    since: datetime | None
    """Wall-clock time; None where that side is open."""
    until: datetime | None
    relative: bool
    """Whether it counts from now ("last week"), so that it is hardly an event's."""


def phrases(text: Text, clock: Clock) -> Iterator[Phrase]:
    """The times in a text, in order."""
    at = 0
    for word in re.finditer(r"(?<![\w'])['\w]", text.lower):
        if word.start() < at:
            continue
        found = _phrase_at(text, word.start(), clock)
        if found is not None:
            yield found
            at = found.end


def whole(text: Text, clock: Clock) -> Phrase | None:
    """What a text means that is a time and nothing else ("May", "last week", "since 2019")."""
    for at in {0, *(m.end() for m in re.finditer(" ", text.lower))}:
        lead = LEAD.search(text.lower[:at])
        if at and (lead is None or lead.start() > 0):
            continue
        for chain in chains_at(text, at, clock):
            if chain.end == len(text.lower.rstrip()):
                found = _bounded(text, chain, _lead_of(lead), clock)
                if found is not None:
                    return found
    return None


def _phrase_at(text: Text, at: int, clock: Clock) -> Phrase | None:
    before = text.lower[max(at - NEAR, 0) : at]
    if _FUTURE.search(before):
        return None
    match = LEAD.search(before)
    lead = _lead_of(match)
    for chain in sorted(chains_at(text, at, clock), key=lambda chain: -chain.end):
        pair = _paired(text, chain, lead, clock)
        if pair is None and not (chain.sure or chain.led_by(lead)):
            continue
        about = replace(chain, vague=chain.vague or bool(match and match["vague"]))
        found = pair or _bounded(text, about, lead, clock)
        if found is None:
            continue
        if _later(found, clock):
            return None
        start = at - len(before) + match.start() if match and _taken(text, lead, chain) else at
        return replace(found, start=start)
    return None


def _lead_of(match: re.Match[str] | None) -> str:
    word = match["lead"] if match else ""
    return SAME.get(word, word)


def _taken(text: Text, lead: str, chain: Chain) -> bool:
    """Whether a preposition belongs to the time: not in "what about last week", "working on
    recently".
    """
    if lead in {"in", "on", "at", "over"} and chain.relative and chain.finest.kind in _ADVERBS:
        return False
    counted = text.lower[chain.start : chain.end].endswith(("ago", "back"))
    return lead != "about" or counted or chain.finest.kind in TIMES or chain.led_by(lead)


def _later(phrase: Phrase, clock: Clock) -> bool:
    """Whether it tells a memory nothing: it has not begun yet, or all that is over is in it."""
    if phrase.since is None:
        return phrase.until is None or phrase.until > clock.now
    return phrase.since > clock.now


def _bounded(text: Text, chain: Chain, lead: str, clock: Clock) -> Phrase | None:
    """A chain with the bound that its preposition, or an event before it, makes of it."""
    span = chain.span(clock)
    if span is None:
        return None
    end, side = chain.end, chain.side or SIDES.get(lead, "")
    if side == "until" and lead == "by" and chain.finest.kind in TIMES:
        side = "before"
    onwards = _ONWARDS.match(text.lower, chain.end) if lead in {"from", "since"} else None
    if onwards:
        end, side = onwards.end(), "since"
    event = _event(text, chain)
    if event:
        since, until = _event_bound(span, event)
    else:
        about = lead == "about" and chain.led_by(lead)
        vague = chain.vague or about or lead in {"around", "circa"}
        since, until = _bound(chain, _widened(chain, span, vague=vague), span, side)
    return Phrase(chain.start, end, since, until, chain.relative)


def _bound(
    chain: Chain, wide: Span, span: Span, side: str
) -> tuple[datetime | None, datetime | None]:
    moment = _is_moment(chain, span)
    midnight = datetime.combine(span.since.date(), datetime.min.time())
    if side == "before":
        return (midnight if moment else None), span.since
    if side == "until":
        return (midnight if moment else None), span.until
    if side == "after":
        return span.until, (midnight + DAY if moment else None)
    if side == "since":
        return span.since, None
    return wide.since, (None if chain.finest.kind == "past" else wide.until)


def _event_bound(span: Span, side: str) -> tuple[datetime | None, datetime | None]:
    """Before something that was some time in May: until the end of May; after it: from its
    beginning on.
    """
    if side in {"before", "until"}:
        return None, span.until
    return span.since, None


def _event(text: Text, chain: Chain) -> str:
    """Which side of an event that a chain dates ("before the trip in May"); "" where of none."""
    found = _EVENT.search(text.lower[max(chain.start - NEAR, 0) : chain.start])
    if not found:
        return ""
    words = (found["noun"] or found["clause"]).split()
    if any(is_function_word(word) and word not in _JOINING for word in words):
        return ""
    return SIDES[found["side"]]


def _is_moment(chain: Chain, span: Span) -> bool:
    """Whether a time of day is meant. (Where the clocks go back, a stretch may seem to have no
    length, too.)
    """
    return chain.finest.kind in TIMES and span.since == span.until


def _widened(chain: Chain, span: Span, *, vague: bool) -> Span:
    kind = chain.finest.kind
    if _is_moment(chain, span):
        slack = _PRECISION["minute" if kind == "minute" else "clock"]
        return span.wider(2 * slack if vague else slack)
    if not vague or (chain.relative and kind in {"week", "month", "ago"}):
        return span
    if kind in {"year", "decade"}:
        months = 6 if kind == "year" else 60
        return Span(shifted(span.since, -months, "month"), shifted(span.until, months, "month"))
    return span.wider(_LOOSE.get(kind, timedelta(0)))


def _paired(text: Text, first: Chain, lead: str, clock: Clock) -> Phrase | None:
    """Two chains as one: "between March and May", "from Monday to Wednesday", "in May or June"."""
    to = _TO.match(text.lower, first.end)
    between = lead in {"between", "from"}
    if to is None or to["to"] not in (_BOTH if between or lead in {"in", "on"} else _EITHER):
        return None
    either = to["to"] in {"or", "and"} and not between
    for second in chains_at(text, to.end(), clock):
        led = between or first.sure or second.sure or first.led_by(lead)
        if led and _fit(first, second, between=between):
            span = _stretch(first, second, clock, either=either)
            if span is not None:
                relative = first.relative or second.relative
                return Phrase(first.start, second.end, span.since, span.until, relative)
    return None


def _fit(first: Chain, second: Chain, *, between: bool) -> bool:
    """Whether two chains may be the ends of one time."""
    kinds = {first.finest.kind, second.finest.kind}
    return len(kinds) == 1 or (between and ((first.sure and second.sure) or kinds <= DATES))


def _stretch(first: Chain, second: Chain, clock: Clock, *, either: bool) -> Span | None:
    """From the one to the other: the second as late as it can be, the first the last before it;
    or, where only the first stands by itself, the second the first one after it.
    """
    if first.sure and not second.sure:
        start = first.span(clock)
        end = start and second.span(clock, Span(start.since, clock.today.until))
    else:
        end = second.span(replace(clock, now=clock.today.until))
        if end is None:
            return None
        start = first.span(clock if first.sure else replace(clock, now=end.since))
    if not start or not end or (start.since > end.since and not either):
        return None
    return start.hull(end)

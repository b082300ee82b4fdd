"""Atoms: the shortest phrases that name a time ("May", "last week", "9:40", "the 5th").

An atom is resolved within another, coarser one ("May" within "last year", "9:40" within
"this morning"), or by itself: then as late as it can be, since a memory looks back. Many are
words of other kinds, too, and need a preposition that goes with them (`leads`) to be times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from memex.times import recurring
from memex.times.recurring import Named
from memex.times.spans import Clock, Span
from memex.times.text import Text

Resolve = Callable[[Span | None, Clock], Span | None]
"""From the coarser span, if there is one, and now, to the span that is meant."""

BOUNDS: Final = frozenset(
    ("since", "before", "after", "until", "till", "up to", "as of", "around", "by")
)
"""Prepositions that go with every kind of time."""
LEADS: Final = {
    "decade": BOUNDS | {"in", "during", "from", "of", "throughout"},
    "year": BOUNDS | {"in", "during", "from", "throughout", "circa"},
    "quarter": BOUNDS | {"in", "during", "from", "for", "of", "throughout"},
    "season": (BOUNDS - {"around", "by"}) | {"in", "during", "over", "throughout"},
    "month": (BOUNDS - {"by"}) | {"in", "during", "from", "throughout"},
    "holiday": (BOUNDS - {"by"}) | {"at", "on", "over", "during", "for", "from"},
    "weekend": BOUNDS | {"on", "at", "over", "during", "from"},
    "weekday": BOUNDS | {"on", "from", "over"},
    "number": BOUNDS | {"on", "from"},
    "part": frozenset[str](),
    "clock": BOUNDS | {"at", "about", "by"},
    "hour": frozenset[str](),
}
"""Prepositions that make a time of a word, by the kind of atom."""
GRAINS: Final = (
    *("ago", "minute", "hour", "clock", "part", "weekday", "number", "date", "day", "holiday"),
    *("weekend", "week", "month", "quarter", "season", "year", "decade", "past"),
)
"""Kinds of atoms, from fine to coarse."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A phrase that names a time."""

    start: int
    """Where it begins in the text."""
    end: int
    kind: str
    """One of `GRAINS`."""
    resolve: Resolve
    sure: bool = False
    """Whether it is a time without a preposition or a coarser time beside it."""
    leads: frozenset[str] = frozenset()
    relative: bool = False
    """Whether it counts from now."""
    core: Named | None = None
    """The very day of a holiday, from which "two days before" counts."""

    @property
    def grain(self) -> int:
        """How coarse it is."""
        return GRAINS.index(self.kind)


Match = re.Match[str]
Maker = Callable[[Match, Text, Clock], Atom | None]
"""Makes an atom of a phrase that was found; None where it is no time after all."""
MAKERS: Final[list[tuple[re.Pattern[str], Maker]]] = []
"""Everything that makes atoms, with the phrases that it makes them of."""


def maker(expression: str) -> Callable[[Maker], Maker]:
    """Register what makes an atom of a phrase; a possessive s belongs to it."""

    def register(make: Maker) -> Maker:
        MAKERS.append((re.compile(rf"(?:{expression})(?P<s>'s?)?(?!\w)"), make))
        return make

    return register


def fixed(span: Span | None) -> Resolve:
    """A time that stands fast."""
    return lambda _outer, _clock: span


def from_now(match: Match, kind: str, span: Span | None) -> Atom:
    """An atom that counts from now."""
    return Atom(match.start(), match.end(), kind, fixed(span), sure=True, relative=True)


def again(name: Named, mode: str, *, today: bool = True) -> Resolve:
    """A name that comes again: the one within a coarser span, or the one that the mode
    ("this", "last", "before last") says.
    """

    def resolve(outer: Span | None, clock: Clock) -> Span | None:
        if mode == "this":
            return recurring.this(name, clock)
        if mode:
            return recurring.ended(name, clock, 2 if mode == "before last" else 1)
        if outer is not None:
            return recurring.within(name, outer)
        return recurring.latest(name, clock, today=today)

    return resolve

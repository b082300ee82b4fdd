"""Chains: atoms that stand side by side and mean one time ("Tuesday morning last week").

The coarsest atom is resolved first, and each finer one within it; then come the operators in
front, the innermost first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from memex.times import recurring
from memex.times.atom import Atom, fixed
from memex.times.atoms import atoms_at
from memex.times.operators import DATES, OPERATORS, Apply
from memex.times.spans import DAY, Clock, Span, unit
from memex.times.text import Text

TIMES: Final = frozenset({"clock", "minute", "hour"})
"""Kinds of atoms that are a time of day."""
MOST: Final = 4
"""Atoms of a chain."""
DEEPEST: Final = 3
"""Operators before a chain."""
_GLUE: Final = re.compile(
    r",? (?:(?P<word>of|in|on|at|during|from|around|about|over|before|after|since|until)"
    r"(?P<vague> about| around)?(?: the)? |the )?|, ?|"
)
"""What may stand between two atoms of a chain."""
_SIDES: Final = frozenset({"before", "after", "since", "until"})
_THIS_UNIT: Final = re.compile(r"(?P<unit>week|month|quarter|year|decade)(?!\w)")


@dataclass(frozen=True, slots=True)
class Chain:
    """Atoms that mean one time, with the operators in front of them."""

    start: int
    end: int
    atoms: tuple[Atom, ...]
    """In the order of the text."""
    operators: tuple[Apply, ...] = ()
    """The outermost first."""
    vague: bool = False
    """Whether an "around" stands in it."""
    side: str = ""
    """A bound that stands in it: "after" of "Monday after 5 pm"."""

    @property
    def finest(self) -> Atom:
        """The atom that says most exactly when."""
        return min(self.atoms, key=lambda atom: atom.grain)

    @property
    def relative(self) -> bool:
        """Whether it counts from now."""
        return any(atom.relative for atom in self.atoms)

    @property
    def sure(self) -> bool:
        """Whether it is a time without a preposition."""
        if self.operators or any(atom.sure for atom in self.atoms):
            return True
        kinds = {atom.kind for atom in self.atoms}
        dated = len(kinds) > 1 and "year" in kinds
        return dated or bool(kinds & DATES and kinds & (TIMES | {"part"}))

    def led_by(self, lead: str) -> bool:
        """Whether that preposition makes it a time."""
        return any(lead in atom.leads for atom in self.atoms)

    def span(self, clock: Clock, outer: Span | None = None) -> Span | None:
        """What it means; None where its parts contradict each other."""
        found, before = outer, None
        for atom in sorted(self.atoms, key=lambda atom: -atom.grain):
            if atom.kind == "weekday" and before and before.kind in {"date", "number"}:
                continue  # "Tuesday, 5 May": the date says more
            if before and before.core and found and atom.kind in TIMES | {"part"}:
                found = recurring.within(before.core, found) or found
            inner = atom.resolve(found, clock)
            if inner is None or (found and not inner.meets(found)):
                return None
            found, before = inner, atom
        core = self._core(found, clock)
        for operator in reversed(self.operators):
            if found is None or core is None:
                return None
            found = core = operator(found, core)
        return found

    def _core(self, span: Span | None, clock: Clock) -> Span | None:
        """The very day of a holiday; else what it means."""
        name = self.finest.core
        if name is None or span is None:
            return span
        return recurring.within(name, span.wider(5 * DAY)) or recurring.latest(name, clock)


def chains_at(text: Text, at: int, clock: Clock, depth: int = 0) -> Iterator[Chain]:
    """The chains that begin at a place; of those that begin with the same words, the longest
    first.
    """
    if depth < DEEPEST:
        yield from _operated(text, at, clock, depth + 1)
    for atom in atoms_at(text, at, clock):
        yield from _continued(text, Chain(atom.start, atom.end, (atom,)), clock)


def _continued(text: Text, chain: Chain, clock: Clock) -> Iterator[Chain]:
    """A chain with what may follow, and at last by itself."""
    if len(chain.atoms) < MOST:
        for glue, atom in _following(text, chain, clock):
            side = glue["word"] if glue["word"] in _SIDES else ""
            if side and not (atom.kind in TIMES and {each.kind for each in chain.atoms} & DATES):
                continue
            vague = glue["word"] in {"around", "about"} or bool(glue["vague"])
            longer = Chain(
                chain.start,
                atom.end,
                (*chain.atoms, atom),
                vague=chain.vague or vague,
                side=chain.side or side,
            )
            yield from _continued(text, longer, clock)
    yield chain


def _following(text: Text, chain: Chain, clock: Clock) -> Iterator[tuple[re.Match[str], Atom]]:
    """The atoms behind a chain, of a kind that it has not, and what stands between."""
    glue = _GLUE.match(text.lower, chain.end)
    if glue is None:
        return
    kinds = {atom.kind for atom in chain.atoms} | {"past"}
    article = 4 if glue[0].endswith("the ") else 0
    space = len(glue[0]) - len(glue[0].lstrip(", "))
    for begin in sorted({glue.end(), glue.end() - article, chain.end + space}, reverse=True):
        for atom in atoms_at(text, begin, clock):
            if atom.kind not in kinds and "past" not in kinds - {"past"}:
                yield glue, atom


def _operated(text: Text, at: int, clock: Clock, depth: int) -> Iterator[Chain]:
    """Chains behind an operator that goes with them."""
    for pattern, operator in OPERATORS:
        match = pattern.match(text.lower, at)
        if match is None or text.is_title(match.start(), match.end()):
            continue
        for chain in _behind(text, match, clock, depth):
            apply = operator(match, chain.finest.kind, chain.sure)
            if apply is not None:
                yield replace(chain, start=at, operators=(apply, *chain.operators))


def _behind(text: Text, match: re.Match[str], clock: Clock, depth: int) -> Iterator[Chain]:
    """What stands behind an operator: a chain, or "the year", which is this one."""
    this = _THIS_UNIT.match(text.lower, match.end())
    if this and match[0].endswith("of the "):
        span = unit(this["unit"], clock.now)
        yield Chain(*this.span(), (Atom(*this.span(), this["unit"], fixed(span), sure=True),))
    else:
        yield from chains_at(text, match.end(), clock, depth)

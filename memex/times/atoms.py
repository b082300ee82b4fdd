"""All atoms: what may begin at a place of a text."""

from __future__ import annotations

from typing import Final

from memex.times import counted, dates, hours, named
from memex.times.atom import MAKERS, Atom
from memex.times.spans import Clock
from memex.times.text import Text

KNOWN: Final = (counted, dates, hours, named)
"""Where atoms are made; importing them registers them."""


def atoms_at(text: Text, at: int, clock: Clock) -> list[Atom]:
    """The atoms that begin at a place, the longest first."""
    found = []
    for pattern, make in MAKERS:
        match = pattern.match(text.lower, at)
        if match and not text.is_title(match.start(), match.end()):
            atom = make(match, text, clock)
            if atom is not None:
                found.append(atom)
    return sorted(found, key=lambda atom: atom.start - atom.end)

"""Which names the recogniser is told to expect.

Whisper takes a list of names for what was said before, and prefers them. A list that is
long or beside the point costs more than it brings (docs/decisions/hearing.md): few names
are chosen, those that are likely now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 8
"""Names that are told."""
TOKENS: Final = 60
"""Tokens of all of them; Whisper's prompt has room for 223."""
LETTERS: Final = 2
"""Letters of a name that are at least one token."""
HALF_LIFE: Final = timedelta(days=14)
"""Time after which a name counts half."""


@dataclass(frozen=True, slots=True)
class Known:
    """A name that the memory holds."""

    name: str
    weight: float
    """How often it is met: documents, utterances."""
    seen: datetime
    """When last; aware."""


def likely(known: Iterable[Known], now: datetime) -> tuple[str, ...]:
    """The names to tell the recogniser, likeliest first, within the budget."""
    found: list[str] = []
    room = TOKENS
    for one in sorted(known, key=lambda one: (-_weight(one, now), one.name)):
        cost = -(-len(one.name) // LETTERS) + 1  # and the comma
        if len(found) == MOST or cost > room:
            break
        if one.name not in found:
            found.append(one.name)
            room -= cost
    return tuple(found)


def _weight(one: Known, now: datetime) -> float:
    age = max(timedelta(0), now - one.seen)
    half: float = 0.5 ** (age / HALF_LIFE)
    return one.weight * half

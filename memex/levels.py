"""Level meters: how much of one is full."""

from __future__ import annotations

from typing import Final

QUIETEST: Final = -60.0
"""dBFS at which a meter of what is said is empty; at 0 it is full."""


def full(level: float, cells: int, empty: float = QUIETEST) -> int:
    """How many of so many cells a level in dBFS fills."""
    return round(cells * min(1.0, max(0.0, 1 - level / empty)))

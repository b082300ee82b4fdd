"""Garbage in cycles, collected while nobody waits.

Textual leaves some 18,000 objects in cycles with every search. Python looks for them among all
that is there, whenever it likes: for 80 ms, about once a search, between a key and its hits.
"""

from __future__ import annotations

import gc
import time
from typing import Final

AT_LEAST: Final = 5
"""Collections of the young from which on it is worth it to look among the old."""
AT_MOST: Final = 150
"""The same, from which on it must be: fifteen searches' garbage, or 40 MB."""
QUIET: Final = 2.0
"""Seconds without a key after which nobody waits."""


class Garbage:
    """Of this process, which is for the program alone."""

    def __init__(self) -> None:
        """Nothing is collected while the program starts, which makes none."""
        gc.disable()
        self._touched = 0.0

    def settle(self) -> None:
        """What there is stays, and is not looked at any more."""
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, AT_MOST)
        gc.enable()

    def touch(self) -> None:
        """A key was pressed."""
        self._touched = time.monotonic()

    def look(self) -> None:
        """Collect, where there is enough to be collected and nobody waits."""
        if gc.get_count()[2] >= AT_LEAST and time.monotonic() - self._touched >= QUIET:
            gc.collect()

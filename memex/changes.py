"""What changed of what was remembered already, for whoever shows it just now: somebody has another
name, documents are no more. What is new needs no word here: it is found when it is looked for.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Final

KEPT: Final = 1_000
"""Changes that are kept. Whoever missed more looks too rarely to be told."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Somebody is called otherwise."""

    before: str
    now: str | None
    """None where it is not known any longer who that is."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Documents are no more."""

    documents: tuple[str, ...]
    """Their ids."""


Change = Renamed | Removed


class Changes:
    """The latest, counted from 1 since memexd began."""

    def __init__(self) -> None:
        """None yet."""
        self._lock = threading.Lock()
        self._latest: deque[Change] = deque(maxlen=KEPT)
        self._count = 0

    @property
    def count(self) -> int:
        """How many there were."""
        return self._count

    def note(self, change: Change) -> None:
        """One more."""
        with self._lock:
            self._latest.append(change)
            self._count += 1

    def after(self, number: int) -> list[Change]:
        """Those after one, oldest first, as far as they are kept."""
        with self._lock:
            new = min(len(self._latest), max(0, self._count - number))
            return list(islice(self._latest, len(self._latest) - new, None))

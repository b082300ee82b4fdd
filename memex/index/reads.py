"""Searches under way, counted, so that their files are not taken from them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Reads:
    """Of one table. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way: Counter[int] = Counter()
        self._era = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """For the time of a search."""
        with self._changed:
            era = self._era
            self._under_way[era] += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way[era] -= 1
                self._changed.notify_all()

    def wait_for_earlier(self, seconds: float) -> None:
        """Wait until those that have begun before this moment are done, no longer than so."""
        with self._changed:
            self._under_way += Counter()  # drops zeros
            earlier = list(self._under_way)
            self._era += 1
            self._changed.wait_for(
                lambda: not any(self._under_way[era] for era in earlier), seconds
            )

"""The names that may be said now, as memexd knows them, for whoever recognises speech."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from ingest.misheard import Name, names_of
from memex.client import Client
from memex.errors import MemexError

FRESH: Final = 120.0
"""Seconds until memexd is asked again: it looks through a shelf of books for them."""
AGAIN: Final = 30.0
"""Seconds until it is asked again where it did not answer."""

_log = logging.getLogger(__name__)


class Names:
    """Asks memexd, and remembers what it said. Safe to use from several threads."""

    def __init__(self, client: Client, wanted: Callable[[], bool] = lambda: True) -> None:
        """Nothing is asked yet; nor as long as they are not wanted."""
        self._client = client
        self._wanted = wanted
        self._lock = threading.Lock()
        self._names: tuple[Name, ...] = ()
        self._due = 0.0

    def __call__(self) -> tuple[Name, ...]:
        """The names; those of before where memexd does not answer."""
        if not self._wanted():
            return ()
        with self._lock:
            if time.monotonic() >= self._due:
                self._ask()
            return self._names

    def _ask(self) -> None:
        try:
            self._names = names_of(self._client.names())
        except MemexError as error:
            _log.info("names are not known: %s", type(error).__name__)
            self._due = time.monotonic() + AGAIN
        else:
            self._due = time.monotonic() + FRESH

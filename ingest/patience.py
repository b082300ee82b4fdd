"""Waiting for memexd, until this process is to end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from memex.errors import DaemonUnavailable

RETRY_EVERY: Final = 1.0
"""Seconds between two tries to reach the daemon."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The process was asked to end; what is under way goes on next time."""


class Patience:
    """Calls to a daemon that may be away for a while."""

    def __init__(self) -> None:
        """Nobody was asked to stop yet."""
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop at the next step of what is under way."""
        self._stopped.set()

    def check(self) -> None:
        """Raises `Stopped` once this process is to end."""
        if self._stopped.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Sleep, not longer than until it is to end."""
        self._stopped.wait(seconds)

    def call(self, call: Callable[[], T]) -> T:
        """Call the daemon; while it is away, wait for it. Raises `Stopped`."""
        while True:
            try:
                return call()
            except DaemonUnavailable as error:
                _log.info("waiting for memexd: %s", error)
            self.check()
            self.wait(RETRY_EVERY)

"""How often, and after which pauses, a server is asked again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from ingest.podcasts.errors import PodcastError

MAX_RETRY_AFTER: Final = 7 * 24 * 3600.0
"""Seconds; nobody is obeyed who asks for more."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Attempts with pauses that double and are never quite the same."""

    attempts: int = 4
    first: float = 1.0
    """Seconds before the second attempt, at most; twice as many before each further one."""
    longest: float = 60.0
    """Seconds; a server that asks for a longer pause is left to the caller."""
    sleep: Callable[[float], None] = time.sleep
    """May raise, to give up."""
    random: Callable[[], float] = random.random
    """From 0 to 1."""

    def keep_trying(self, attempt: Callable[[], T]) -> T:
        """The result of the first attempt that succeeds.

        Raises the last attempt's `PodcastError`; its `retry_after` says when the
        server wants to be asked again, where it said so.
        """
        for number in range(1, self.attempts + 1):
            try:
                return attempt()
            except PodcastError as error:
                pause = self._pause(number, error.retry_after)
                if not error.passing or number == self.attempts or pause > self.longest:
                    raise
            self.sleep(pause)
        raise AssertionError("at least one attempt is made")

    def _pause(self, number: int, asked: float | None) -> float:
        """Seconds after the attempt of that number, from 1."""
        own = min(self.longest, self.first * 2.0 ** (number - 1)) * (0.5 + self.random() / 2)
        return max(own, asked or 0.0)


def retry_after(header: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or an HTTP date."""
    value = (header or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - datetime.fromtimestamp(now(), tz=UTC)).total_seconds()
    return min(max(0.0, seconds), MAX_RETRY_AFTER)

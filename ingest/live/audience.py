"""Whoever looks at captions."""

from __future__ import annotations

import logging
import time
from typing import Final

from memex.client import Client
from memex.errors import MemexError
from memex.live import Caption, event_to_json

ASK_EVERY: Final = 1.0
"""Seconds between two looks at whether anybody follows."""
RETRY_EVERY: Final = 5.0
"""The same, while memexd is away."""

_log = logging.getLogger(__name__)


class Audience:
    """Those who follow, as memexd knows them."""

    def __init__(self, client: Client) -> None:
        """Nobody has been asked yet."""
        self._client = client
        self._there = False
        self._next = 0.0

    def there(self) -> bool:
        """Whether anybody follows, as of a second ago."""
        if time.monotonic() >= self._next:
            self._say()
        return self._there

    def show(self, caption: Caption) -> None:
        """Tell them; where memexd is away nobody looks."""
        if self._there or caption.final:
            self._say(caption)

    def _say(self, *captions: Caption) -> None:
        try:
            self._there = self._client.say_live([event_to_json(each) for each in captions]) > 0
            self._next = time.monotonic() + ASK_EVERY
        except MemexError as error:
            if self._there:
                _log.info("captions are not shown: %s", error)
            self._there = False
            self._next = time.monotonic() + RETRY_EVERY

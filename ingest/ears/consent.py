"""Whether it may be listened just now, and why not."""

from __future__ import annotations

import time
from typing import Final

from ingest.holds import Holds
from memex.config import Config
from memex.errors import StorageError
from memex.items import Lane
from memex.locks import holder
from memex.pause import Pause

ASK_EVERY: Final = 0.5
"""Seconds between two looks at whether a `memex listen` runs, or a voice is learnt."""
UNASKED: Final = "not asked to listen"
LESSON: Final = "a voice is being learnt"
"""What is read aloud for that is not to be remembered."""


class Consent:
    """Looked at before a device is opened, and before anything is taken from it.

    May be asked by any thread.
    """

    def __init__(self, config: Config) -> None:
        """`config` may be put anew at any time."""
        self.config = config
        paths = config.paths
        self._private = Pause(paths.private)
        self._pause = Pause(paths.pause)
        floor = config.intake.floor_bytes
        self._holds = Holds(paths.home, self._pause, floor, battery=lambda: False)
        self._asked = self._learning = False
        self._trouble = ""
        """Why that cannot be known."""
        self._looked: float | None = None

    def asked(self) -> bool:
        """Whether it is to be listened: always, or while a `memex listen` runs."""
        self._look()
        return self.config.listen.always or self._asked

    def refusal(self) -> str | None:
        """Why it is not to be listened: "private", "paused", or in words; None where it is."""
        if self._private.active():
            return "private"
        if self._pause.active():
            return "paused"
        asked = self.asked()
        if self._learning:
            return LESSON
        if not asked:
            return self._trouble or UNASKED
        return self._holds.reason(Lane.LIVE) or None

    def _look(self) -> None:
        """Whether somebody asks to listen, and whether a voice is learnt, now and then."""
        now = time.monotonic()
        if self._looked is not None and now - self._looked < ASK_EVERY:
            return
        self._looked = now
        try:
            self._asked = holder(self.config.paths.listening) is not None
            self._learning = holder(self.config.paths.lesson) is not None
            self._trouble = ""
        except StorageError as error:
            self._asked, self._trouble = False, error.message

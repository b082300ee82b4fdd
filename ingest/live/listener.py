"""Hears what is being said: follows the recordings that grow.

What is late or absent here costs nothing: when a recording has ended, the worker
recognises it as a whole.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.archive import Archive
from ingest.live.audience import Audience
from ingest.live.handover import HandOver
from ingest.live.hearing import Hearing, met
from ingest.live.naming import Naming
from memex.client import Client
from memex.errors import MemexError

if TYPE_CHECKING:
    from ingest.live.phrase import LiveTranscriber

EVERY: Final = 0.1
"""Seconds between two looks at a recording that grows."""
STILL: Final = 5.0
"""Seconds after which one that does not grow any more is left to itself: its writer died."""
LEFT: Final = 2.0
"""Seconds between two looks at what is left."""
REST: Final = 10.0
"""Seconds between two looks where there is nothing, and nothing wakes."""
DEAF: Final = 60.0
"""Seconds until a model that cannot be had is asked for again."""

_log = logging.getLogger(__name__)


class Listener:
    """A thread of memex-ingest."""

    def __init__(
        self,
        client: Client,
        live: Path,
        transcriber: Callable[[], LiveTranscriber],
        archive: Archive,
        *,
        needed: Callable[[], AbstractContextManager[None]] = nullcontext,
        naming: Naming | None = None,
    ) -> None:
        """Follow what grows in the directory `live`. `transcriber` loads the recogniser,
        which is `needed` while that lasts; `archive` knows what is never kept; `naming`
        tells who spoke.
        """
        self._live = live
        self._transcriber = transcriber
        self._archive = archive
        self._needed = needed
        self._audience = Audience(client)
        self._handover = HandOver(client)
        self._naming = naming or Naming(client)
        self._thread = threading.Thread(target=self._run, name="hearing what is said")
        self._awake = threading.Event()
        self._stopping = False
        self._speaking = False
        self._deaf_until = 0.0
        self._heard: dict[str, Hearing] = {}
        """What is followed, by the recording's id."""
        self._grown: dict[str, tuple[int, float]] = {}
        """How long it was when it was last seen to grow, and when that was."""
        self._passed: set[str] = set()
        """Recordings that are not followed."""

    def start(self) -> None:
        """Begin."""
        self._handover.start()
        self._naming.start()
        self._thread.start()

    def stop(self) -> None:
        """End. What was not heard yet is heard when its recording has ended."""
        self._stopping = True
        self._awake.set()
        self._thread.join()
        self._naming.stop()
        self._handover.stop()

    def wake(self) -> None:
        """Something begins to grow."""
        self._awake.set()

    def speaking(self) -> bool:
        """Whether somebody speaks just now, or was not heard yet."""
        return self._speaking

    def _run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            if any(self._live.glob("*.jsonl")) or self._heard:
                with self._needed():
                    while self._look() and not self._stopping:
                        self._awake.wait(EVERY)
                        self._awake.clear()
            self._speaking = False
            self._naming.rest()
            self._awake.wait(LEFT if self._heard else REST)

    def _look(self) -> bool:
        """Look at each recording, and hear one thing in it; whether any grows."""
        self._meet()
        speaking = grows = False
        for id_, hearing in [*self._heard.items()]:
            try:
                alive = self._grows(id_, hearing.length)
                busy = hearing.look() and (alive or hearing.waiting)
                if busy and (transcriber := self._ear()):
                    hearing.hear(transcriber)
                speaking |= busy
                grows |= alive or (busy and not self._deaf_until)
            except OSError:  # it has ended, and is in the spool
                self._end(id_)
            except Exception as error:  # noqa: BLE001 (one recording must not stop the others)
                _log.warning("%s is heard when it has ended: %s", id_, _trace(error))
                self._passed.add(id_)
                self._end(id_)
        self._speaking = speaking
        return grows

    def _meet(self) -> None:
        """Follow what is new."""
        there = {marks.stem: marks for marks in self._live.glob("*.jsonl")}
        self._passed &= there.keys()
        for id_ in there.keys() - self._heard.keys() - self._passed:
            try:
                hearing = met(
                    there[id_], self._archive, self._audience, self._handover, self._naming
                )
            except (OSError, ValueError, TypeError, LookupError):  # it has no first line yet
                continue
            if hearing is None:
                self._passed.add(id_)
            else:
                self._heard[id_] = hearing

    def _grows(self, id_: str, length: int) -> bool:
        """Whether a recording is longer than it was a moment ago."""
        before, at = self._grown.get(id_, (-1, 0.0))
        if length != before:
            self._grown[id_] = (length, time.monotonic())
            return True
        return time.monotonic() - at < STILL

    def _end(self, id_: str) -> None:
        self._grown.pop(id_, None)
        hearing = self._heard.pop(id_)
        hearing.end()

    def _ear(self) -> LiveTranscriber | None:
        """The recogniser; None while it cannot be had."""
        if time.monotonic() < self._deaf_until:
            return None
        try:
            transcriber = self._transcriber()
        except MemexError as error:
            _log.warning("what is said is heard when its recording has ended: %s", error)
            self._deaf_until = time.monotonic() + DEAF
            return None
        self._deaf_until = 0.0
        return transcriber


def _trace(error: Exception) -> str:
    """Where it went wrong, without the values: they may hold what was said."""
    frames = traceback.extract_tb(error.__traceback__)
    where = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-4:])
    return f"{type(error).__name__} at {where}"

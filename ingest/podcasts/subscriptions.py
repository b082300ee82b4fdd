"""The thread that looks at the feeds that are due, while something may be fetched."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.holds import Holds
from ingest.podcasts.endings import Held, Stopped
from memex.client import Client
from memex.errors import DaemonUnavailable, MemexError, NotFound
from memex.items import Lane
from memex.models.heap import give_back
from memex.protocols import Step
from memex.spool import Spool
from memex.types import KnownFeed
from memex.urls import shown

if TYPE_CHECKING:
    from ingest.podcasts.looking import Looking

ASK_EVERY: Final = 60.0
"""Seconds between two questions to the daemon whether a feed is due, where nothing wakes us."""
HELD_EVERY: Final = 2.0
"""Seconds between two looks at whether something may be fetched, and how long a stop may take."""
STALE: Final = 30 * 24 * 3600.0
"""Seconds after which a partial file that nobody went on with is removed."""

_log = logging.getLogger(__name__)


class Subscriptions:
    """Looks at the feeds until it is stopped. Without a feed there is no network."""

    def __init__(
        self, client: Client, spool: Spool, downloads: Path, holds: Holds, *, floor: int
    ) -> None:
        """`downloads` is for partial files; `floor` is the bytes that stay free on the disk."""
        self._client = client
        self._spool = spool
        self._downloads = downloads
        self._holds = holds
        self._floor = floor
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="podcasts", daemon=True)
        self.doing = ""
        """Which podcast is being looked at, for whoever asks."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something to look at."""
        self._wake.set()

    def stop(self) -> None:
        """End what is under way. A server that keeps silent is not waited for: what came
        is on the disk, and the thread ends with the process.
        """
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(HELD_EVERY)

    def _sweep(self) -> None:
        for file in self._downloads.iterdir() if self._downloads.is_dir() else ():
            with suppress(FileNotFoundError):  # its episode was forgotten just now
                if time.time() - file.stat().st_mtime > STALE:
                    file.unlink()

    def _run(self) -> None:
        pause = 0.0
        with suppress(Stopped):
            while not self._stopping.is_set():
                self._wake.wait(pause)
                self._wake.clear()
                pause = self._turn()

    def _turn(self) -> float:
        """One round; seconds until the next. Raises `Stopped`."""
        try:
            self._round()
        except (DaemonUnavailable, Held):
            return HELD_EVERY
        except (MemexError, OSError) as error:  # a disk refuses: the library's, or ours
            _log.warning("podcasts are looked at later: %s", type(error).__name__)
        finally:
            self.doing = ""
        return ASK_EVERY

    def _round(self) -> None:
        """Look at every feed that is due.

        Raises `Held`, `Stopped`, `MemexError` where memexd does not take what came, `OSError`.
        """
        self._sweep()
        due = self._client.whole_feeds(due=True)
        if not due:
            return
        self._check()
        self._downloads.mkdir(mode=0o700, parents=True, exist_ok=True)
        looking = self._looking()
        for feed in due:
            self._check()
            self.doing = feed.title or shown(feed.url)
            with suppress(NotFound):  # it was removed meanwhile
                look = looking.look(feed)
                if self._is_followed(feed):
                    self._client.note_feed(feed.id, look)
            give_back()  # what a long feed took

    def _looking(self) -> Looking:
        from ingest.podcasts.looking import Looking  # noqa: PLC0415 (13 MB that only a feed needs)

        return Looking(
            self._client,
            self._spool,
            self._downloads,
            self._floor,
            self._check,
            self._progress,
            self._sleep,
        )

    def _is_followed(self, feed: KnownFeed) -> bool:
        """False where another address was given meanwhile, with other credentials perhaps."""
        found = self._client.whole_feeds()
        return any((each.id, each.typed) == (feed.id, feed.typed) for each in found)

    def _progress(self, _: Step) -> None:
        """Raises `Stopped`, `Held`."""
        if self._stopping.is_set():
            raise Stopped
        if time.monotonic() - self._looked > HELD_EVERY:
            self._check()

    def _check(self) -> None:
        """Raises `Stopped`, and `Held` where nothing may be fetched."""
        if self._stopping.is_set():
            raise Stopped
        self._looked = time.monotonic()
        if self._holds.reason(Lane.BULK):
            raise Held

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Stopped

"""The thread that watches: woken by the system, or by the clock, it scans."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from ingest.watch.folder import Folder
from memex.client import Client
from memex.config import Watching
from memex.errors import DaemonUnavailable, MemexError
from memex.items import printable
from memex.spool import Spool
from memex.wire import Json

GATHER: Final = 0.5
"""Seconds for which events are gathered before a scan."""
RESCAN: Final = 5.0
"""Seconds between two scans of a folder that keeps changing, at least."""
RETRY: Final = 2.0
"""Seconds until the daemon is asked again."""

CHANGES: Final[list[type[FileSystemEvent]]] = [
    *(DirAttribEvent, DirCreatedEvent, DirDeletedEvent, DirModifiedEvent, DirMovedEvent),
    *(FileAttribEvent, FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileModifiedEvent),
    FileMovedEvent,
]
"""What the system is to tell: not that files were read, as Memex does with each."""

_log = logging.getLogger(__name__)


class _Ear(FileSystemEventHandler):
    """Marks a folder as changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._changed()


class _Watched:
    """A folder with its times."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.changed = True
        self.next_scan = 0.0
        """Monotonic; not before."""
        self.next_look = 0.0
        """Monotonic; then even if nothing is told."""


class Watcher:
    """Watches the folders of a configuration until it is stopped."""

    def __init__(self, client: Client, spool: Spool, woken: Callable[[], None]) -> None:
        """`woken` is called when something was put into the spool."""
        self._client = client
        self._spool = spool
        self._woken = woken
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._watched: list[_Watched] = []
        self._observer: BaseObserver | None = None
        self._thread: threading.Thread | None = None

    def watch(self, settings: Watching) -> None:
        """Watch these folders from now on, and no others."""
        self.stop()
        self._stopping.clear()
        folders = [
            Folder(each, settings.still, self._client, self._spool) for each in settings.folders
        ]
        self._watched = [_Watched(folder) for folder in folders]
        if not folders:
            return
        self._listen()
        self._thread = threading.Thread(target=self._run, name="watching")
        self._thread.start()

    def stop(self) -> None:
        """End what is under way, and wait for it."""
        self._stopping.set()
        self._wake.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._observer:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def status(self) -> Sequence[Json]:
        """Each folder, as `memex status` shows it."""
        return [watched.folder.status() for watched in self._watched]

    def rescan(self) -> None:
        """Look at everything now."""
        for watched in self._watched:
            watched.changed = True
        self._wake.set()

    def _listen(self) -> None:
        """Have the system tell of changes; where it will not, look at intervals."""
        self._observer = Observer()
        self._observer.start()
        for watched in self._watched:
            self._hear(watched)

    def _hear(self, watched: _Watched) -> None:
        folder = watched.folder
        if self._observer is None or folder.settings.poll is not None:
            return

        def changed() -> None:
            watched.changed = True
            self._wake.set()

        try:
            recursive = folder.settings.recursive
            root = str(folder.root)
            self._observer.schedule(_Ear(changed), root, recursive=recursive, event_filter=CHANGES)
            folder.deaf = False
        except OSError as error:  # not there now, or too many folders for the system
            folder.deaf = True
            _log.warning(
                "%s: changes are not told (%s), so it is looked at every %d s",
                printable(folder.root),
                error.strerror,
                folder.interval,
            )

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                waits = [self._attend(watched) for watched in self._watched]
            except DaemonUnavailable as error:
                _log.info("waiting for memexd: %s", error)
                waits = [RETRY]
            except (MemexError, OSError) as error:
                _log.warning("%s", error)
                waits = [RETRY]
            if self._wake.wait(max(0.0, min(waits))):
                self._stopping.wait(GATHER)

    def _attend(self, watched: _Watched) -> float:
        """Scan or settle a folder where that is due; seconds until it is due again."""
        folder = watched.folder
        now = time.monotonic()
        if now >= watched.next_look or (watched.changed and now >= watched.next_scan):
            self._scan(watched)
        due = folder.due()
        if due is not None and time.monotonic() >= due:
            try:
                folder.settle()
            except (MemexError, OSError):
                watched.changed = True  # what was not handed in is found again
                watched.next_scan = 0.0
                raise
            self._woken()
            if folder.crowded:
                watched.changed = True
                watched.next_scan = 0.0
        return self._wait(watched)

    def _scan(self, watched: _Watched) -> None:
        if watched.folder.deaf:
            self._hear(watched)
        watched.changed = False
        began = time.monotonic()
        try:
            watched.folder.scan(self._stopping.is_set)
        except (MemexError, OSError):
            watched.changed = True
            raise
        now = time.monotonic()
        watched.next_scan = now + max(RESCAN, 10 * (now - began))
        watched.next_look = now + watched.folder.interval

    def _wait(self, watched: _Watched) -> float:
        times = [watched.next_look]
        if watched.changed:
            times.append(watched.next_scan)
        due = watched.folder.due()
        if due is not None:
            times.append(due)
        return min(times) - time.monotonic()

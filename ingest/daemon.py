"""memex-ingest: the process that owns readers and recogniser.

Scans are the truth, of the spool and of the watched folders; watchdog only wakes them.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Final
from urllib.request import getproxies

from watchdog.events import (
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from ingest.archive import Archive
from ingest.holds import Holds
from ingest.improver import Improver
from ingest.live.listener import Listener
from ingest.live.naming import Naming
from ingest.names import Names
from ingest.patience import Stopped
from ingest.podcasts.subscriptions import Subscriptions
from ingest.recogniser import Recogniser
from ingest.signals import when_asked_to_end
from ingest.voices.speakers import Speakers, load_encoder
from ingest.watch.watcher import CHANGES, Watcher
from ingest.worker import Worker
from memex import __version__
from memex.client import Client
from memex.config import Config, load_config
from memex.daemons import running
from memex.errors import MemexError, StorageError
from memex.gaps import Gaps
from memex.items import Lane
from memex.locks import RoleLock
from memex.logs import in_journal, setup_logging
from memex.models import heap
from memex.models.registry import chosen
from memex.pause import Pause
from memex.room import room
from memex.spool import Spool
from memex.wire import Json

LOOK_EVERY: Final = 10.0
"""Seconds between two looks at the spool when nothing wakes it."""
TELL_EVERY: Final = 60.0
"""Seconds after which the daemon is told how this is, even if nothing changed."""
TELL_CHANGES: Final = 2.0
"""Seconds between two looks at whether there is something to tell."""
RETRY_EVERY: Final = 2.0
"""Seconds until a disk that refused is tried again."""
ARRIVALS: Final[list[type[FileSystemEvent]]] = [FileCreatedEvent, FileMovedEvent]
"""What happens in a folder when something is put into it."""
NICENESS: Final = 5
"""Recognition gives way to whoever asks something."""

_log = logging.getLogger("memex-ingest")


class _Waker(FileSystemEventHandler):
    """Wakes somebody when something appears in a folder."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._wake()


class _Bell(FileSystemEventHandler):
    """Wakes somebody when a file is written."""

    def __init__(self, file: Path, wake: Callable[[], None]) -> None:
        self._name = file.name
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if Path(os.fsdecode(event.src_path)).name == self._name:
            self._wake()


class Ingest:
    """The daemon's parts, wired together."""

    def __init__(self, config: Config) -> None:
        """Take the role. Raises `AlreadyRunning`, `StorageError`."""
        paths = config.paths
        paths.create()
        self._lock = RoleLock(paths.run / "memex-ingest.pid")
        self._trace, crashes = _last_crash(paths.run / "memex-ingest.crash")
        faulthandler.enable(crashes)
        self._config = config
        self._client = Client(paths)
        self._spool = Spool(paths.spool)
        self._pause = Pause(paths.pause)
        floor = config.intake.floor_bytes
        self._gaps = Gaps(paths.gaps)
        self._recogniser = Recogniser(
            config, Names(self._client, lambda: self._config.listen.names)
        )
        self._speakers = Speakers(config)
        archive = Archive(paths.audio, lambda: self._config)
        self._listener = Listener(
            self._client,
            self._spool.live,
            self._recogniser,
            archive,
            needed=self._recogniser.needed,
            naming=Naming(
                self._client,
                lambda: load_encoder(self._config),
                wanted=lambda: self._config.listen.speakers,
            ),
        )
        self._holds = Holds(
            paths.home, self._pause, floor, asked=paths.asked, speaking=self._listener.speaking
        )
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._watcher = Watcher(self._client, self._spool, self._wake.set)
        self._worker = Worker(
            self._client,
            self._spool,
            paths.work,
            self._recogniser,
            self._holds,
            archive,
            outdated=self._watcher.rescan,
            speakers=self._speakers,
        )
        self._podcasts = Subscriptions(
            self._client,
            self._spool,
            paths.downloads,
            self._holds,
            floor=room(paths.home, floor).floor,
        )
        self._improver = Improver(
            self._client, self._spool, self._recogniser, self._holds, lambda: self._config
        )
        self._read_at = _changed_at(paths.config)

    def run(self) -> None:
        """Carry what comes until SIGTERM."""
        when_asked_to_end(self._stop)
        observer = Observer()
        live = str(self._spool.live)
        observer.schedule(_Waker(self._listener.wake), live, event_filter=ARRIVALS)
        due = self._config.paths.feeds_due
        for bell, wake in ((self._spool.bell, self._wake.set), (due, self._podcasts.wake)):
            observer.schedule(_Bell(bell, wake), str(bell.parent), event_filter=CHANGES)
        observer.start()
        self._note_gap()
        telling = threading.Thread(target=self._tell, name="telling")
        telling.start()
        _log.info("memex-ingest takes from %s", self._config.paths.spool)
        try:
            self._listener.start()
            self._recover()
            self._watcher.watch(self._config.watch)
            self._podcasts.start()
            self._improver.start()
            while not self._stopping.is_set():
                self._wake.clear()
                self._drain()
                self._recogniser.rest()
                self._speakers.rest()
                self._look_at_config()
                self._wake.wait(LOOK_EVERY)
        except Stopped:
            pass
        finally:
            asked = self._stopping.is_set()
            self._stopping.set()
            self._improver.stop()
            self._listener.stop()
            self._watcher.stop()
            self._podcasts.stop()
            self._recogniser.stop()
            observer.stop()
            observer.join()
            telling.join()
            if asked:
                self._note_gap(stopped=True)
            self._lock.release()
            _log.info("memex-ingest stopped")

    def _recover(self) -> None:
        """Take up what was under way, as soon as the disk lets us. Raises `Stopped`."""
        while True:
            try:
                self._worker.recover(self._trace)
            except (StorageError, OSError) as error:
                _log.warning("the spool refuses: %s", error)
                if self._stopping.wait(RETRY_EVERY):
                    raise Stopped from error
            else:
                return

    def _drain(self) -> None:
        """Do what waits; when the spool's own disk refuses, take it up again later."""
        try:
            self._worker.drain()
        except (StorageError, OSError) as error:
            _log.warning("the spool refuses: %s", error)
            self._stopping.wait(RETRY_EVERY)
            self._trace = ""
            self._recover()
            self._wake.set()

    def _stop(self) -> None:
        self._stopping.set()
        self._worker.stop()
        self._wake.set()

    def _look_at_config(self) -> None:
        """Watch what the configuration says now."""
        file = self._config.paths.config
        changed_at = _changed_at(file)
        if changed_at == self._read_at:
            return
        self._read_at = changed_at
        try:
            config = load_config(self._config.paths)
        except MemexError as error:
            _log.warning("the configuration stays as it was: %s", error)
            return
        if config.watch != self._config.watch:
            self._watcher.watch(config.watch)
        self._config = config

    def _tell(self) -> None:
        """Say how this is, when it changes and now and then."""
        told: Json = {}
        at = 0.0
        while not self._stopping.wait(TELL_CHANGES):
            self._note_gap()
            memexd = running(self._config.paths, "memexd")
            news = self._status() | {"memexd": memexd}  # another one has not been told
            if news == told and time.monotonic() - at < TELL_EVERY:
                continue
            try:
                self._client.tell(news)
            except MemexError:
                told = {}
                continue
            told, at = news, time.monotonic()

    def _note_gap(self, *, stopped: bool = False) -> None:
        """Note whether anything can be heard or read; what the disk refuses is noted later."""
        away = running(self._config.paths, "memexd") is None
        reason = self._holds.reason(Lane.FOUND) or ("memexd was not running" if away else "")
        try:
            self._gaps.end() if stopped else self._gaps.look(reason)
        except StorageError as error:
            _log.warning("gaps are not noted: %s", error)

    def _status(self) -> Json:
        until = self._pause.until()
        return {
            "process": os.getpid(),
            "version": __version__,
            "speech": chosen(self._config.models, "speech"),
            "doing": self._worker.doing or self._improver.doing,
            "paused": self._pause.active(),
            "paused_until": until.isoformat() if until else None,
            "held": {lane.name.lower(): self._holds.reason(lane) for lane in Lane},
            "fetching": self._podcasts.doing,
            "proxy": bool(getproxies().keys() & {"http", "https", "all"}),
            "watching": list(self._watcher.status()),
        }


def _last_crash(file: Path) -> tuple[str, IO[str]]:
    """Where the process that ran before crashed, and the file for the next crash."""
    trace = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    if trace:
        _log.warning("memex-ingest crashed the last time, at %s", datetime.now().astimezone())
    return trace, file.open("w", encoding="utf-8")


def _changed_at(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `memex-ingest`; errors as messages."""
    parser = argparse.ArgumentParser("memex-ingest", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="log to the file only")
    options = parser.parse_args(arguments)
    try:
        config = load_config()
        setup_logging(config.paths, "memex-ingest", foreground=not options.quiet)
        os.nice(max(0, NICENESS - os.nice(0)))  # a service's unit may have done it
        heap.keep()
        Ingest(config).run()
    except MemexError as error:
        _log.error("%s", error)
        if not in_journal():
            print(f"memex-ingest: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

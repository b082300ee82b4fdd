"""memex-ingest: the process that owns readers and recogniser.

A scan of the spool is the truth; watchdog only wakes it.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from ingest.transcribe import WhisperTranscriber
from ingest.worker import Stopped, Worker
from memex.client import Client
from memex.config import Config, load_config
from memex.errors import MemexError
from memex.locks import RoleLock
from memex.logs import setup_logging
from memex.models.loading import speech_model_path
from memex.protocols import Transcriber
from memex.spool import Spool

SCAN_EVERY: Final = 10.0
"""Seconds between two scans of the spool when nothing wakes it."""
NICENESS: Final = 5
"""Recognition gives way to whoever asks something."""

_log = logging.getLogger("memex-ingest")


class _Waker(FileSystemEventHandler):
    """Sets an event when something appears in the spool."""

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._wake.set()


def run(config: Config) -> None:
    """Carry what comes into the spool until SIGTERM. Raises `AlreadyRunning`, `StorageError`."""
    paths = config.paths
    paths.create()
    lock = RoleLock(paths.run / "memex-ingest.pid")
    spool = Spool(paths.spool)
    spool.recover()
    worker = Worker(Client(paths), spool, paths.work, _transcriber(config))
    wake, stopping = threading.Event(), threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        worker.stop()
        wake.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    observer = Observer()
    observer.schedule(_Waker(wake), str(paths.spool / "new"))
    observer.start()
    _log.info("memex-ingest takes from %s", paths.spool)
    try:
        while not stopping.is_set():
            wake.clear()
            worker.drain()
            wake.wait(SCAN_EVERY)
    except Stopped:
        pass
    finally:
        observer.stop()
        observer.join()
        spool.recover()
        lock.release()
        _log.info("memex-ingest stopped")


def _transcriber(config: Config) -> Callable[[], Transcriber]:
    """Loads the recogniser the first time that speech must be recognised."""

    @cache
    def load() -> Transcriber:
        name, directory = speech_model_path(config)
        _log.info("loading %s", name)
        return WhisperTranscriber(name, directory)

    return load


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `memex-ingest`; errors as messages."""
    parser = argparse.ArgumentParser("memex-ingest", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="log to the file only")
    options = parser.parse_args(arguments)
    try:
        config = load_config()
        setup_logging(config.paths, "memex-ingest", foreground=not options.quiet)
        os.nice(NICENESS)
        run(config)
    except MemexError as error:
        _log.error("%s", error)
        print(f"memex-ingest: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

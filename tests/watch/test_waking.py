"""What wakes memex-ingest, and what does not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

from ingest.daemon import _Bell
from ingest.watch.watcher import CHANGES, _Ear
from memex.spool import Spool

PATIENCE = 5.0
"""Seconds: half of what passes until the spool is looked at unasked."""


@contextmanager
def heard(
    folder: Path, handler: Callable[[Callable[[], None]], FileSystemEventHandler]
) -> Iterator[threading.Event]:
    """Set when the handler is told of something in a folder."""
    woken = threading.Event()
    observer = Observer()
    observer.schedule(handler(woken.set), str(folder), event_filter=CHANGES)
    observer.start()
    try:
        yield woken
    finally:
        observer.stop()
        observer.join()


def test_each_thing_that_is_handed_in_wakes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    with heard(spool.directory, lambda wake: _Bell(spool.bell, wake)) as woken:
        for number in range(4):
            woken.clear()
            file = tmp_path / f"{number}.txt"
            file.write_text("text")
            spool.take(spool.put(file))
            assert woken.wait(PATIENCE)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_text("other"),
        lambda file: os.utime(file, (1, 1)),
        lambda file: file.chmod(0o644),
        lambda file: file.rename(file.with_name("b.txt")),
        lambda file: file.unlink(),
        lambda file: file.with_name("c.txt").write_text("more"),
    ],
    ids=["written", "dated", "made readable", "moved", "deleted", "made"],
)
def test_each_change_of_a_watched_folder_wakes(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")
    file.chmod(0o600)
    with heard(tmp_path, _Ear) as woken:
        change(file)
        assert woken.wait(PATIENCE)


def test_reading_wakes_nobody(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")
    with heard(tmp_path, _Ear) as woken:
        file.read_text()
        assert not woken.wait(1)

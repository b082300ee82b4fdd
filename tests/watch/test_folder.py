"""A watched folder and its watcher, over a daemon that is made up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from ingest.watch.folder import Folder
from ingest.watch.watcher import Watcher
from memex.client import Client
from memex.config import WatchedFolder, Watching
from memex.errors import DaemonUnavailable
from memex.items import Lane
from memex.spool import Spool
from memex.types import KnownFile


class Daemon:
    """Knows no file, and is away when it is first asked what was forgotten."""

    def __init__(self, away: int = 0) -> None:
        self.away = away

    def known_files(self, folder: str) -> Iterator[KnownFile]:
        return iter(())

    def forgotten_files(self, files: Sequence[tuple[str, str]]) -> set[str]:
        self.away -= 1
        if self.away >= 0:
            raise DaemonUnavailable("memexd is not running.")
        return set()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "heron.txt").write_text("The heron.", encoding="utf-8")
    return folder


def test_what_was_still_while_the_daemon_was_away_is_handed_in_afterwards(
    spool: Spool, books: Path
) -> None:
    handed_in = threading.Event()
    watcher = Watcher(cast("Client", Daemon(away=1)), spool, handed_in.set)
    watcher.watch(Watching(still=0.0, folders=(WatchedFolder(books),)))
    try:
        assert handed_in.wait(60)
    finally:
        watcher.stop()
    assert [Path(item.path).name for item in spool.waiting()] == ["heron.txt"]


def test_no_more_is_handed_in_than_is_read_soon(
    spool: Spool, books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch.folder.ENOUGH", 2)
    monkeypatch.setattr("ingest.watch.stability.TOGETHER", 1)
    for name in ("crane.txt", "egret.txt"):
        (books / name).write_text("A bird.", encoding="utf-8")
        spool.put(books / name, lane=Lane.BULK, signature="a backlog is no reason to wait")
    folder = Folder(WatchedFolder(books), 0.0, cast("Client", Daemon()), spool)
    folder.scan(lambda: False)
    for _ in range(4):
        folder.settle()
    found = [item for item in spool.waiting() if item.lane == Lane.FOUND]
    assert len(found) == 2
    assert folder.status()["settling"] == 1
    assert cast("float", folder.due()) > time.monotonic()

    spool.take(found[0])
    folder.settle()
    assert folder.status()["settling"] == 0


def failed(spool: Spool, path: Path, lane: Lane = Lane.FOUND) -> None:
    item = spool.put(path, explicit=lane == Lane.NAMED, lane=lane)
    spool.take(item)
    spool.fail(item, "It is a picture.")


def test_a_failure_is_told_until_the_file_is_edited_or_gone(spool: Spool, books: Path) -> None:
    folder = Folder(WatchedFolder(books), 60.0, cast("Client", Daemon()), spool)
    kept, edited, gone = (books / f"{name}.txt" for name in ("kept", "edited", "gone"))
    for path in (kept, edited, gone):
        path.write_text("no text", encoding="utf-8")
        failed(spool, path)
    elsewhere = books.with_name("elsewhere.txt")
    elsewhere.write_text("no text", encoding="utf-8")
    failed(spool, elsewhere, Lane.NAMED)
    edited.write_text("Now it can be read.", encoding="utf-8")
    gone.unlink()
    elsewhere.unlink()
    folder.scan(lambda: False)
    assert {Path(item.path).name for item in spool.items("failed")} == {"kept.txt", "elsewhere.txt"}

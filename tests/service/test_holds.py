"""What gives way, and to what."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.holds import PATIENCE, QUIET, Holds
from ingest.patience import Stopped
from ingest.worker import Worker
from memex.items import Lane
from memex.pause import Pause
from memex.protocols import Step
from memex.spool import Spool


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    return tmp_path / "asked"


@pytest.fixture
def holds(tmp_path: Path, asked: Path) -> Holds:
    return Holds(tmp_path, Pause(tmp_path / "p.json"), 0, battery=lambda: False, asked=asked)


def waits(holds: Holds, lane: Lane, meanwhile: Callable[[], None] = lambda: None) -> float:
    """Seconds that a lane waits."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        meanwhile()

    holds.give_way(lane, sleep)
    return sum(slept)


def test_between_two_stretches_recognition_waits_for_a_question(
    holds: Holds, asked: Path, tmp_path: Path
) -> None:
    """And a stop does not wait for it."""
    nobody = cast("Any", None)
    spool = Spool(tmp_path / "spool")
    worker = Worker(nobody, spool, tmp_path, nobody, holds, nobody)
    item = spool.put(tmp_path, lane=Lane.FOUND)
    spool.take(item)
    asked.touch()
    stopping = threading.Timer(0.5, worker.stop)
    began = time.monotonic()
    stopping.start()
    with pytest.raises(Stopped):
        worker._step(item, Step("transcribing", 30.0, 60.0, "s"), preemptible=True)
    assert 0.5 <= time.monotonic() - began < QUIET
    stopping.join()


@pytest.mark.parametrize("lane", Lane)
def test_what_nobody_waits_for_gives_way_to_a_question(
    holds: Holds, asked: Path, lane: Lane
) -> None:
    assert waits(holds, lane) == 0
    asked.touch()
    quiet = time.time() - QUIET
    waited = waits(holds, lane, lambda: os.utime(asked, (quiet, quiet)))
    assert (waited > 0) is (lane in {Lane.FOUND, Lane.BULK})
    assert waits(holds, lane) == 0


def test_who_asks_and_asks_does_not_stop_it_for_good(holds: Holds, asked: Path) -> None:
    asked.touch()
    assert PATIENCE <= waits(holds, Lane.BULK, asked.touch) < PATIENCE + 1


def test_on_battery_only_the_backlog_waits(tmp_path: Path) -> None:
    holds = Holds(tmp_path, Pause(tmp_path / "p.json"), 0, battery=lambda: True)
    assert {lane for lane in Lane if holds.reason(lane)} == {Lane.BULK}


def test_below_the_floor_nothing_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    full = usage._replace(total=10**11, free=3 * 10**9)
    monkeypatch.setattr("memex.room.shutil.disk_usage", lambda _: full)
    holds = Holds(tmp_path, Pause(tmp_path / "p.json"), 4 * 10**9, battery=lambda: False)
    assert all(holds.reason(lane) for lane in Lane)
    assert "less than 4,000 MB are free" in holds.reason(Lane.LIVE)
    holds = Holds(tmp_path, Pause(tmp_path / "p.json"), 2 * 10**9, battery=lambda: False)
    assert not any(holds.reason(lane) for lane in Lane)


def test_where_the_disk_refuses_who_names_something_is_told_by_its_failure(tmp_path: Path) -> None:
    holds = Holds(tmp_path, Pause(tmp_path / "p.json"), 0, battery=lambda: False)
    holds.refused(full=True)
    assert {lane for lane in Lane if not holds.reason(lane)} == {Lane.NAMED}
    assert holds.reason(Lane.FOUND) == "the disk is full"

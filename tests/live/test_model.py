"""Sharing the recogniser, and giving way to what is being said."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.holds import Holds
from ingest.recogniser import Recogniser
from memex.config import Config, Intake, ModelChoice, Paths
from memex.items import Lane
from memex.pause import Pause


def test_two_that_need_it_at_once_load_it_once_and_it_stays_while_needed(tmp_path: Path) -> None:
    paths = Paths(home=tmp_path, config=tmp_path / "config.toml")
    config = replace(Config(paths, ModelChoice()), intake=Intake(unload=0.0))
    recogniser = Recogniser(config)
    loaded = []
    both = threading.Barrier(2)

    def load() -> None:
        both.wait()
        loaded.append(recogniser())

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded[0] is loaded[1]
    with recogniser.needed():
        recogniser.rest()
        assert recogniser() is loaded[0]
    recogniser.rest()
    assert recogniser() is not loaded[0]
    recogniser.stop()


@pytest.mark.parametrize("lane", list(Lane))
def test_what_nobody_waits_for_gives_way_to_what_is_said(tmp_path: Path, lane: Lane) -> None:
    speaking = [True, True, True, False]
    holds = Holds(tmp_path, Pause(tmp_path / "p"), 0, speaking=lambda: speaking.pop(0))
    waits: list[float] = []
    holds.give_way(lane, waits.append)
    assert len(waits) == (3 if lane >= Lane.FOUND else 0)


def test_who_speaks_for_hours_does_not_stop_the_rest(tmp_path: Path) -> None:
    holds = Holds(tmp_path, Pause(tmp_path / "p"), 0, speaking=lambda: True)
    waits: list[float] = []
    holds.give_way(Lane.BULK, waits.append)
    assert 0 < sum(waits) < 60

"""How the ears are, told to whoever follows and noted for `memex status`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.ears.chime import RATE, sound
from ingest.ears.recorder import Counts
from ingest.ears.source import state
from ingest.ears.telling import StateFile, Telling
from memex.client import Client
from memex.config import Paths
from memex.errors import DaemonUnavailable
from memex.locks import RoleLock


class Memexd(Client):
    """One that keeps what it is told."""

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths)
        self.told: list[list[Any]] = []
        self.followed = 0
        self.away = False

    def say_live(self, events: Any) -> int:  # noqa: ANN401 (JSON)
        if self.away:
            raise DaemonUnavailable("it is away")
        self.told.append([(event["device"], event["state"]) for event in events])
        return self.followed


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path, tmp_path / "config.toml")
    made.create()
    return made


def hearing(device: str, name: str = "listening") -> dict[str, Any]:
    return state("microphone", device, name) | {"level": -40.0}


def test_changes_are_told_and_levels_to_followers(paths: Paths) -> None:
    memexd = Memexd(paths)
    telling = Telling(paths, memexd)
    telling.look([hearing("desk")])
    assert memexd.told == []  # there is no memexd
    lock = RoleLock(paths.run / "memexd.pid")
    for _ in range(3):
        telling.look([hearing("desk")])
    assert memexd.told == [[("desk", "listening")]]
    memexd.followed = 1
    telling.look([hearing("desk", "silent")])
    telling.look([hearing("desk", "silent")])
    assert len(memexd.told) == 3
    memexd.away = True
    telling.look([hearing("desk", "lost")])
    memexd.away = False
    telling.look([hearing("desk", "lost")])
    assert memexd.told[-1] == [("desk", "lost")]
    telling.look([hearing("headset")])
    assert memexd.told[-1] == [("desk", "off"), ("headset", "listening")]
    lock.release()


def test_a_long_reason_is_cut(paths: Paths) -> None:
    memexd = Memexd(paths)
    lock = RoleLock(paths.run / "memexd.pid")
    Telling(paths, memexd).look([hearing("d" * 300)])
    assert memexd.told == [[("d" * 200, "listening")]]
    lock.release()


def test_the_file_is_written_when_something_lasting_changes(paths: Paths) -> None:
    file = StateFile(paths.ears)
    file.look([hearing("desk")], Counts(captured=5))
    before = paths.ears.read_text()
    assert json.loads(before)["counts"]["captured"] == 5
    file.look([hearing("desk") | {"level": -10.0}], Counts(captured=9))
    assert paths.ears.read_text() == before
    file.look([hearing("desk") | {"recording": "5c1f"}], Counts(captured=9))
    after = json.loads(paths.ears.read_text())
    assert after["recording"] == "5c1f"
    assert after["since"] == json.loads(before)["since"]
    file.remove()
    file.remove()
    assert not paths.ears.exists()


@pytest.mark.parametrize("kind", ["begun", "ended"])
def test_the_chime_is_short_and_soft(kind: str) -> None:
    samples = sound(kind)
    assert len(samples) < RATE / 2
    assert abs(samples).max() < 0.1
    assert abs(samples[-1]) < 0.02

"""Satellites through the real memex-ears."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from memex.config import Paths
from memex.items import Item
from memex.pause import Pause
from memex.spool import Spool
from tests.home import Home, home
from tests.satellites.device import WAIT, Device
from tests.sounds import likeness, recording, samples


@dataclass
class Ears:
    """A memex-ears, and where it listens."""

    home: Home
    port: int
    process: subprocess.Popen[bytes]

    @property
    def paths(self) -> Paths:
        return self.home.paths

    def device(self, name: str = "kitchen") -> Device:
        device = Device(self.port)
        answer = device.introduce(self.paths.satellites.read_text(encoding="ascii").strip(), name)
        assert answer is not None
        assert answer.type == "authenticated"
        return device

    def waiting(self) -> list[Item]:
        return Spool(self.paths.spool).waiting()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def reachable(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with home(tmp_path / "home") as made:
        made.path.mkdir()
        (made.path / "config.toml").write_text(
            f'[listen]\nalways = true\nchime = false\nwyoming = "127.0.0.1:{port}"\n',
            encoding="utf-8",
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest.ears.daemon", "--quiet"], env=made.environment
        )
        try:
            until(lambda: reachable(port))
            yield Ears(made, port, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT)


def test_what_a_device_streams_waits_to_be_recognised(ears: Ears, shared: Path) -> None:
    said, row = recording(shared)
    device = ears.device()
    device.stream(samples(shared / "audio" / row["audio"], 44_100, "stereo"), 44_100, channels=2)
    device.sync()
    until(lambda: bool(ears.home.json("wearable", "status")["devices"]))
    rows = ears.home.json("wearable", "status")["devices"]
    assert [(row["source"], row["device"]) for row in rows] == [("satellite", "kitchen")]
    device.close()
    until(lambda: bool(ears.waiting()))
    (item,) = ears.waiting()
    assert item.provenance is not None
    assert (item.provenance.source, item.provenance.device) == ("satellite", "kitchen")
    kept = samples(Path(item.path))
    late = len(said) - len(kept) + 16_000  # silence before the first word is not kept
    assert likeness(kept[: len(kept) - 16_000], said, max(1600, late)) > 0.95


def test_what_is_said_in_private_is_nowhere(ears: Ears, shared: Path) -> None:
    said, _ = recording(shared)
    device = ears.device()
    device.sync()
    Pause(ears.paths.private).begin()
    device.stream(said, 16_000)
    told = [event.type for event in device.sync()]
    while "pause-satellite" not in told:
        event = device.read()
        assert event is not None
        told.append(event.type)
    device.close()
    ears.process.send_signal(signal.SIGTERM)
    ears.process.wait(WAIT)
    assert ears.waiting() == []
    kept = [path for path in ears.paths.spool.rglob("*") if path.is_file()]
    assert kept == []
    everything = b"".join(
        path.read_bytes() for path in ears.paths.home.rglob("*") if path.is_file()
    )
    needle = said[len(said) // 2 :][:400].astype("<i2").tobytes()
    assert np.abs(said[len(said) // 2 :][:400]).max() > 100
    assert needle not in everything


def test_what_was_heard_before_it_was_killed_is_not_lost(ears: Ears, shared: Path) -> None:
    said, _ = recording(shared)
    device = ears.device()
    how: dict[str, object] = {"rate": 16_000, "width": 2, "channels": 1}
    device.send("audio-start", **how)
    for at in range(0, len(said), 1600):
        device.send("audio-chunk", said[at : at + 1600].tobytes(), **how)
    device.sync()
    os.kill(ears.process.pid, signal.SIGKILL)
    ears.process.wait()
    device.close()
    again = subprocess.Popen(
        [sys.executable, "-m", "ingest.ears.daemon", "--quiet"], env=ears.home.environment
    )
    try:
        until(lambda: bool(ears.waiting()))
        (item,) = ears.waiting()
        assert len(samples(Path(item.path))) > len(said) - 3 * 16_000
    finally:
        again.send_signal(signal.SIGTERM)
        again.wait(WAIT)


def test_the_configuration_is_followed(ears: Ears) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    device = ears.device()
    config = ears.paths.config
    text = config.read_text(encoding="utf-8").replace(str(ears.port), str(port))
    config.write_text(text, encoding="utf-8")
    until(lambda: reachable(port))
    while device.read() is not None:
        pass
    assert not reachable(ears.port)
    device.close()

"""A disk that is full while somebody speaks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from memex.config import Listening
from memex.recordings import RATE
from memex.spool import Spool
from tests.ears.sounds import Device, load, recorded


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, room: int) -> None:
    """Leave so many bytes."""
    state = os.statvfs(disk)
    (disk / "fill").write_bytes(bytes(state.f_bavail * state.f_frsize - room))


def test_what_was_written_stays_and_it_goes_on_by_itself(
    disk: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest.ears.recorder.RETRY_EVERY", 0.0)
    talk = np.tile(load(shared / "audio" / "conversation" / "phone.flac"), 2)
    spool = Spool(disk / "spool")
    device = Device(spool, Listening(pause=5.0))
    device.play(talk[: 12 * RATE])
    fill(disk, 200_000)
    device.play(talk[12 * RATE :])
    assert "no room left" in device.ear.trouble.lower()
    assert "nothing more is recorded" in caplog.text
    assert device.ear.recording is None
    lost = device.ear.counts.lost
    assert lost > 20 * RATE
    device.play(talk)
    assert device.ear.counts.lost == lost + len(talk)
    (disk / "fill").unlink()
    device.play(talk, np.zeros(6 * RATE, np.int16))
    assert device.ear.trouble == ""
    assert device.ear.counts.lost == lost + len(talk)
    assert not list(spool.live.iterdir())
    first, *_, last = recorded(spool)
    np.testing.assert_array_equal(first.samples, talk[first.start : first.end])
    assert first.end > 12 * RATE
    assert last.start >= 2 * len(talk)
    played = np.concatenate([talk, np.zeros(6 * RATE, np.int16)])
    begin = 2 * len(talk)
    np.testing.assert_array_equal(last.samples, played[last.start - begin : last.end - begin])


def test_where_only_the_handing_in_fails_it_is_handed_in_later(
    disk: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.ears.recorder.RETRY_EVERY", 0.0)
    talk = load(shared / "audio" / "conversation" / "phone.flac")
    spool = Spool(disk / "spool")
    device = Device(spool, Listening(pause=5.0))
    device.play(talk)
    fill(disk, 0)
    device.ear.stop("private")
    device.check()
    assert recorded(spool) == []
    assert device.ear.counts.lost == 0
    (disk / "fill").unlink()
    device.play(np.zeros(RATE, np.int16))
    (one,) = recorded(spool)
    np.testing.assert_array_equal(one.samples, talk[one.start : one.end])

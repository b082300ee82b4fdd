"""A microphone, heard through PortAudio from a sound server of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evals.bench.virtual_microphone import VirtualMicrophone
from tests.ears.listener import Recorded, listening

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16_000
THIRD = 0.95
"""The least correlation when a device of 48 kHz is heard: its 16 kHz may lie a third of a
sample beside those of the file, which makes 0.98 of speech."""


@pytest.fixture(scope="module")
def speech(shared: Path) -> Path:
    """A person who reads, about three seconds."""
    rows = map(json.loads, (shared / "audio" / "read.jsonl").read_text().splitlines())
    best = min(rows, key=lambda row: abs(row["seconds"] - 3))
    return shared / "audio" / str(best["audio"])


def played(recorded: Recorded, file: Path) -> float:
    """How much what was recorded is like the file: the correlation where it fits best."""
    heard = recorded.samples.astype(np.float64)
    original = subprocess.run(
        ["sox", "-D", file, "-r", str(RATE), "-c", "1", "-b", "16", "-t", "raw", "-"],
        capture_output=True,
        check=True,
    )
    known = np.frombuffer(original.stdout, np.int16).astype(np.float64)
    size = 1 << (len(heard) + len(known)).bit_length()
    products = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(known, size)), size)
    at = int(np.argmax(products[: len(heard)]))
    part = heard[at : at + len(known)]
    known = known[: len(part)]
    assert len(part) > 0
    return float(part @ known / np.sqrt((part @ part) * (known @ known)))


def assert_accounted(recorded: Recorded) -> None:
    """Every moment between first and last block is there, or counted as lost."""
    assert len(recorded.samples) == recorded.captured + recorded.lost
    assert len(recorded.samples) / RATE == pytest.approx(recorded.elapsed, abs=0.5)


def test_what_is_played_is_heard(mic: VirtualMicrophone, speech: Path, tmp_path: Path) -> None:
    with listening(mic.environment, "", tmp_path) as listener:
        news = listener.state("listening")
        mic.play(speech)
        listener.do("sleep 0.5")
        recorded = listener.end()
    assert news["device"] == "default"
    assert news["why"] == "the system's default"
    assert played(recorded, speech) > 0.99
    assert recorded.lost == 0
    assert_accounted(recorded)


def test_another_rate_is_converted(mics: VirtualMicrophone, speech: Path, tmp_path: Path) -> None:
    with listening(mics.environment, "HEADSET", tmp_path) as listener:
        news = listener.state("listening")
        mics.play(speech, to="headset")
        listener.do("sleep 0.5")
        recorded = listener.end()
    assert news["device"] == "headset"
    assert played(recorded, speech) > THIRD
    assert_accounted(recorded)


def test_a_device_that_is_not_there_is_replaced(mic: VirtualMicrophone, tmp_path: Path) -> None:
    with listening(mic.environment, "Yeti", tmp_path) as listener:
        news = listener.state("listening")
        listener.end()
    assert news["device"] == "default"
    assert news["why"] == "there is no “Yeti”: the system's default instead"


def test_unplugged_and_back(mic: VirtualMicrophone, speech: Path, tmp_path: Path) -> None:
    with listening(mic.environment, "desk", tmp_path) as listener:
        listener.state("listening")
        mic.play(speech)
        mic.unplug()
        lost = listener.state("lost")
        mic.plug()
        listener.state("listening")
        mic.play(speech)
        listener.do("sleep 0.5")
        recorded = listener.end()
    assert lost["reason"] == "desk was taken away"
    assert recorded.opened == 2
    assert len(recorded.losses) == 1
    assert recorded.lost > 0
    assert_accounted(recorded)
    half = len(recorded.samples) // 2
    for part in (recorded.samples[:half], recorded.samples[half:]):
        assert played(_only(recorded, part), speech) > 0.9


def test_another_device_takes_its_place(mics: VirtualMicrophone, tmp_path: Path) -> None:
    """The one that is wanted is listed and refuses, as one that another program holds."""
    mics.unplug("headset")
    with listening(mics.environment, "headset", tmp_path) as listener:
        news = listener.state("listening")
        listener.end()
    assert news["device"] == "default"
    assert news["why"] == "“headset” cannot be opened: the system's default instead"


def test_the_wanted_device_is_taken_once_it_is_there(
    mics: VirtualMicrophone, speech: Path, tmp_path: Path
) -> None:
    mics.unplug("headset")
    with listening(mics.environment, "headset", tmp_path, look=0.5) as listener:
        assert listener.state("listening")["device"] == "default"
        mics.plug("headset")
        listener.until(lambda news: news.get("device") == "headset")
        listener.do("sleep 0.5")
        mics.play(speech, to="headset")
        listener.do("sleep 0.5")
        recorded = listener.end()
    assert recorded.opened == 2
    assert played(recorded, speech) > THIRD
    assert_accounted(recorded)


@pytest.mark.parametrize(("away", "opened"), [(1.0, 1), (5.0, 2)])
def test_a_process_that_stood_still(
    mic: VirtualMicrophone, tmp_path: Path, away: float, opened: int
) -> None:
    """As after a machine slept: what is missing is counted by the clock."""
    with listening(mic.environment, "", tmp_path) as listener:
        listener.state("listening")
        listener.do("sleep 1")
        os.kill(listener.pid, signal.SIGSTOP)
        time.sleep(away)
        os.kill(listener.pid, signal.SIGCONT)
        listener.do("sleep 3")
        recorded = listener.end()
    assert recorded.opened == opened
    assert_accounted(recorded)


def test_the_server_dies(mic: VirtualMicrophone, tmp_path: Path) -> None:
    with listening(mic.environment, "", tmp_path) as listener:
        listener.state("listening")
        mic.unplug()
        lost = listener.state("lost")
        mic.close()
        listener.until(lambda news: news.get("reason") not in (None, "", lost["reason"]))
        listener.end()


def test_a_reader_that_sleeps_loses_nothing_for_a_while(
    mic: VirtualMicrophone, speech: Path, tmp_path: Path
) -> None:
    with listening(mic.environment, "", tmp_path) as listener:
        listener.state("listening")
        player = mic.start(speech)
        listener.do("sleep 5")
        player.wait()
        recorded = listener.end()
    assert played(recorded, speech) > 0.99
    assert recorded.lost == 0


def test_what_finds_no_room_is_counted(mic: VirtualMicrophone, tmp_path: Path) -> None:
    with listening(mic.environment, "", tmp_path, held=1) as listener:
        listener.state("listening")
        listener.do("sleep 4")
        listener.do("sleep 0.5")
        recorded = listener.end()
    assert recorded.overflow == pytest.approx(3 * RATE, abs=RATE)
    assert recorded.lost == recorded.overflow
    assert_accounted(recorded)


def test_closed_means_closed(mic: VirtualMicrophone, tmp_path: Path) -> None:
    def recorders() -> str:
        found = subprocess.run(
            ["pactl", "list", "source-outputs"],
            env=mic.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return found.stdout

    with listening(mic.environment, "", tmp_path) as listener:
        listener.state("listening")
        assert "ALSA" in recorders()
        listener.do("close")
        assert "ALSA" not in recorders()
        listener.do("open")
        listener.state("listening")
        recorded = listener.end()
    assert recorded.opened == 2
    assert recorded.lost == 0


def _only(recorded: Recorded, samples: NDArray[np.int16]) -> Recorded:
    return Recorded(
        samples=samples,
        captured=len(samples),
        lost=0,
        overflow=0,
        opened=1,
        losses=[],
        elapsed=recorded.elapsed,
        processor=0.0,
    )

"""A voice is learnt from the microphone: real recordings into a virtual one."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.bench.virtual_microphone import VirtualMicrophone
from ingest.ears.lesson import UNHEARD, WANTED, Lesson
from ingest.voices.embedding import VoiceEncoder
from ingest.voices.enrol import voice_of
from memex.condition import condition
from memex.daemons import ROLES, start, stop
from memex.locks import holder
from memex.pause import Pause
from memex.recordings import RATE
from tests.ears.sounds import BLOCK, Samples, load, rows, silence
from tests.home import Home
from tests.voices.conftest import encoder

__all__ = ["encoder"]


@dataclasses.dataclass(frozen=True)
class Heard(Home):
    """A Memex that hears a virtual microphone."""

    microphone: VirtualMicrophone

    @property
    def environment(self) -> dict[str, str]:
        return self.microphone.environment | {"MEMEX_HOME": str(self.path), "NO_COLOR": "1"}


@pytest.fixture
def memex(
    tmp_path: Path, mic: VirtualMicrophone, encoder: VoiceEncoder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Heard]:
    assert encoder.model
    for name, value in mic.environment.items():  # of the daemons that are started here
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEMEX_HOME", str(tmp_path / "home"))
    made = Heard(tmp_path / "home", mic)
    made.paths.create()
    yield made
    for role in reversed(list(ROLES)):
        stop(made.paths, role)


def said_by(shared: Path, speaker: str) -> Samples:
    found = [row for row in rows(shared / "audio", "read") if row["speaker"] == speaker]
    return np.concatenate([load(shared / "audio" / row["audio"]) for row in found])


def written(file: Path, samples: Samples) -> Path:
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(samples.astype("<i2").tobytes())
    return file


def enrolling(memex: Home, name: str = "Ada") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "memex.cli", "people", "enroll", name, "--say", "--me"],
        env=memex.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def how(memex: Home) -> tuple[str, str]:
    ears: dict[str, Any] = condition(memex.paths)["ears"] or {}
    return ears.get("state", ""), ears.get("reason", "")


def everything(memex: Home) -> set[str]:
    """What lies in the data directory, less what a process has while it runs."""
    files = (file.relative_to(memex.path) for file in memex.path.rglob("*") if file.is_file())
    return {str(file) for file in files if file.parts[0] in {"spool", "work", "audio"}}


def test_who_reads_aloud_is_known_and_what_is_read_is_not_remembered(
    memex: Heard, shared: Path, tmp_path: Path, encoder: VoiceEncoder
) -> None:
    memex.paths.config.write_text("[listen]\nalways = true\nchime = false\n")
    for role in ("memexd", "memex-ears"):
        start(memex.paths, role)
    until(lambda: how(memex)[0] == "listening")
    quiet = np.concatenate([enough(said_by(shared, "2609")), silence(2)])
    with enrolling(memex) as command:
        until(lambda: how(memex) == ("off", "a voice is being learnt"))
        memex.microphone.start(written(tmp_path / "voice.wav", quiet))
        told, how_far = command.communicate(timeout=120)
    assert command.returncode == 0, how_far
    assert "The old clock" in told
    assert told.endswith("Ada will be recognised from now on.\n")
    assert "of 20 s of speech heard" in how_far
    assert "That is enough." in how_far
    (ada,) = memex.json("people", "list")["people"]
    assert (ada["name"], ada["owner"]) == ("Ada", True)
    assert ada["seconds"] >= WANTED
    until(lambda: how(memex)[0] == "listening")
    stop(memex.paths, "memex-ears")
    assert everything(memex) == set()
    assert memex.client.documents(hidden=True) == []


def test_ctrl_c_leaves_nothing_behind_and_a_kill_frees_the_ears(
    memex: Heard, shared: Path, tmp_path: Path
) -> None:
    start(memex.paths, "memexd")
    memex.microphone.start(written(tmp_path / "voice.wav", said_by(shared, "2609")))
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        with enrolling(memex) as command:
            assert command.stderr
            assert "of speech heard" in command.stderr.readline()
            assert holder(memex.paths.lesson) is not None
            if number == signal.SIGINT:  # as a terminal sends it
                os.killpg(command.pid, number)
            else:
                os.kill(command.pid, number)
            told = command.communicate(timeout=60)[1]
            assert command.returncode == code
            assert "Traceback" not in told
        until(lambda: holder(memex.paths.lesson) is None)
    assert memex.json("people", "list")["people"] == []
    assert everything(memex) == set()


def test_in_private_no_microphone_is_opened(memex: Heard) -> None:
    start(memex.paths, "memexd")
    Pause(memex.paths.private).begin(None)
    assert "private" in memex.run("people", "enroll", "Ada", "--say", code=1).stderr
    assert "--say" in memex.run("people", "enroll", "Ada", code=2).stderr
    both = memex.run("people", "enroll", "Ada", "--say", "--from", "x.wav", code=2)
    assert "--from" in both.stderr
    assert memex.json("people", "list")["people"] == []


class Time:
    """That goes by with what is heard."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lesson = Lesson(lambda: self.now)

    def hear(self, samples: Samples) -> Time:
        for at in range(0, len(samples), BLOCK):
            self.now += len(samples[at : at + BLOCK]) / RATE
            self.lesson.hear(samples[at : at + BLOCK])
        return self


def enough(said: Samples) -> Samples:
    """As much of it as is read until it suffices, and a little more for what comes late."""
    learning = Time()
    for second in range(len(said) // RATE):
        learning.hear(said[second * RATE : (second + 1) * RATE])
        if learning.lesson.seconds >= WANTED + 1:
            return said[: (second + 1) * RATE]
    raise AssertionError("too little is said")


def test_the_voice_is_the_one_that_a_recording_gives(
    shared: Path, tmp_path: Path, encoder: VoiceEncoder
) -> None:
    said = said_by(shared, "2609")[: 30 * RATE]
    heard = Time().hear(said).lesson
    recorded = voice_of(written(tmp_path / "said.wav", said), encoder)
    assert heard.seconds == pytest.approx(recorded["seconds"], rel=0.25)
    assert float(encoder.utterance(heard.samples) @ np.array(recorded["vector"])) > 0.97
    assert heard.trouble("desk") == ""


def test_silence_noise_and_what_clips_are_told_and_not_learnt_from(shared: Path) -> None:
    noise = next(r for r in rows(shared / "audio", "nonspeech") if r["id"] == "pink-35dB")
    mute = Time().hear(silence(UNHEARD + 1)).lesson
    assert mute.trouble("desk") == "nothing at all comes from desk: is it muted?"
    noisy = Time().hear(load(shared / "audio" / noise["audio"])[: 10 * RATE]).lesson
    assert noisy.trouble("desk") == "nobody is heard on desk"
    assert mute.seconds == noisy.seconds == 0.0

    said = said_by(shared, "2609")[: 8 * RATE]
    loud = np.clip(said.astype(np.int32) * 200, -32_768, 32_767).astype(np.int16)
    clipped = Time().hear(loud)
    assert "clips" in clipped.lesson.trouble("desk")
    assert clipped.lesson.seconds < 0.2 * Time().hear(said).lesson.seconds
    assert "clips" not in clipped.hear(silence(4)).lesson.trouble("desk")

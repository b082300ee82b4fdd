"""The microphone is opened and closed when it is to be, and nothing more is heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ingest.ears.desk import Desk
from ingest.ears.microphone import State
from ingest.ears.recorder import Recorder
from memex.config import Listening
from memex.errors import MemexError
from memex.recordings import RATE
from memex.spool import Spool
from tests.ears.sounds import Samples, load, recorded

Hear = Callable[[Samples, int], None]


@dataclass
class Tape:
    """Delivers a file as a microphone would, a second at every pump."""

    hear: Hear
    sound: Samples
    device: str = "desk"
    state: State = "off"
    reason: str = ""
    at: int = 0
    refuses: str = ""
    log: list[str] = field(default_factory=list)

    def open(self) -> None:
        if self.refuses:
            raise MemexError(self.refuses)
        self.state = "listening"
        self.log.append("open")

    def close(self) -> None:
        self.state = "off"
        self.log.append("close")
        self.hear(self.sound[self.at : self.at + RATE], 0)  # what was on its way

    def pump(self) -> None:
        if self.state == "listening" and self.at < len(self.sound):
            block = self.sound[self.at : self.at + RATE]
            self.at += len(block)
            self.hear(block, 0)


@dataclass
class Room:
    """A desk whose microphone plays a tape."""

    spool: Spool
    sound: Samples
    refusal: str | None = None
    refuses: str = ""
    tapes: list[Tape] = field(default_factory=list)
    chimes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = Desk(
            Listening(),
            lambda source, device: Recorder(self.spool, source, device, listen=Listening()),
            refusal=lambda: self.refusal,
            chime=self.chimes.append,
            microphone=self.make,
        )

    def make(self, wanted: str, hear: Hear) -> Tape:
        tape = Tape(hear, self.sound, device=wanted or "desk", refuses=self.refuses)
        self.tapes.append(tape)
        return tape

    @property
    def state(self) -> str:
        (event,) = self.desk.status()
        return str(event["state"])


@pytest.fixture
def room(tmp_path: Path, shared: Path) -> Iterator[Room]:
    sound = load(shared / "audio" / "conversation" / "phone.flac")
    made = Room(Spool(tmp_path / "spool"), np.tile(sound, 20))
    yield made
    made.desk.stop()


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_listens_until_it_is_not_to(room: Room) -> None:
    room.desk.start()
    until(lambda: room.desk.counts.spooled > 5 * RATE)
    assert room.state == "listening"
    (event,) = room.desk.status()
    assert event["device"] == "desk"
    assert event["recording"]
    assert event["level"] < 0
    room.desk.quiet("private")
    until(lambda: room.tapes[0].log == ["open", "close"])
    (one,) = recorded(room.spool)
    assert one.item.id == event["recording"]
    assert room.state == "private"
    assert room.desk.status()[0]["recording"] is None
    room.desk.quiet(None)
    until(lambda: len(room.tapes) == 2)
    until(lambda: room.state == "listening")
    assert room.chimes == ["begun", "ended", "begun"]


@pytest.mark.parametrize("reason", ["private", "paused"])
def test_what_is_said_afterwards_reaches_no_file(room: Room, reason: str) -> None:
    """It is asked before anything is taken: not even what was on its way is kept."""
    room.desk.start()
    until(lambda: room.desk.counts.spooled > 5 * RATE)
    room.refusal = reason
    until(lambda: room.tapes[0].log == ["open", "close"])
    said = room.desk.counts.captured
    until(lambda: recorded(room.spool))
    (one,) = recorded(room.spool)
    assert said <= room.tapes[0].at
    assert room.desk.counts.captured == said
    place = next(
        at for at in range(10 * RATE) if (room.sound[at : at + 500] == one.samples[:500]).all()
    )
    assert place + len(one.samples) <= said
    held = b"".join(file.read_bytes() for file in room.spool.directory.rglob("*") if file.is_file())
    after = room.sound[said : said + RATE].tobytes()
    assert after[:3200] not in held
    assert one.samples[-1600:].tobytes() in held
    time.sleep(0.3)
    assert room.desk.counts.captured == said
    assert room.state == reason


def test_where_there_is_no_sound_system_it_says_so(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.ears.desk.RETRY_EVERY", 0.05)
    room.refuses = "PortAudio is not installed."
    room.desk.start()
    until(lambda: room.state == "lost")
    assert room.desk.trouble == "PortAudio is not installed."
    room.refuses = ""
    until(lambda: room.state == "listening")
    assert room.desk.trouble == ""


def test_a_microphone_that_is_lost_ends_the_recording(room: Room) -> None:
    room.desk.start()
    until(lambda: room.desk.counts.spooled > 5 * RATE)
    room.tapes[0].reason, room.tapes[0].state = "it was taken away", "lost"
    until(lambda: recorded(room.spool))
    assert room.state == "lost"
    assert room.desk.trouble == "the microphone is lost: it was taken away"
    room.tapes[0].state = "listening"
    until(lambda: room.state == "listening")


def test_another_microphone_is_another_recording(room: Room) -> None:
    room.desk.start()
    until(lambda: room.desk.counts.spooled > 5 * RATE)
    room.desk.use(Listening(device="headset"))
    until(lambda: room.desk.status()[0]["device"] == "headset")
    until(lambda: room.desk.counts.spooled > 5 * RATE)
    room.desk.stop()
    devices = [one.item.provenance.device for one in recorded(room.spool) if one.item.provenance]
    assert devices == ["desk", "headset"]


def test_long_silence_is_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.ears.recorder.Recorder.speaking", False)
    room.sound = np.zeros(1000 * RATE, np.int16)
    room.desk.use(Listening(silent=0.01))
    room.desk.start()
    until(lambda: room.state == "silent")
    assert "desk" in room.desk.status()[0]["reason"]


def test_it_ends_with_what_was_heard(room: Room) -> None:
    room.desk.start()
    until(lambda: room.desk.counts.spooled > 5 * RATE)
    room.desk.stop()
    assert not room.desk.alive
    assert len(recorded(room.spool)) == 1
    assert "microphone" not in {thread.name for thread in threading.enumerate()}

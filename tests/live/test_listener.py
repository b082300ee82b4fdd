"""The listener over a recogniser that says what it is told, and a memexd that is not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.archive import Archive
from ingest.live.listener import Listener
from ingest.live.phrase import SoFar
from ingest.recognition import Heard
from memex.client import Client
from memex.config import Config, ModelChoice, Paths
from memex.errors import DaemonUnavailable, ModelMissing
from memex.protocols import Recognised, Remembered
from memex.recordings import Growing
from memex.types import Arrival, Word
from memex.wire import Json
from tests.live.feeding import origin, until

if TYPE_CHECKING:
    from ingest.live.phrase import Samples

SECOND = np.full(16_000, 1_000, dtype=np.int16)


class Scripted:
    """A recogniser that hears a word for each second it is given: "one two three"."""

    model = "scripted"

    def __init__(self) -> None:
        self.phrases: list[float] = []
        self.interims: list[float] = []
        self.broken = 0

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        raise AssertionError("what grows is heard phrase by phrase, never as a file")

    def phrase(self, samples: Samples, *, beam: int = 5, hotwords: Sequence[str] = ()) -> Heard:
        if self.broken:
            self.broken -= 1
            raise RuntimeError("the model is upset")
        self.phrases.append(len(samples) / 16_000)
        return Heard(self.interim(samples).words, len(samples) / 16_000, -0.1, 0.0)

    def interim(self, samples: Samples) -> SoFar:
        self.interims.append(len(samples) / 16_000)
        names = "one two three four five six".split()[: len(samples) // 16_000]
        words = tuple(Word(f" {name}", at, at + 0.9, 0.9) for at, name in enumerate(names))
        return SoFar(words, took=0.01)


class Memexd(Client):
    """A client of a memexd that may be away."""

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths)
        self.away = False
        self.followers = 0
        self.said: list[Json] = []
        self.arrived: list[Arrival] = []

    def say_live(self, events: Sequence[Json]) -> int:
        if self.away:
            raise DaemonUnavailable("away", "")
        self.said += events
        return self.followers

    def remember(self, *arrivals: Arrival) -> Iterator[Remembered]:
        if self.away:
            raise DaemonUnavailable("away", "")
        self.arrived += arrivals
        for arrival in arrivals:
            yield Remembered(arrival.document.id, new=True, passages=1)

    def text(self) -> str:
        """What the last document says."""
        said = self.arrived[-1].document.segments if self.arrived else ()
        return " ".join(segment.text for segment in said)


class Bench:
    """A listener with everything around it."""

    def __init__(self, home: Path) -> None:
        self.paths = Paths(home=home, config=home / "config.toml")
        self.paths.create()
        self.live = home / "spool" / "live"
        self.live.mkdir(parents=True)
        self.memexd = Memexd(self.paths)
        self.ear = Scripted()
        self.missing = False
        self.loads = 0
        self.needed = 0
        config = Config(self.paths, ModelChoice())
        self.listener = Listener(
            self.memexd,
            self.live,
            self._load,
            Archive(home / "audio", lambda: config),
            needed=self._needing,
        )

    def _load(self) -> Scripted:
        self.loads += 1
        if self.missing:
            raise ModelMissing("whisper is not there", "")
        return self.ear

    @contextmanager
    def _needing(self) -> Iterator[None]:
        self.needed += 1
        yield
        self.needed -= 1

    def grow(self, device: str = "desk") -> Growing:
        recording = Growing(self.live, origin(device))
        self.listener.wake()
        return recording


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.listener.start()
    yield made
    made.listener.stop()


def say(recording: Growing, seconds: int) -> None:
    """A phrase, begun and over."""
    start = recording.length
    recording.begun(start)
    for _ in range(seconds):
        recording.write(SECOND)
    recording.phrase(start, recording.length)


def test_phrases_become_one_document_that_grows(bench: Bench) -> None:
    recording = bench.grow()
    say(recording, 2)
    until(lambda: bench.memexd.text() == "one two")
    recording.write(SECOND)
    say(recording, 1)
    until(lambda: bench.memexd.text() == "one two one")
    first, last = bench.memexd.arrived[0], bench.memexd.arrived[-1]
    assert first.document.id == last.document.id
    assert first.growing
    assert last.growing
    assert last.copy.uri == recording.path.as_uri()
    assert last.document.attributes["device"] == "desk"
    assert last.document.segments[-1].start == 3.0  # from the start of the recording
    assert bench.ear.phrases == [2.0, 1.0]
    recording.close()


def test_nobody_looks_nothing_is_decoded_twice(bench: Bench) -> None:
    recording = bench.grow()
    recording.begun(0)
    for _ in range(3):
        recording.write(SECOND)
    say_over = threading.Event()
    assert not say_over.wait(1.0)  # time enough for captions, if any were made
    recording.phrase(0, recording.length)
    until(lambda: bench.memexd.text() == "one two three")
    assert bench.ear.interims == [3.0]  # by `phrase` itself
    recording.close()


def test_somebody_looks_and_sees_it_come(bench: Bench) -> None:
    bench.memexd.followers = 1
    recording = bench.grow()
    recording.begun(0)
    recording.write(SECOND)
    until(lambda: any(event["open"] == "one" for event in bench.memexd.said))
    recording.write(SECOND)
    until(lambda: any(event["settled"] == "one" for event in bench.memexd.said))
    recording.phrase(0, recording.length)
    until(lambda: any(event["final"] for event in bench.memexd.said))
    last = bench.memexd.said[-1]
    assert (last["settled"], last["open"], last["utterance"]) == ("one two", "", 0)
    assert last["device"] == "desk"
    recording.close()


def test_a_recording_that_ends_unheard_leaves_no_half_caption(bench: Bench) -> None:
    bench.memexd.followers = 1
    recording = bench.grow()
    recording.begun(0)
    recording.write(SECOND)
    until(lambda: any(event["open"] == "one" for event in bench.memexd.said))
    recording.close()
    recording.path.unlink()
    recording.path.with_suffix(".jsonl").unlink()
    until(lambda: bench.memexd.said[-1]["final"])
    assert bench.memexd.said[-1]["settled"] == "one"
    until(lambda: bench.needed == 0)


def test_memexd_away_is_later_not_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.live.handover.RETRY_EVERY", 0.05)
    bench.memexd.away = True
    recording = bench.grow()
    say(recording, 1)
    until(lambda: bench.ear.phrases)
    say(recording, 2)
    until(lambda: len(bench.ear.phrases) == 2)
    assert bench.memexd.arrived == []
    bench.memexd.away = False
    until(lambda: bench.memexd.text() == "one one two")
    recording.close()


def test_a_model_that_is_missing_is_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.live.listener.DEAF", 0.2)
    bench.missing = True
    recording = bench.grow()
    say(recording, 1)
    until(lambda: bench.loads >= 2)
    assert bench.memexd.arrived == []
    bench.missing = False
    until(lambda: bench.memexd.text() == "one")
    recording.close()


def test_one_recording_that_breaks_the_recogniser_does_not_stop_the_next(bench: Bench) -> None:
    bench.ear.broken = 1
    broken = bench.grow("desk")
    say(broken, 1)
    until(lambda: bench.ear.broken == 0)
    other = bench.grow("pocket")
    say(other, 2)
    until(lambda: bench.memexd.text() == "one two")
    assert {arrival.document.attributes["device"] for arrival in bench.memexd.arrived} == {"pocket"}
    broken.close()
    other.close()


def test_what_a_crash_left_keeps_nobody_busy(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its writer died in the middle of a phrase: it is heard as far as it was said, and then
    it is quiet, and the backlog goes on.
    """
    monkeypatch.setattr("ingest.live.listener.STILL", 0.3)
    recording = bench.grow()
    say(recording, 1)
    recording.begun(recording.length)
    recording.write(SECOND)
    recording.close()
    until(bench.listener.speaking)
    until(lambda: not bench.listener.speaking())
    until(lambda: bench.needed == 0)
    assert bench.memexd.text() == "one"


def test_while_somebody_speaks_the_model_stays(bench: Bench) -> None:
    recording = bench.grow()
    recording.begun(0)
    recording.write(SECOND)
    until(bench.listener.speaking)
    assert bench.needed == 1
    recording.phrase(0, recording.length)
    until(lambda: bench.memexd.text() == "one")
    recording.close()
    recording.path.unlink()
    recording.path.with_suffix(".jsonl").unlink()
    until(lambda: bench.needed == 0)
    assert not bench.listener.speaking()


def test_a_wake_while_it_is_awake_does_not_make_it_restless(bench: Bench) -> None:
    """Else it would look again and again without a pause as long as anything grows."""
    recording = bench.grow()
    say(recording, 1)
    until(lambda: bench.memexd.text() == "one")
    bench.listener.wake()
    until(lambda: not bench.listener._awake.is_set())
    recording.close()

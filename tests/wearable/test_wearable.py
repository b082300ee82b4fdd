"""A wearable that is connected to, lost and found again, by the bytes of a real one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ingest.ears.consent import UNASKED
from ingest.ears.hushes import Hushes
from ingest.ears.moments import local_now
from ingest.ears.radio import Link, NoRadio
from ingest.ears.recorder import Recorder
from ingest.ears.source import Ear
from ingest.ears.wearable import Patience
from ingest.ears.wearables import Wearables
from memex.config import Listening, Wearable
from memex.items import Item
from memex.spool import Spool
from tests.listener import Listener
from tests.sounds import Samples, likeness, recording, samples
from tests.wearable.peripheral import Omi, OmiLink, notifications, opus, pcm, records

WAIT = 60.0
"""Seconds that a test waits at the most."""
HASTE = Patience(first=0.01, longest=0.05, silent=0.3)
PAIRED = (Wearable("C0:FF:EE:00:00:01", "necklace"),)
BEGAN = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)


class Heard:
    """What the source told, without a recorder."""

    def __init__(self, folder: Path, omi: Omi, *, pause: float = 60.0) -> None:
        self.ears: list[Listener] = []
        self.wearables = Wearables(
            PAIRED,
            Hushes(folder / "hushes.json"),
            self._ear,
            pause=pause,
            link_to=omi.link,
            patience=HASTE,
        )

    @property
    def live(self) -> Listener:
        return self.ears[0]

    @property
    def state(self) -> tuple[str, str]:
        (told,) = self.wearables.status()
        assert (told["kind"], told["source"], told["device"]) == ("state", "wearable", "necklace")
        return told["state"], told["reason"]

    def _ear(
        self, source: str, device: str, clock: Callable[[], datetime] | None = None
    ) -> Listener:
        self.ears.append(Listener(source, device, clock))
        return self.ears[-1]


@contextmanager
def hearing(folder: Path, omi: Omi, *, pause: float = 60.0) -> Iterator[Heard]:
    heard = Heard(folder, omi, pause=pause)
    heard.wearables.start()
    try:
        yield heard
    finally:
        heard.wearables.stop()


def tone(seconds: float) -> Samples:
    return (np.sin(np.arange(round(seconds * 16_000)) / 9) * 9000).astype(np.int16)


def test_it_is_met_and_heard(tmp_path: Path) -> None:
    said = tone(3)
    omi = Omi(codec=0, live=notifications(pcm(said)))
    with hearing(tmp_path, omi) as heard:
        until(lambda: len(heard.live.sound) >= len(said))
        assert abs((omi.clock or 0) - time.time()) < WAIT
        until(lambda: heard.state == ("silent", "it sends nothing"))
    assert (heard.live.sound[: len(said)] == said).all()
    assert heard.live.lost == 0
    assert heard.live.stops == ["the wearable is away"]


def test_it_is_heard_again_after_the_connection_broke_off(tmp_path: Path) -> None:
    said = tone(4)
    sent = notifications(pcm(said))
    omi = Omi(codec=0, live=sent, breaks=[201, 501], away=3)  # in the middle of a frame
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.sent == len(sent))
        until(lambda: len(heard.live.stops) == 2)
        until(lambda: heard.state[0] in {"listening", "silent"})
    assert omi.connections == 3
    assert heard.live.stops == ["the wearable is away"] * 3
    # Of each frame that was cut in two the first half is counted; the second cannot be.
    assert heard.live.lost == 2 * 160
    heard_at = heard.live.sound
    assert len(heard_at) >= len(said) - 2 * 160


def test_another_device_with_the_same_service_is_refused(tmp_path: Path) -> None:
    omi = Omi(name="LED", maker="Arduino")
    with hearing(tmp_path, omi) as heard:
        until(lambda: heard.state[0] == "off")
        assert "no wearable that Memex knows" in heard.state[1]
    assert not omi.subscribed
    assert heard.live.blocks == []


def test_a_codec_that_is_not_known_is_refused(tmp_path: Path) -> None:
    omi = Omi(codec=99, live=notifications([b"x" * 50] * 20))
    with hearing(tmp_path, omi) as heard:
        until(lambda: heard.state[0] == "off")
        assert "codec 63" in heard.state[1]
    assert heard.live.blocks == []


def test_private_drops_what_comes_and_what_is_stored_then(tmp_path: Path) -> None:
    omi = Omi(codec=0, live=notifications(pcm(tone(1))))
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.sent == len(omi.live))
        before = len(heard.live.blocks)
        heard.wearables.quiet("private")
        assert heard.live.stops == ["private"]
        assert heard.state == ("private", "")
        blocks = len(heard.live.blocks)
        assert before <= blocks
        omi.live += notifications(pcm(tone(1)), first=300)
        time.sleep(0.2)
        assert omi.subscribed  # else it would store what is private
        assert len(heard.live.blocks) == blocks
    assert Hushes(tmp_path / "hushes.json").covers(datetime.now(UTC), datetime.now(UTC))


def test_nobody_listens_and_it_is_parted_from(tmp_path: Path) -> None:
    omi = Omi(codec=0, live=notifications(pcm(tone(1))))
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.subscribed)
        heard.wearables.quiet(UNASKED)
        until(lambda: not omi.subscribed)
        assert heard.state == ("off", UNASKED)
        connections = omi.connections
        time.sleep(0.2)
        assert omi.connections == connections
        heard.wearables.quiet(None)
        until(lambda: omi.subscribed)


def test_a_recording_ends_when_it_sends_nothing_for_the_pause(tmp_path: Path) -> None:
    omi = Omi(codec=0, live=notifications(pcm(tone(1))))
    with hearing(tmp_path, omi, pause=0.2) as heard:
        until(lambda: heard.live.stops == [""])


def test_without_bluetooth_it_says_what_is_missing(tmp_path: Path) -> None:
    class Nothing(Omi):
        def link(self, address: str) -> Link:  # type: ignore[override]  # a link that fails
            raise NoRadio("Bluetooth is not there.", "It takes the package bluez.")

    with hearing(tmp_path, Nothing()) as heard:
        until(lambda: heard.state[0] == "off")
        assert "bluez" in heard.state[1]


def test_what_the_radio_raises_unforeseen_ends_nothing_for_good(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(Omi):
        def link(self, address: str) -> OmiLink:
            if not self.reads:
                self.reads.append((0, 0))
                raise KeyError("Roles")
            return super().link(address)

    omi = Odd(codec=0, live=notifications(pcm(tone(1))))
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.sent == len(omi.live))
        until(lambda: heard.state[0] == "silent")
    assert "this should not have happened" in caplog.text


def stored(heard: Heard) -> Listener:
    until(lambda: len(heard.ears) > 1)
    return heard.ears[1]


def test_what_it_stored_keeps_its_own_time_and_leaves_the_wearable(tmp_path: Path) -> None:
    said = tone(60)
    omi = Omi(stored=records(opus(said), BEGAN.timestamp()))
    count = len(omi.stored)
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.stored == [])
        ear = stored(heard)
        until(lambda: bool(ear.stops))
    assert ear.began is not None
    assert abs((ear.began - BEGAN).total_seconds()) <= 1
    assert abs(len(ear.sound) - len(said)) <= 320
    assert likeness(said, ear.sound) > 0.9
    assert omi.first == 7 + count
    assert sum(number for _, number in omi.reads) == count


def test_stored_sound_apart_becomes_recordings_apart(tmp_path: Path) -> None:
    near = BEGAN + timedelta(seconds=10 + 30)
    far = BEGAN + timedelta(hours=2)
    frames = opus(tone(10))
    kept = [*records(frames, BEGAN.timestamp()), *records(frames, near.timestamp())]
    omi = Omi(stored=[*kept, *records(frames, far.timestamp())])
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.stored == [])
        ear = stored(heard)
        until(lambda: len(ear.stops) == 2)
    assert abs(len(ear.sound) - (50 + 10) * 16_000) < 16_000 * 2


def test_what_it_stored_while_it_was_private_is_left_out(tmp_path: Path) -> None:
    hushes = Hushes(tmp_path / "hushes.json")
    hushes.begin(BEGAN + timedelta(seconds=20))
    hushes.end(BEGAN + timedelta(seconds=40))
    loud, mute = tone(20), np.zeros(20 * 16_000, np.int16)
    omi = Omi(stored=records(opus(np.concatenate([mute, loud, mute])), BEGAN.timestamp()))
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.stored == [])
        ear = stored(heard)
        until(lambda: len(ear.stops) == 2)
    assert 34 * 16_000 < len(ear.sound) < 38 * 16_000
    assert np.abs(ear.sound).max() < 100


def test_stored_sound_without_a_time_is_left_out_after_private_days(tmp_path: Path) -> None:
    frames = opus(tone(5))
    with hearing(tmp_path, Omi(stored=records(frames, 1000))) as heard:
        ear = stored(heard)
        until(lambda: bool(ear.stops))
        assert ear.began is not None
        assert datetime.now(UTC) - ear.began < timedelta(seconds=WAIT)
    hushes = Hushes(tmp_path / "hushes.json")
    hushes.begin(datetime.now(UTC) - timedelta(days=3, minutes=5))
    hushes.end(datetime.now(UTC) - timedelta(days=3))
    omi = Omi(stored=records(frames, 1000))
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.stored == [])
    assert stored(heard).blocks == []


def test_stored_sound_that_comes_damaged_is_asked_for_again(tmp_path: Path) -> None:
    said = tone(20)
    omi = Omi(stored=records(opus(said), BEGAN.timestamp()), spoilt=1, live=[], breaks=[])
    omi.live = notifications(opus(tone(2)))
    with hearing(tmp_path, omi) as heard:
        until(lambda: bool(omi.reads))
        until(lambda: heard.state[0] == "silent")
        assert stored(heard).blocks == []
        assert len(omi.stored) > 0
    with hearing(tmp_path, omi) as heard:
        until(lambda: omi.stored == [])
        until(lambda: bool(stored(heard).stops))
    assert abs(len(stored(heard).sound) - len(said)) <= 320


def test_older_firmware_keeps_what_it_stored(tmp_path: Path) -> None:
    omi = Omi(stored=records(opus(tone(2)), BEGAN.timestamp()), legacy=True)
    omi.live = notifications(opus(tone(2)))
    with hearing(tmp_path, omi) as heard:
        until(lambda: len(heard.live.sound) > 1.9 * 16_000)
        assert omi.reads == []
    assert omi.stored


def recorded(folder: Path, omi: Omi, done: Callable[[], bool]) -> tuple[Spool, list[Item]]:
    """What a real recorder makes of it."""
    spool = Spool(folder / "spool")

    def recorder(source: str, device: str, clock: Callable[[], datetime] | None = None) -> Ear:
        return Recorder(spool, source, device, listen=Listening(), clock=clock or local_now)

    wearables = Wearables(
        PAIRED,
        Hushes(folder / "hushes.json"),
        recorder,
        pause=60.0,
        link_to=omi.link,
        patience=HASTE,
    )
    wearables.start()
    until(done)
    wearables.stop()
    return spool, list(spool.waiting())


def test_speech_over_a_poor_radio_is_in_the_spool(tmp_path: Path, shared: Path) -> None:
    said, _ = recording(shared)
    sent = notifications(opus(said))
    del sent[100:105]
    omi = Omi(live=sent)
    _, (item,) = recorded(tmp_path, omi, lambda: omi.sent == len(sent))
    assert item.provenance is not None
    assert (item.provenance.source, item.provenance.device) == ("wearable", "necklace")
    assert item.provenance.attributes["lost"] == "0.10"
    kept = samples(Path(item.path))
    offset = max(0, len(said) - len(kept))
    best = max(likeness(said[at:], kept, 320) for at in range(0, offset + 160, 160))
    assert best > 0.9


def test_stored_speech_is_in_the_spool_with_its_own_time(tmp_path: Path, shared: Path) -> None:
    said, _ = recording(shared)
    omi = Omi(stored=records(opus(said), BEGAN.timestamp()))
    _, (item,) = recorded(tmp_path, omi, lambda: omi.stored == [])
    assert item.provenance is not None
    began = item.provenance.started_at
    assert began is not None
    assert -1 <= (began - BEGAN).total_seconds() <= len(said) / 16_000

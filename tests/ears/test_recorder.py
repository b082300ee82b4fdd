"""What is recorded of what a device hears."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memex.config import Listening
from memex.items import Lane, Provenance
from memex.recordings import RATE, Followed, growing
from memex.spool import Spool
from tests.ears.sounds import BEGAN, Device, Recorded, Samples, load, recorded, rows, silence


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture(scope="module")
def phone(shared: Path) -> Samples:
    """Half a minute of two people on the telephone."""
    return load(shared / "audio" / "conversation" / "phone.flac")


def always_speech(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        device.ear, "_voice", lambda samples: np.full(len(samples) // 512, 0.9, np.float32)
    )


def spoken(recordings: list[Recorded], turns: list[dict[str, float]], offset: float) -> float:
    """How many seconds of the turns were recorded."""
    inside = 0
    for turn in turns:
        start, end = (round((turn[name] + offset) * RATE) for name in ("start", "end"))
        inside += sum(max(0, min(end, r.end) - max(start, r.start)) for r in recordings)
    return inside / RATE


def length(turns: list[dict[str, float]]) -> float:
    return sum(turn["end"] - turn["start"] for turn in turns)


def test_conversations_are_recorded_and_the_silence_around_them_is_not(
    spool: Spool, shared: Path
) -> None:
    """A telephone talk, and cuts of meetings from a microphone that is far off."""
    inside = total = 0.0
    for row in rows(shared / "audio", "conversation"):
        device = Device(spool)
        sound = load(shared / "audio" / row["audio"])
        device.play(silence(20), sound, silence(70))
        assert device.ear.recording is None
        assert not list(spool.live.iterdir())
        found = recorded(spool)
        inside, total = inside + spoken(found, row["turns"], 20), total + length(row["turns"])
        played = np.concatenate([silence(20), sound, silence(70)])
        for one in found:
            assert one.start > 17 * RATE
            assert one.end <= (20 + row["seconds"] + 3) * RATE
            np.testing.assert_array_equal(one.samples, played[one.start : one.end])
            assert one.item.lane == Lane.LIVE
            assert one.item.provenance == Provenance(
                source="microphone",
                device="desk",
                started_at=BEGAN + timedelta(seconds=one.start / RATE),
                consent="listening",
            )
            spool.discard("new", one.item)
    assert inside / total >= 0.98


def test_a_long_talk_is_parted_and_loses_nothing(spool: Spool, shared: Path) -> None:
    (row,) = rows(shared / "audio", "long")
    device = Device(spool, Listening(longest=2.0))
    sound = load(shared / "audio" / row["audio"])
    device.play(sound, silence(61))
    found = recorded(spool)
    assert len(found) >= 3
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert max(len(each.samples) for each in found) < 150 * RATE
    assert spoken(found, row["turns"], 0) >= 0.98 * length(row["turns"])
    played = np.concatenate([sound, silence(61)])
    for each in found:
        np.testing.assert_array_equal(each.samples, played[each.start : each.end])


def test_what_is_said_without_a_pause_is_parted_without_a_gap(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.ears.recorder.GRACE", 10 * RATE)
    device = Device(spool, Listening(longest=0.5))
    always_speech(device, monkeypatch)
    noise = np.random.default_rng(1).integers(-999, 999, 150 * RATE).astype(np.int16)
    device.play(noise)
    device.ear.stop("the end")
    found = recorded(spool)
    assert len(found) >= 3
    assert all(one.end == other.start for one, other in pairwise(found))
    whole = np.concatenate([each.samples for each in found])
    np.testing.assert_array_equal(whole, noise[: len(whole)])
    assert len(noise) - len(whole) < 512


def test_where_nothing_is_said_nothing_is_recorded(spool: Spool, shared: Path) -> None:
    device = Device(spool)
    for row in rows(shared / "audio", "nonspeech"):
        device.play(load(shared / "audio" / row["audio"]))
    assert not recorded(spool)
    assert device.ear.counts.spooled == 0
    assert not list(spool.live.iterdir())


def test_single_words_are_recorded(spool: Spool, shared: Path) -> None:
    """Each after a silence that is long enough for a recording of its own."""
    words = rows(shared / "audio", "wake")[::10]
    device = Device(spool, Listening(pause=2.0))
    for row in words:
        device.play(load(shared / "audio" / row["audio"]), silence(4))
    assert len(recorded(spool)) == len(words)
    assert device.ear.counts.dropped == 0


def test_marks_say_where_it_is_spoken_while_it_grows(spool: Spool, phone: Samples) -> None:
    device = Device(spool)
    seen: list[Followed] = []
    for at in range(0, len(phone), 800):
        device.play(phone[at : at + 800])
        if not seen:
            seen = list(growing(spool.live))
        for followed in seen:
            followed.look()
            assert all(phrase.end <= followed.length for phrase in followed.phrases)
    device.play(silence(5))
    (followed,) = seen
    followed.look()
    assert followed.id == device.ear.recording
    assert followed.phrases
    assert all(one.end <= other.start for one, other in pairwise(followed.phrases))
    assert followed.speaking is None
    device.ear.stop("the end")
    (one,) = recorded(spool)
    assert one.item.id == followed.id
    assert len(one.samples) - 3 * RATE < followed.phrases[-1].end <= len(one.samples)


def test_stop_ends_it_at_once_in_the_middle_of_a_word(spool: Spool, phone: Samples) -> None:
    device = Device(spool)
    device.play(phone[: 10 * RATE])
    assert device.ear.speaking
    device.ear.stop("private")
    device.check()
    (one,) = recorded(spool)
    assert device.ear.recording is None
    assert 10 * RATE - 512 <= one.end <= 10 * RATE
    device.ear.stop("private")
    assert len(recorded(spool)) == 1


def test_after_an_interruption_the_clock_holds(spool: Spool, phone: Samples) -> None:
    device = Device(spool, Listening(pause=2.0))
    device.play(phone[: 8 * RATE])
    device.ear.stop("paused")
    before = device.ear.counts
    device.came += 3600 * RATE  # an hour in which nothing was heard
    for at in range(0, len(phone), 800):
        block = phone[at : at + 800]
        device.came += len(block)
        device.ear.hear(block)
    device.ear.stop("the end")
    assert device.ear.counts.captured == before.captured + len(phone)
    start = 3608 * RATE
    for each in recorded(spool)[1:]:
        assert each.start >= start
        np.testing.assert_array_equal(each.samples, phone[each.start - start : each.end - start])


def test_what_is_missing_becomes_silence_and_is_told(spool: Spool, phone: Samples) -> None:
    device = Device(spool)
    cut, lost = 10 * RATE, RATE // 2
    device.play(phone[:cut])
    device.miss(lost, phone[cut + lost : cut + lost + 800])
    device.play(phone[cut + lost + 800 :], silence(61))
    (one,) = recorded(spool)
    assert one.item.provenance
    assert one.item.provenance.attributes == {"lost": "0.50"}
    holed = np.concatenate([phone, silence(3)])
    holed[cut : cut + lost] = 0
    np.testing.assert_array_equal(one.samples, holed[one.start : one.end])
    assert device.ear.counts.lost == lost


def test_a_long_loss_ends_the_recording(spool: Spool, phone: Samples) -> None:
    device = Device(spool)
    device.play(phone[: 10 * RATE])
    device.miss(1800 * RATE, phone[10 * RATE :])
    device.ear.stop("the end")
    first, second = recorded(spool)
    assert first.end <= 10 * RATE
    assert second.start >= 1810 * RATE
    start = 1800 * RATE
    np.testing.assert_array_equal(second.samples, phone[second.start - start : second.end - start])


def test_what_is_forgotten_while_it_grows_does_not_come_back(spool: Spool, phone: Samples) -> None:
    device = Device(spool)
    device.play(phone[: 10 * RATE])
    (followed,) = growing(spool.live)
    followed.path.unlink()
    device.play(phone[10 * RATE :], silence(61))
    (one,) = recorded(spool)
    assert one.start >= 10 * RATE
    assert one.item.id != followed.id
    assert not list(spool.live.iterdir())


def test_what_is_forgotten_just_before_it_ends_does_not_come_back(
    spool: Spool, phone: Samples
) -> None:
    device = Device(spool)
    device.play(phone[: 10 * RATE])
    (followed,) = growing(spool.live)
    followed.path.unlink()
    device.ear.stop("private")
    device.check()
    assert not recorded(spool)
    assert not list(spool.live.iterdir())


def test_a_click_is_dropped_and_counted(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(spool)
    judged = np.zeros(200, np.float32)
    judged[50:52] = 0.9
    at = 0

    def voice(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        nonlocal at
        at += len(samples) // 512
        return judged[at - len(samples) // 512 : at]

    monkeypatch.setattr(device.ear, "_voice", voice)
    device.ear.listen = replace(device.listen, pause=1.0)
    device.play(silence(6))
    assert not recorded(spool)
    assert not list(spool.live.iterdir())
    assert device.ear.counts.dropped == 1
    assert device.ear.counts.spooled == 0


def test_a_device_whose_seconds_are_too_long_keeps_the_time(spool: Spool, phone: Samples) -> None:
    """Its clock goes a thousandth slow: after an hour it would be four seconds off."""
    device = Device(spool)
    for _ in range(3600):
        device.came += RATE // 1000  # goes by, and is never delivered
        device.came += RATE
        device.ear.hear(silence(1))
    start = device.came
    for at in range(0, len(phone), 800):
        device.came += 800
        device.ear.hear(phone[at : at + 800])
    device.ear.stop("the end")
    (one,) = recorded(spool)
    first = next(
        at for at in range(len(phone)) if (phone[at : at + 100] == one.samples[:100]).all()
    )
    assert abs(one.start - start - first) < 0.3 * RATE


pieces = st.lists(
    st.tuples(
        st.sampled_from(["speech", "silence", "lost", "stop", "forget"]), st.integers(1, 60_000)
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=40, deadline=None)
@given(pieces)
def test_every_sample_is_accounted_for_whatever_happens(
    phone: Samples, parts: list[tuple[str, int]]
) -> None:
    with TemporaryDirectory() as folder:
        device = Device(Spool(Path(folder) / "spool"), Listening(pause=1.0, longest=0.1))
        at = 0
        for kind, length in parts:
            if kind == "speech":
                device.play(np.resize(phone[at:], length), size=1 + length // 3)
                at = (at + length) % (len(phone) // 2)
            elif kind == "silence":
                device.play(silence(length / RATE), size=7001)
            elif kind == "lost":
                device.miss(length * 4, silence(0.01))
            elif kind == "forget":
                for followed in growing(device.spool.live):
                    followed.path.unlink()
            else:
                device.ear.stop("stopped")
                device.check()
        device.ear.stop("the end")
        device.check()
        assert not list(device.spool.live.iterdir())
        found = recorded(device.spool)
        assert all(one.end <= other.start for one, other in pairwise(found))
        assert all(each.end <= device.came and each.start >= 0 for each in found)
        if not any(kind == "forget" for kind, _ in parts):
            filled = sum(
                round(float(one.item.provenance.attributes.get("lost", 0)) * RATE)
                for one in found
                if one.item.provenance
            )
            held = sum(len(each.samples) for each in found)
            assert held - filled <= device.ear.counts.spooled <= held


def test_it_begins_with_the_first_sample(spool: Spool, phone: Samples) -> None:
    device = Device(spool)
    began = 10 * RATE
    device.play(phone[began:], silence(61))
    (one,) = recorded(spool)
    assert one.start == 0
    assert one.item.provenance
    assert one.item.provenance.started_at == BEGAN

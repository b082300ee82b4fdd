"""The Omi's bytes: frames, losses, codecs."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.ears.codecs import Block, MuLaw, Sound
from ingest.ears.omi import CODECS, Frames, UnsupportedDevice, codec_of, is_omi, stored_frames
from tests.sounds import Samples, likeness, recording
from tests.wearable.peripheral import SERVICES, notifications, opus, pcm, records


def heard(sound: Sound, sent: list[bytes]) -> list[Block]:
    blocks = [block for each in sent for block in sound.feed(each)]
    return blocks + list(sound.finish())


def joined(blocks: list[Block]) -> Samples:
    """With silence where something is missing."""
    parts = [np.concatenate([np.zeros(b.lost, np.int16), b.samples]) for b in blocks]
    return np.concatenate(parts)


def lost(blocks: list[Block]) -> int:
    return sum(block.lost for block in blocks)


def test_an_unknown_codec_is_refused() -> None:
    assert codec_of(b"\x15").samples == 320
    for value in (b"", b"\x02", b"\xff", b"\x15\x00"):
        with pytest.raises(UnsupportedDevice):
            codec_of(value)


def test_a_toy_with_the_same_service_is_no_omi() -> None:
    services = frozenset(SERVICES)
    assert is_omi("Omi", services)
    assert is_omi("omi devkit", services)
    assert is_omi("Necklace", services, "Based Hardware")
    assert not is_omi("Arduino", services)
    assert not is_omi("LED", services, "Arduino LLC")
    assert not is_omi("Omi", frozenset(), "Based Hardware")


@pytest.mark.parametrize("mtu", [247, 103])
def test_opus_is_heard_as_it_was_said(shared: Path, mtu: int) -> None:
    said, _ = recording(shared)
    blocks = heard(Sound(CODECS[21]), notifications(opus(said), mtu))
    assert lost(blocks) == 0
    assert abs(len(joined(blocks)) - len(said)) < 320
    assert likeness(said, joined(blocks)) > 0.9


@pytest.mark.parametrize("codec", [0, 1, 10, 11, 20])
def test_other_codecs_are_heard_as_it_was_said(shared: Path, codec: int) -> None:
    said, _ = recording(shared)
    rate = CODECS[codec].rate
    source = said if rate == 16_000 else _halved(said)
    if codec == 20:
        frames = opus(said, 10)
    elif codec in (0, 1):
        frames = pcm(source)
    else:
        frames = [bytes(_mulaw(source[at : at + 160])) for at in range(0, len(source) - 159, 160)]
    blocks = heard(Sound(CODECS[codec]), notifications(frames))
    assert lost(blocks) == 0
    assert abs(len(joined(blocks)) - len(said)) <= 320
    assert likeness(said, joined(blocks)) > 0.9


def test_mulaw_is_that_of_libav() -> None:
    decoder = av.CodecContext.create("pcm_mulaw", "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"
    (frame,) = decoder.decode(av.Packet(bytes(range(256))))
    assert (frame.to_ndarray().reshape(-1) == MuLaw(8000).decode(bytes(range(256)))).all()


@pytest.mark.parametrize(("codec", "mtu"), [(21, 247), (0, 247), (0, 103), (1, 247)])
def test_losses_are_counted_exactly_and_what_follows_keeps_its_time(
    shared: Path, codec: int, mtu: int
) -> None:
    said, _ = recording(shared)
    rate = CODECS[codec].rate
    source = said if rate == 16_000 else _halved(said)
    frames = opus(source) if codec == 21 else pcm(source)
    sent = notifications(frames, mtu, first=65_500)  # it wraps
    parts = len(sent) // len(frames)
    length = 320 if codec in (1, 21) else 160
    random.seed(7)
    gone = sorted(random.sample(range(10, len(frames) - 10), len(frames) // 20))
    gone += [gone[-1] + 1, len(frames) // 2, len(frames) // 2 + 1, len(frames) // 2 + 2]
    missing = {frame * parts + random.randrange(parts) for frame in set(gone)}
    blocks = heard(Sound(CODECS[codec]), [n for at, n in enumerate(sent) if at not in missing])
    assert lost(blocks) == len(set(gone)) * length
    assert abs(len(joined(blocks)) - len(said)) <= 320
    kept = np.ones(len(said), bool)
    for frame in gone:
        kept[frame * length : (frame + 1) * length] = False
    assert likeness(np.where(kept, said, 0).astype(np.int16), joined(blocks)) > 0.9


def test_a_whole_stretch_that_is_missing_is_counted() -> None:
    sent = notifications(pcm(np.arange(16_000, dtype=np.int16)), 103)
    parts = len(sent) // 100
    blocks = heard(Sound(CODECS[0]), sent[: 10 * parts + 1] + sent[60 * parts + 2 :])
    assert lost(blocks) == 51 * 160  # from the middle of the 10th into the middle of the 60th


def test_what_comes_twice_or_late_changes_nothing() -> None:
    said = (np.sin(np.arange(16_000) / 9) * 9000).astype(np.int16)
    sent = notifications(pcm(said))
    twice = [n for each in sent for n in (each, each)]
    sound = Sound(CODECS[0])
    blocks = heard(sound, twice)
    assert (joined(blocks) == said).all()
    assert sound.frames.counts.repeated == len(sent)
    late = sent.copy()
    late.insert(30, late.pop(20))  # a part of frame 10 comes five frames too late
    sound = Sound(CODECS[0])
    blocks = heard(sound, late)
    assert lost(blocks) == 160
    assert sound.frames.counts.late == 1
    assert len(joined(blocks)) == len(said)


def test_a_count_that_begins_anew_is_followed() -> None:
    said = np.ones(16_000, np.int16)
    sound = Sound(CODECS[0])
    blocks = heard(sound, notifications(pcm(said), 400, 30_000) + notifications(pcm(said), 400, 0))
    assert 31_000 - 8 * 160 <= len(joined(blocks)) <= 32_000


def test_the_same_number_for_all_parts_of_a_frame_is_understood() -> None:
    """As the example in the maker's document counts."""
    said = (np.sin(np.arange(16_000) / 9) * 9000).astype(np.int16)
    sent = [
        (at // 2).to_bytes(2, "little") + each[2:]
        for at, each in enumerate(notifications(pcm(said)))
    ]
    assert (joined(heard(Sound(CODECS[0]), sent)) == said).all()


def test_what_ends_in_the_middle_of_a_frame_is_lost() -> None:
    sent = notifications(pcm(np.ones(16_000, np.int16)), 103)
    blocks = heard(Sound(CODECS[0]), sent[:-1])
    assert lost(blocks) == 160
    assert len(joined(blocks)) == 16_000


def test_damaged_opus_is_lost_and_the_rest_is_heard(shared: Path) -> None:
    said, _ = recording(shared)
    frames = opus(said)
    frames[20] = b"\xff" * 40
    blocks = heard(Sound(CODECS[21]), notifications(frames))
    assert abs(len(joined(blocks)) - len(said)) < 640
    assert likeness(said, joined(blocks)) > 0.9


def test_stored_sound_is_the_frames_that_were_packed(shared: Path) -> None:
    said, _ = recording(shared)
    frames = opus(said)
    packed = records(frames, 1_780_000_000)
    assert [f for record in packed for f in stored_frames(record[4:])] == frames


def test_a_record_that_breaks_off_gives_what_is_whole() -> None:
    whole = b"\x03abc\x02de"
    assert list(stored_frames(whole + b"\x05f")) == [b"abc", b"de"]
    assert list(stored_frames(whole)) == [b"abc"]  # 3.0.20 leaves such an end
    assert list(stored_frames(b"\0\0" + whole + b"\0")) == [b"abc", b"de"]
    assert list(stored_frames(b"\x05")) == []


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(set(CODECS) - {20, 21})), st.lists(st.binary(max_size=40), max_size=40)
)
def test_whatever_comes_nothing_breaks(codec: int, sent: list[bytes]) -> None:
    for block in heard(Sound(CODECS[codec]), sent):
        assert block.lost >= 0


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 3)), max_size=60))
def test_every_frame_is_told_whole_or_lost(sent: list[tuple[int, int]]) -> None:
    frames = Frames(CODECS[21])
    told = [
        frame
        for number, index in sent
        for frame in frames.feed(number.to_bytes(2, "little") + bytes([index, 1, 2]))
    ]
    told += frames.finish()
    assert len(told) == frames.counts.frames
    assert sum(frame.lost for frame in told) + frames.gone() == frames.counts.lost
    assert frames.counts.notifications == len(sent)


def _halved(sound: Samples) -> Samples:
    resampler = av.AudioResampler("s16", "mono", 8000)
    frame = av.AudioFrame.from_ndarray(sound[None, :], "s16", "mono")
    frame.sample_rate = 16_000
    out = [each.to_ndarray().reshape(-1) for each in resampler.resample(frame)]
    out += [each.to_ndarray().reshape(-1) for each in resampler.resample(None)]
    return np.concatenate(out)


def _mulaw(sound: Samples) -> bytes:
    encoder = av.CodecContext.create("pcm_mulaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(sound[None, :], "s16", "mono")
    frame.sample_rate = 8000
    return b"".join(bytes(packet) for packet in encoder.encode(frame))

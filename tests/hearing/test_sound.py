from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from ingest.sound import SAMPLE_RATE, Sound, clock
from memex.errors import DamagedFile, EncryptedFile, NoTextFound, UnreadableFile
from tests.hearing.making import Extras, Samples, encode, load

FFMPEG = [
    ("talk.mp3", "libmp3lame", 44_100, None),
    ("talk.m4a", "aac", 44_100, None),
    ("talk.ogg", "libopus", 48_000, None),
    ("talk.opus", "libopus", 48_000, None),
    ("talk.flac", "flac", 16_000, None),
    ("talk.wav", "pcm_s16le", 22_050, None),
    ("talk.mp4", "aac", 48_000, "mpeg4"),
    ("talk.mkv", "libopus", 48_000, "mpeg4"),
    ("talk.webm", "libopus", 48_000, "libvpx"),
]
GSTREAMER = "gst-launch-1.0 -q filesrc location={wav} ! wavparse ! audioconvert ! audioresample !"
OTHERS = {
    "sox.wav": "sox {wav} -c 2 -r 44100 -e floating-point {out}",
    "lame.mp3": "lame --quiet -V5 {wav} {out}",
    "flac.flac": "flac --silent -o {out} {wav}",
    "opusenc.opus": "opusenc --quiet {wav} {out}",
    "oggenc.ogg": "oggenc --quiet -o {out} {wav}",
    "mkvmerge.mkv": "mkvmerge -q -o {out} {wav}",
    "mkvmerge.webm": "mkvmerge -q -w -o {out} {opus}",
    "gstreamer.m4a": GSTREAMER + " avenc_aac ! mp4mux ! filesink location={out}",
    "gstreamer.mp4": GSTREAMER + " opusenc ! mp4mux ! filesink location={out}",
}


@pytest.fixture
def wav(tmp_path: Path, speech: Samples) -> Path:
    path = tmp_path / "original.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((speech * 32767).astype("<i2").tobytes())
    return path


def assert_same_sound(got: Samples, speech: Samples) -> None:
    """The same loudness over time: nothing missing, nothing shifted by 0.1 s (AAC
    without an edit list begins 64 ms late).
    """
    frame = SAMPLE_RATE // 50
    count = min(len(got), len(speech)) // frame
    assert abs(len(got) - len(speech)) < 0.1 * SAMPLE_RATE
    loud = [np.abs(s[: count * frame].reshape(count, frame)).mean(1) for s in (got, speech)]
    similar = [np.corrcoef(np.roll(loud[0], shift), loud[1])[0, 1] for shift in range(-5, 6)]
    assert max(similar) > 0.9
    assert abs(int(np.argmax(similar)) - 5) <= 4


@pytest.mark.parametrize(("name", "codec", "rate", "video"), FFMPEG)
def test_containers_of_ffmpeg(
    tmp_path: Path, speech: Samples, name: str, codec: str, rate: int, video: str | None
) -> None:
    path = encode(speech, tmp_path / name, codec, rate, Extras(video=video))
    assert_same_sound(load(path), speech)


@pytest.mark.parametrize("name", OTHERS)
def test_containers_of_other_programs(
    tmp_path: Path, wav: Path, speech: Samples, name: str
) -> None:
    out, opus = tmp_path / name, tmp_path / "original.opus"
    if "{opus}" in OTHERS[name]:
        encode(speech, opus, "libopus", 48_000)
    command = [part.format(wav=wav, out=out, opus=opus) for part in OTHERS[name].split()]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed: it makes {name}")
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    assert_same_sound(load(out), speech)


def test_parts_of_different_format_in_one_file(tmp_path: Path, speech: Samples) -> None:
    """Podcasts with advertisements put in: the sample rate changes in the middle."""
    first = encode(speech, tmp_path / "a.mp3", "libmp3lame", 44_100)
    second = encode(speech, tmp_path / "b.mp3", "libmp3lame", 24_000)
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    assert len(load(joined)) == pytest.approx(2 * len(speech), rel=0.02)


def test_sound_from_a_second_on(tmp_path: Path, speech: Samples) -> None:
    path = encode(speech, tmp_path / "talk.mp3", "libmp3lame", 44_100)
    with Sound(path) as sound:
        rest = np.concatenate(list(sound.blocks(2.5)))
    np.testing.assert_array_equal(rest, load(path)[round(2.5 * SAMPLE_RATE) :])


@pytest.mark.parametrize(
    ("name", "codec"),
    [("t.mp3", "libmp3lame"), ("t.ogg", "libopus"), ("t.flac", "flac"), ("t.wav", "pcm_s16le")],
)
def test_truncated_sound_is_heard_up_to_there(
    tmp_path: Path, speech: Samples, name: str, codec: str
) -> None:
    path = encode(speech, tmp_path / name, codec, 48_000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    got: list[Samples] = []
    with Sound(path) as sound, pytest.raises(DamagedFile, match="breaks off at 00:00:0"):
        got.extend(sound.blocks())
    assert 0.4 * len(speech) < sum(len(block) for block in got) < 0.8 * len(speech)


def test_damage_in_the_middle_shifts_nothing(tmp_path: Path, speech: Samples) -> None:
    path = encode(np.tile(speech, 2), tmp_path / "talk.mkv", "libopus", 48_000)
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 4, len(data) // 3):
        data[at] = 0
    path.write_bytes(data)
    with Sound(path) as sound:
        got: list[Samples] = []
        try:
            got.extend(sound.blocks())
        except DamagedFile:
            assert got, "what can be heard must be heard"
    samples = np.concatenate(got)
    if len(samples) > 1.9 * len(speech):  # the demuxer found its way back
        assert_same_sound(samples[-len(speech) :], speech)


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><html><body><p>Not found</p></body></html>" * 50,
        b"\0" * 20_000,
        bytes(range(256)) * 100,
        b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
    ],
    ids=["html", "zeros", "bytes", "hls", "concat"],
)
@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".wav"])
def test_what_is_no_recording(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"page{suffix}"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="no recording"):
        load(path)


def test_copy_protected(tmp_path: Path, speech: Samples) -> None:
    path = encode(speech, tmp_path / "song.m4a", "aac", 44_100)
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"drms"))
    with pytest.raises(EncryptedFile, match="copy-protected"):
        load(path)


def test_a_film_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(NoTextFound, match="no sound track"):
        load(path)


def test_a_path_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        load(tmp_path / "gone\n.mp3")


def test_not_a_number_is_silence(tmp_path: Path, speech: Samples) -> None:
    wild = speech.copy()
    wild[1000:2000], wild[3000:4000] = np.nan, np.inf
    got = load(encode(wild, tmp_path / "wild.wav", "pcm_f32le", SAMPLE_RATE))
    assert np.isfinite(got).all()
    assert np.abs(got).max() <= 1.0


def test_clock() -> None:
    assert clock(3723.9) == "01:02:03"

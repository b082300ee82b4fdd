"""The moment that is played is the moment that was recognised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from ingest.keeping import encode as keep
from ingest.sound import SAMPLE_RATE
from memex.errors import DamagedFile
from memex.playback import RATE, frames
from tests.hearing.making import Extras, Samples, encode, hum, load, shift, with_gaps

SECONDS = 24
NEAR = 2.0
"""Milliseconds that are the same moment; Matroska counts in whole ones."""

Make = Callable[[Samples, Path], Path]


def _variable(samples: Samples, path: Path) -> Path:
    """MP3 without the header that tells its encoder's delay and its length."""
    encode(samples, path, "libmp3lame", 44_100)
    data = path.read_bytes()
    start = data.index(b"Xing") if b"Xing" in data else data.index(b"Info")
    path.write_bytes(data[:start] + b"None" + data[start + 4 :])
    return path


SOURCES: dict[str, Make] = {
    "talk.mp3": lambda s, p: encode(s, p, "libmp3lame", 44_100),
    "bare.mp3": _variable,
    "talk.m4a": lambda s, p: encode(s, p, "aac", 44_100),
    "talk.aac": lambda s, p: encode(s, p, "aac", 44_100),
    "talk.wav": lambda s, p: encode(s, p, "pcm_s16le", 22_050),
    "talk.flac": lambda s, p: encode(s, p, "flac", 44_100),
    "talk.ogg": lambda s, p: encode(s, p, "libopus", 48_000),
    "film.webm": lambda s, p: encode(s, p, "libopus", 48_000, Extras(video="libvpx")),
    "film.mp4": lambda s, p: encode(s, p, "aac", 48_000, Extras(video="mpeg4")),
    "talk.ts": lambda s, p: encode(s, p, "aac", 48_000),
    "late.mkv": lambda s, p: with_gaps(s, p, "libopus", [(-1.0, 5.0)]),
    "late.ts": lambda s, p: with_gaps(s, p, "aac", [(-1.0, 1000.0)]),
    "gap.mkv": lambda s, p: with_gaps(s, p, "aac", [(12.0, 7.3)]),
    "gaps.mp4": lambda s, p: with_gaps(s, p, "aac", [(-1.0, 2.5), (12.0, 7.3), (18.0, 0.4)]),
}


def played(recording: Path, start: float, end: float) -> Samples:
    """What is played, at the recogniser's rate (the hum is far below half of it)."""
    return np.concatenate([np.zeros(0, np.float32), *frames(recording, start, end)])[
        :: RATE // SAMPLE_RATE
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_the_moment_that_was_recognised(tmp_path: Path, name: str) -> None:
    """From the recording itself and from what is kept of it, at its beginning, in its
    middle and at its end.
    """
    source = SOURCES[name](hum(SECONDS), tmp_path / name)
    recognised = load(source)
    kept = keep(source, tmp_path / "kept.opus")
    assert kept.damage is None
    assert kept.seconds == pytest.approx(len(recognised) / SAMPLE_RATE, abs=0.001)
    for start in (0.0, 3.37, kept.seconds / 2, kept.seconds - 2.1):
        said = recognised[round(start * SAMPLE_RATE) :][: 2 * SAMPLE_RATE]
        for recording in (source, kept.path):
            sound = played(recording, start, start + 2)
            assert len(sound) == pytest.approx(2 * SAMPLE_RATE, abs=2)
            if said.any():
                assert abs(shift(sound, said)) < NEAR, f"{recording.name} at {start}"
            else:  # within a gap
                assert np.abs(sound).max() < 0.001


def test_what_is_missing_lasts_as_long(tmp_path: Path) -> None:
    """From before a gap to behind it: the silence is played too."""
    source = with_gaps(hum(20), tmp_path / "gap.mkv", "flac", [(8.0, 3.0)])
    sound, recognised = played(source, 7.0, 13.0), load(source)
    assert shift(sound, recognised[7 * SAMPLE_RATE : 13 * SAMPLE_RATE]) == pytest.approx(
        0, abs=NEAR
    )
    assert not sound[round(1.2 * SAMPLE_RATE) : round(3.8 * SAMPLE_RATE)].any()
    assert shift(played(source, 9.0, 13.0), recognised[9 * SAMPLE_RATE : 13 * SAMPLE_RATE]) < NEAR


def test_nothing_lies_behind_the_end(tmp_path: Path) -> None:
    source = encode(hum(3), tmp_path / "talk.flac", "flac", 48_000)
    assert len(played(source, 2.0, 60.0)) == pytest.approx(SAMPLE_RATE, abs=2)
    assert len(played(source, 5.0, 6.0)) == 0


def test_what_is_no_recording_is_not_played(tmp_path: Path) -> None:
    """Nor a playlist that names one."""
    encode(hum(1), tmp_path / "talk.wav", "pcm_s16le", 48_000)
    playlist = tmp_path / "list.mp3"
    playlist.write_text("ffconcat version 1.0\nfile talk.wav\n")
    silent = tmp_path / "silent.mp4"
    with av.open(str(silent), "w") as container:
        film = container.add_stream("mpeg4", rate=5)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        container.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))))
        container.mux(film.encode(None))
    for path in (playlist, silent, tmp_path / "gone.opus"):
        with pytest.raises(DamagedFile, match="cannot be played"):
            list(frames(path, 0.0, 1.0))

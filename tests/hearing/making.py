"""Recordings for the tests: real speech, put into every container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import SubtitleSet
from numpy.typing import NDArray

from ingest.sound import SAMPLE_RATE, Sound

Samples = NDArray[np.float32]
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Extras:
    """What a container holds besides the sound."""

    tags: Mapping[str, str] = field(default_factory=dict)
    chapters: Sequence[tuple[str, float, float]] = ()
    subtitles: str | None = None
    """The codec of the subtitles."""
    cues: Sequence[tuple[str, float, float]] = ()
    """ASS events (text with its fields) and their times."""
    video: str | None = None
    """The codec of the film."""


def load(path: Path) -> Samples:
    with Sound(path) as sound:
        return np.concatenate(list(sound.blocks()))


def encode(
    samples: Samples, path: Path, codec: str, rate: int, extras: Extras | None = None
) -> Path:
    """Write a recording through FFmpeg; the path's suffix chooses the container."""
    extras = extras or Extras()
    with av.open(str(path), "w") as container:
        container.metadata.update(extras.tags)
        container.set_chapters([_chapter(n, *each) for n, each in enumerate(extras.chapters, 1)])
        audio: Any = container.add_stream(codec, rate=rate)
        cues: Any = container.add_stream(extras.subtitles) if extras.subtitles else None
        video: Any = container.add_stream(extras.video, rate=5) if extras.video else None
        if cues is not None:
            cues.codec_context.subtitle_header = ASS_HEADER
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        if cues is not None:
            container.start_encoding()
            for text, start, end in extras.cues:
                container.mux(_cue(cues, text, start, end))
        if video is not None:
            picture = np.zeros((48, 64, 3), np.uint8)
            for _ in range(len(samples) * 5 // SAMPLE_RATE):
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture)))
            container.mux(video.encode(None))
        _mux_sound(container, audio, samples)
    return path


def _mux_sound(
    container: av.container.OutputContainer, audio: av.AudioStream, samples: Samples
) -> None:
    context = audio.codec_context
    resampler = av.AudioResampler(context.format, context.layout, context.sample_rate)
    frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    for part in (frame, None):
        for out in resampler.resample(part):
            container.mux(audio.encode(out))
    container.mux(audio.encode(None))


def with_gaps(
    samples: Samples, path: Path, codec: str, gaps: Sequence[tuple[float, float]]
) -> Path:
    """A recording that leaves time out: (from which second, how many seconds)."""
    with av.open(str(path), "w") as container:
        audio: Any = container.add_stream(codec, rate=48_000, layout="mono")
        context = audio.codec_context
        resampler = av.AudioResampler(context.format, "mono", context.sample_rate)
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        sound = [out for part in (frame, None) for out in resampler.resample(part)]
        for packet in [*(p for out in sound for p in audio.encode(out)), *audio.encode(None)]:
            if packet.pts is None:  # of FLAC's last: it only ends the stream
                continue
            time = float(packet.pts * packet.time_base)
            missing = sum(length for start, length in gaps if time >= start)
            packet.pts += round(missing / packet.time_base)
            packet.dts = packet.pts
            container.mux(packet)
    return path


def hum(seconds: float) -> Samples:
    """A voice that hums, its pitch wandering and never the same, so that any second of
    it tells where it was.
    """
    random = np.random.default_rng(7)
    knots = np.arange(0, seconds + 1, 0.15)
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = np.interp(times, knots, random.uniform(90, 250, len(knots)))
    loud = np.interp(times, knots, random.uniform(0.02, 0.3, len(knots)))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    voice = sum(np.cos(part * phase) / part for part in range(1, 13))
    return np.asarray(loud * voice, np.float32)


def shift(got: Samples, expected: Samples) -> float:
    """Milliseconds by which one sound comes later than the other, to a part of a sample
    (cross-correlation); both at `SAMPLE_RATE`. They must be much the same.
    """
    size = 2 * max(len(got), len(expected))
    spectrum = np.fft.rfft(got, size) * np.conj(np.fft.rfft(expected, size))
    alike = np.fft.irfft(spectrum, size) / np.linalg.norm(got) / np.linalg.norm(expected)
    best = int(np.argmax(alike))
    assert alike[best] > 0.7, "these are different sounds"
    before, top, after = (float(alike[(best + step) % size]) for step in (-1, 0, 1))
    exact = best + (before - after) / (2 * (before - 2 * top + after))
    return (exact - size if exact > size / 2 else exact) * 1000 / SAMPLE_RATE


def _chapter(number: int, title: str, start: float, end: float) -> av.container.core.Chapter:
    return {
        "id": number,
        "start": round(start * 1000),
        "end": round(end * 1000),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }


def _cue(stream: SubtitleStream, text: str, start: float, end: float) -> av.Packet[SubtitleStream]:
    first, length = round(start * 1000), round((end - start) * 1000)
    event = SubtitleSet.create(text.encode(), 0, length, first)
    packet: av.Packet[SubtitleStream] = stream.codec_context.encode_subtitle(event)
    packet.stream = stream
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = first
    packet.duration = length
    return packet

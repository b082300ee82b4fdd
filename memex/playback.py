"""Playing a stretch of a recording: decoded by PyAV, heard through PortAudio.

Times are those of the recogniser's clock: zero is where the sound begins, and missing
sound lasts as long as it is missing (`ingest.sound`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import numpy as np

from memex.errors import DamagedFile, MemexError

if TYPE_CHECKING:
    from av.container import InputContainer
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

RATE: Final = 48_000
"""Frames a second that are played."""
LEAD: Final = 1.0
"""Seconds that are decoded before the first one played: decoders need some sound to
find their way, Opus 0.08 s."""
GAP: Final = 0.25
"""Seconds by which a frame may come late before silence is put in its place."""
FORMATS: Final = (
    "aac,ac3,eac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,flac,flv,matroska,webm,mov,mp4,m4a,3gp,"
    "mp3,mpc,mpc8,mpeg,mpegts,ogg,rm,tak,tta,voc,w64,wav,wv"
)
"""FFmpeg's names. Playlists (HLS, concat), which make FFmpeg open other files and
addresses, and pictures and texts, which it would open too, are left out."""


def frames(recording: Path, start: float, end: float) -> Iterator[Samples]:
    """The sound from `start` to `end` (seconds): blocks of mono frames at `RATE`,
    shape (n,), with nothing left out between them. Raises `DamagedFile`.
    """
    at, last = round(start * RATE), round(end * RATE)
    try:
        for position, samples in _placed(recording, start):
            while at < min(position, last):  # missing, or before the first sound
                silence = np.zeros(min(position - at, last - at, RATE), np.float32)
                at += len(silence)
                yield silence
            part = samples[max(0, at - position) : max(0, last - position)]
            if len(part):
                at += len(part)
                yield part
            if at >= last:
                return
    except (av.FFmpegError, IndexError) as error:
        raise DamagedFile(f"{recording} cannot be played: {error}.") from error


def _placed(recording: Path, start: float) -> Iterator[tuple[int, Samples]]:
    """Blocks from a little before `start` on, each with the frame at which it begins."""
    resampler, shape, position, heard = None, None, 0, 0.0
    for time, frame in _timed(recording, start):
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        missing = time is not None and time - heard > GAP
        if resampler is None or now != shape or missing:
            if resampler is not None:
                for samples in _resampled(resampler, None):
                    yield position, samples
                    position += len(samples)
            first = resampler is None
            resampler, shape = av.AudioResampler(format="flt", layout="mono", rate=RATE), now
            if time is not None and (first or missing):
                position, heard = round(time * RATE), time
        heard += frame.samples / frame.sample_rate
        frame.pts = None  # counted by samples from here on
        for samples in _resampled(resampler, frame):
            yield position, samples
            position += len(samples)
    if resampler is not None:
        for samples in _resampled(resampler, None):
            yield position, samples
            position += len(samples)


def _resampled(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[Samples]:
    for out in resampler.resample(frame):
        samples = np.nan_to_num(out.to_ndarray().reshape(-1), posinf=0.0, neginf=0.0)
        yield np.clip(samples, -1.0, 1.0, dtype=np.float32)


def _timed(recording: Path, start: float) -> Iterator[tuple[float | None, av.AudioFrame]]:
    """Decoded frames from before `start` on, with their seconds; from the very start
    where seeking fails or goes too far.
    """
    zero = _zero(recording)
    decoded = _decoded(recording, zero + start - LEAD) if start > LEAD else iter(())
    first = next(decoded, None)
    if first is None or first.time is None or first.time - zero > start:
        decoded = _decoded(recording, None)
        first = next(decoded)
    for frame in chain([first], decoded):
        yield None if frame.time is None else frame.time - zero, frame


def _zero(recording: Path) -> float:
    """The container's time at which the recogniser's clock is zero: the first sound,
    or the container's start where that is much earlier.
    """
    with _opened(recording) as container:
        begin = (container.start_time or 0) / av.time_base
    first = next(_decoded(recording, None), None)
    if first is None:
        raise DamagedFile(f"{recording} cannot be played: there is no sound in it.")
    return first.time if first.time is not None and abs(first.time - begin) <= GAP else begin


def _opened(recording: Path) -> InputContainer:
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    return av.open(str(recording.absolute()), metadata_errors="replace", options=options)


def _decoded(recording: Path, time: float | None) -> Iterator[av.AudioFrame]:
    """Frames from a time of the container on (or shortly before), or from its start;
    none where it cannot be sought. Packets that cannot be decoded are passed over.
    """
    with _opened(recording) as container:
        stream = container.streams.best("audio")
        if not isinstance(stream, av.AudioStream):
            raise DamagedFile(f"{recording} cannot be played: there is no sound in it.")
        if time is not None:
            try:
                container.seek(round(time * av.time_base))
            except av.FFmpegError:
                return
        for packet in container.demux(stream):
            try:
                found = packet.decode()
            except av.InvalidDataError:
                continue
            yield from (frame for frame in found if frame.samples)


def play(recording: Path, start: float, end: float) -> None:
    """Play from `start` to `end` (seconds) on the default loudspeaker; returns when
    it is over. Raises `MemexError` where there is no loudspeaker.
    """
    try:
        import sounddevice  # noqa: PLC0415 (it fails at import where PortAudio is missing)
    except OSError as error:
        raise MemexError(
            "PortAudio is not installed, so nothing can be played.",
            "Install it: `apt install libportaudio2`, or `brew install portaudio`.",
        ) from error
    try:
        with sounddevice.OutputStream(samplerate=RATE, channels=1, dtype="float32") as speaker:
            for block in frames(recording, start, end):
                speaker.write(block)
    except sounddevice.PortAudioError as error:
        raise MemexError(
            f"No loudspeaker can be used: {error}.", "Check the sound settings of this machine."
        ) from error

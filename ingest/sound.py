"""Sound out of any container, as a stream: mono, 32-bit float, 16 kHz unless told.

FFmpeg (through PyAV) decodes and resamples; about a second is in memory at a
time. What a file says about itself is not believed: only container formats for
recordings are opened, nothing but the file itself is read, and every size that
matters is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import av
import numpy as np

from ingest.endings import cut_short
from memex.errors import (
    DamagedFile,
    EncryptedFile,
    FileTooLarge,
    NoTextFound,
    UnreadableFile,
    UnsupportedFile,
)
from memex.playback import FORMATS, GAP

if TYPE_CHECKING:
    from av.container import InputContainer
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 16_000
"""Hertz; what Whisper and Silero take."""
LONGEST: Final = 7 * 24 * 3600
"""Seconds of sound that one file may hold: a small file can unpack to years of it."""
LOWEST_RATE: Final = 2_000
"""Hertz; speech sampled more slowly cannot be understood."""
ENCRYPTED_TAGS: Final = ("drms", "drmi", "enca", "encv", "aavd", "p608")
"""Codec tags of protected tracks in MP4: FairPlay, common encryption, Audible."""


def open_media(path: Path) -> InputContainer:
    """Open a recording's container. Raises `UnreadableFile`."""
    try:
        if path.stat().st_size == 0:
            raise DamagedFile(f"{_shown(path)} is empty.", "Copy or download it again.")
        return av.open(
            str(path.absolute()),
            metadata_errors="replace",
            options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
        )
    except (FileNotFoundError, PermissionError) as error:  # FFmpeg's own are both
        raise UnreadableFile(f"{_shown(path)} cannot be opened: {error.strerror}.") from error
    except av.FFmpegError as error:
        raise _unreadable(path) from error
    except OSError as error:
        raise UnreadableFile(f"{_shown(path)} cannot be opened: {error.strerror}.") from error


def _unreadable(path: Path) -> DamagedFile:
    return DamagedFile(
        f"{_shown(path)} is no recording that can be decoded, or it is damaged.",
        "Copy or download it again.",
    )


def sound_stream(container: InputContainer, path: Path) -> av.AudioStream:
    """The audio stream a player would choose. Raises `UnreadableFile`."""
    stream = container.streams.best("audio")
    if not isinstance(stream, av.AudioStream):
        raise NoTextFound(f"{_shown(path)} has no sound track, so nothing can be heard in it.")
    if stream.codec_context is None:
        raise UnsupportedFile(
            f"The sound of {_shown(path)} has a format that cannot be decoded here.",
            "Convert it, for instance to FLAC, or add a transcript.",
        )
    if str(stream.codec_context.codec_tag).lower() in ENCRYPTED_TAGS:
        raise EncryptedFile(
            f"{_shown(path)} is copy-protected (DRM).",
            "Add a copy without protection, or a transcript.",
        )
    rate = stream.codec_context.sample_rate
    if rate and rate < LOWEST_RATE:
        raise DamagedFile(f"{_shown(path)} claims {rate} samples a second, too few for speech.")
    return stream


def is_picture(stream: av.VideoStream) -> bool:
    """True for a cover picture, which FFmpeg counts among the video streams."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


class Sound:
    """One recording, decoded once from its start to its end.

    Its clock counts what it gives out, missing sound (as silence) included, and is
    the clock of every time in Memex: the same at any rate, to a sample.
    """

    def __init__(self, path: Path, rate: int = SAMPLE_RATE) -> None:
        """`rate` in hertz is what the samples come out at. Raises `UnreadableFile`."""
        self._path = path
        self._rate = rate
        self._container = open_media(path)
        try:
            self._stream = sound_stream(self._container, path)
        except UnreadableFile:
            self._container.close()
            raise
        self._position = 0
        self._zero: float | None = None
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    @property
    def duration(self) -> float | None:
        """Seconds, as the container tells; None where it does not."""
        length = self._container.duration
        return length / av.time_base if length and length > 0 else None

    @property
    def position(self) -> float:
        """Seconds decoded so far."""
        return self._position / self._rate

    def blocks(self, start: float = 0.0) -> Iterator[Samples]:
        """The samples from `start` seconds on, in blocks of about a second.

        What lies before is decoded and thrown away, since seeking is exact in
        few containers. Samples that are missing in the middle become silence,
        so that the times after them stay right. Raises `DamagedFile` where
        nothing can be decoded, and at the end where the recording breaks off.
        """
        first = round(start * self._rate)
        for samples in self._resampled():
            begin = self._position
            self._position += len(samples)
            if self._position > LONGEST * self._rate:
                raise FileTooLarge(f"{_shown(self._path)} holds more than {LONGEST // 86400} days.")
            if self._position > first:
                yield samples[max(0, first - begin) :]
        if self._position == 0:
            raise _unreadable(self._path)
        if self._broken or cut_short(self._path, self._container, self._stream, self.position):
            raise DamagedFile(f"{_shown(self._path)} breaks off at {clock(self.position)}.")

    def _resampled(self) -> Iterator[Samples]:
        resampler, fifo, shape = None, av.AudioFifo(), None
        heard = 0.0  # seconds; counted before resampling, so that each rate has the same gaps
        for frame in self._frames():
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            late = self._late(frame, heard)
            if resampler is None or now != shape or late > GAP:
                if resampler is not None:
                    yield from _resample(resampler, fifo.read())
                    yield from _resample(resampler, None)
                resampler = av.AudioResampler(format="flt", layout="mono", rate=self._rate)
                fifo, shape = av.AudioFifo(), now
                if late > GAP:
                    yield from _silence(heard + late - self.position, self._rate)
                    heard += late
            heard += frame.samples / frame.sample_rate
            frame.pts = None  # counted by samples from here on
            fifo.write(frame)
            if fifo.samples >= frame.sample_rate:
                yield from _resample(resampler, fifo.read())
        if resampler is not None:
            yield from _resample(resampler, fifo.read())
            yield from _resample(resampler, None)

    def _late(self, frame: av.AudioFrame, heard: float) -> float:
        """Seconds between the end of what came before and this frame."""
        time = frame.time
        if time is None:
            return 0.0
        if self._zero is None:  # a sound track that begins a little late begins at zero
            start = (self._container.start_time or 0) / av.time_base
            self._zero = time if abs(time - start) <= GAP else start
        late = time - self._zero - heard
        return late if late < LONGEST else 0.0

    def _frames(self) -> Iterator[av.AudioFrame]:
        """Decoded frames; packets that cannot be decoded are passed over."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self._broken = True
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if frame.samples and frame.sample_rate >= LOWEST_RATE:
                    yield frame


def _resample(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[Samples]:
    """Resample a frame, or with None what the filter still holds."""
    for out in resampler.resample(frame):
        samples = np.nan_to_num(out.to_ndarray().reshape(-1), posinf=0.0, neginf=0.0)
        yield np.clip(samples, -1.0, 1.0, dtype=np.float32)


def _silence(seconds: float, rate: int) -> Iterator[Samples]:
    """Silence in blocks of a second."""
    missing = round(seconds * rate)
    while missing > 0:
        yield np.zeros(min(missing, rate), dtype=np.float32)
        missing -= rate


def _shown(path: Path) -> str:
    """A file's name as it can be printed."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in path.name)


def clock(seconds: float) -> str:
    """A position as 01:23:45."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"

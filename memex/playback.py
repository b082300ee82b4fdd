"""Playing a stretch of a recording: decoded by PyAV, heard through PortAudio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

from memex.errors import DamagedFile, MemexError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE: Final = 48_000
"""Frames a second that are played."""


def frames(recording: Path, start: float, end: float) -> Iterator[NDArray[np.float32]]:
    """The sound from `start` to `end` (seconds): blocks of mono frames at `RATE`,
    shape (n,). Raises `DamagedFile`.
    """
    try:
        with av.open(str(recording)) as container:
            stream = container.streams.audio[0]
            container.seek(int(start * av.time_base))
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            for decoded in container.decode(stream):
                if decoded.time is not None and decoded.time > end:
                    return
                for frame in resampler.resample(decoded):
                    yield _between(frame, start, end)
    except (av.FFmpegError, IndexError) as error:
        raise DamagedFile(f"{recording} cannot be played: {error}.") from error


def _between(frame: Any, start: float, end: float) -> NDArray[np.float32]:  # noqa: ANN401
    """The part of a frame that lies between two times."""
    sound = frame.to_ndarray().reshape(-1)
    at = frame.time or 0.0
    first = max(0, round((start - at) * RATE))
    last = max(0, round((end - at) * RATE))
    part: NDArray[np.float32] = sound[first:last]
    return part


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

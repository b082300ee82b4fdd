"""Sound for the player: decoded, drawn out or pressed together, and heard. Imported in the
player's thread only: it is heavy, and nobody needs it to search.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import av
import av.filter
import numpy as np

from memex.errors import MemexError
from memex.playback import RATE, frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BLOCK: Final = 4800
"""Frames of a block: a tenth of a second, after which a key is obeyed."""
FOREVER: Final = 1e7
"""Seconds; no recording is as long."""


class Speaker(Protocol):
    """What is heard through. Real: `Loudspeaker`."""

    @property
    def latency(self) -> float:
        """Seconds from `write` to the ear."""

    def write(self, block: Samples) -> None:
        """Play mono frames at `RATE`; returns when there is room for more."""

    def rest(self) -> None:
        """Be still after what was written; `write` goes on."""

    def close(self) -> None:
        """Be done."""


class Loudspeaker:
    """The system's default. Raises `MemexError` where there is none."""

    def __init__(self) -> None:
        """Open it."""
        try:
            import sounddevice  # noqa: PLC0415 (it fails at import where PortAudio is missing)
        except OSError as error:
            raise MemexError(
                "PortAudio is not installed, so nothing can be played.",
                "Install it: `apt install libportaudio2`, or `brew install portaudio`.",
            ) from error
        self._fault = sounddevice.PortAudioError
        try:
            self._stream = sounddevice.OutputStream(samplerate=RATE, channels=1, dtype="float32")
        except self._fault as error:
            raise self._unusable(error) from error
        self._runs = False

    @property
    def latency(self) -> float:
        """As PortAudio estimates it."""
        return float(self._stream.latency)

    def write(self, block: Samples) -> None:
        """Raises `MemexError` when it is gone."""
        try:
            if not self._runs:
                self._stream.start()
                self._runs = True
            self._stream.write(np.ascontiguousarray(block, dtype=np.float32))
        except self._fault as error:
            raise self._unusable(error) from error

    def rest(self) -> None:
        """Let what was written be heard, then be still."""
        if self._runs:
            self._stream.stop()
            self._runs = False

    def close(self) -> None:
        """At once, but for what was written."""
        self._stream.close()

    @staticmethod
    def _unusable(error: Exception) -> MemexError:
        return MemexError(
            f"No loudspeaker can be used: {error}.", "Check the sound settings of this machine."
        )


def sound(recording: Path, start: float, speed: float) -> Iterator[Samples]:
    """A recording from a second to its end, faster or slower at the same pitch, in even blocks.
    Raises `DamagedFile`.
    """
    decoded = frames(recording, start, FOREVER)
    return even(decoded if speed == 1.0 else paced(decoded, speed))


def even(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Blocks of `BLOCK` frames; what is left comes last."""
    kept = np.zeros(0, np.float32)
    for block in blocks:
        kept = np.concatenate([kept, block])
        whole = len(kept) // BLOCK * BLOCK
        for at in range(0, whole, BLOCK):
            yield kept[at : at + BLOCK]
        kept = kept[whole:]
    if len(kept):
        yield kept


def paced(blocks: Iterator[Samples], speed: float) -> Iterator[Samples]:
    """Blocks, at another speed and the same pitch."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=RATE, format="flt", layout="mono", time_base=Fraction(1, RATE)
    )
    tempo, sink = graph.add("atempo", str(speed)), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    at = 0
    for block in blocks:
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        at += len(block)
        source.push(frame)
        yield from _pulled(sink)
    source.push(None)
    yield from _pulled(sink)


def _pulled(sink: av.filter.context.FilterContext) -> Iterator[Samples]:
    """What is ready."""
    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame.to_ndarray().reshape(-1).astype(np.float32)

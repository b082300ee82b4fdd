"""A wearable's frames as samples."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from ingest.ears.omi import Codec, Frames
from ingest.ears.resampling import NOTHING, Resampler
from ingest.ears.source import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]


class Decoder(Protocol):
    """Decodes the frames of one connection, in order."""

    rate: int
    """Samples a second of what comes out."""

    def decode(self, frame: bytes) -> Samples:
        """A frame's samples, mono; none of one that is damaged."""


class Pcm:
    """Samples of 16 bits, little-endian."""

    def __init__(self, rate: int) -> None:
        """As the codec says."""
        self.rate = rate

    def decode(self, frame: bytes) -> Samples:
        """Half a sample at the end is left out."""
        return np.frombuffer(frame[: len(frame) // 2 * 2], "<i2").astype(np.int16)


def _expanded() -> Samples:
    """Every byte of mu-law as a sample (ITU-T G.711)."""
    code = ~np.arange(256, dtype=np.uint8)
    step, exponent = (code & 0x0F).astype(np.int32), (code & 0x70) >> 4
    size = ((step << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


_MULAW: Final = _expanded()


class MuLaw:
    """Samples of 8 bits (ITU-T G.711)."""

    def __init__(self, rate: int) -> None:
        """As the codec says."""
        self.rate = rate

    def decode(self, frame: bytes) -> Samples:
        """One sample a byte."""
        return _MULAW[np.frombuffer(frame, np.uint8)]


def decoder(codec: Codec) -> Decoder:
    """The decoder of a codec."""
    if codec.kind == "pcm":
        return Pcm(codec.rate)
    if codec.kind == "mulaw":
        return MuLaw(codec.rate)
    # libav takes memory: only while a wearable with Opus is connected
    made: Decoder = importlib.import_module("ingest.ears.opus").Opus()
    return made


@dataclass(frozen=True, slots=True)
class Block:
    """What came next: 16 kHz mono, and how many samples are missing before it."""

    samples: Samples
    lost: int = 0


class Sound:
    """A wearable's notifications as sound.

    Where something is missing the stretch before is told to its end first, so that `lost`
    stands at its place. A frame that is damaged is as long as it should have been, and lost.
    """

    def __init__(self, codec: Codec) -> None:
        """A connection begins."""
        self.codec = codec
        self.frames = Frames(codec)
        self._decoder = decoder(codec)
        self._resampler = Resampler(self._decoder.rate)
        self._length = codec.samples / codec.rate
        """Seconds of a frame."""
        self._owed = 0.0
        """Seconds that are missing and not told of yet."""

    def feed(self, notification: bytes) -> Iterator[Block]:
        """What a notification brings."""
        for frame in self.frames.feed(notification):
            yield from self.frame(frame.data, frame.lost)

    def finish(self) -> Iterator[Block]:
        """Nothing follows for now: the rest."""
        for frame in self.frames.finish():
            yield from self.frame(frame.data, frame.lost)
        self._owed += self.frames.gone() * self._length
        yield from self._flush()
        if lost := self._due():
            yield Block(NOTHING, lost)

    def frame(self, data: bytes, lost: int = 0) -> Iterator[Block]:
        """A frame, `lost` frames being missing before it."""
        samples = self._decoder.decode(data)
        missing = lost + (not len(samples))
        if missing:
            yield from self._flush()
            self._owed += missing * self._length
        if not len(samples):
            return
        self._length = len(samples) / self._decoder.rate
        told = self._resampler.feed(samples)
        if len(told):
            yield Block(told, self._due())

    def _flush(self) -> Iterator[Block]:
        rest = self._resampler.finish()
        if len(rest):
            yield Block(rest, self._due())

    def _due(self) -> int:
        lost, self._owed = round(self._owed * RATE), 0.0
        return lost

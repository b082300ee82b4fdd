"""What a device delivers, as the recogniser wants it: mono, 16 kHz, 16 bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.ears.resampling import Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

CANCELLED: Final = 0.1
"""Channels whose mean has less than this part of the power of the loudest cancel each other:
some microphones deliver the same sound twice, once upside down."""
FOLLOWED: Final = 0.1
"""How much the latest block counts for the power of the channels."""


class Conversion:
    """Of one device; frames come block by block, and none is left out at the seams."""

    def __init__(self, rate: int, channels: int) -> None:
        """`rate` in frames a second."""
        self._resampler = Resampler(rate)
        self._powers = np.zeros(channels + 1)
        """Of the channels, and last of their mean."""

    def take(self, frames: Samples) -> Samples:
        """Frames, shape (n, channels), as samples, shape (m,): those that are ready, a few
        hundredths of a second are held back.
        """
        return self._resampler.feed(self._mono(frames))

    def end(self) -> Samples:
        """What was held back; the next frame has nothing to do with the last one."""
        return self._resampler.finish()

    def _mono(self, frames: Samples) -> Samples:
        """The mean of the channels, or the loudest where they cancel each other."""
        if frames.shape[1] == 1 or not len(frames):
            return frames.reshape(-1)
        sound = frames.astype(np.float32)
        mean = sound.mean(axis=1)
        now = np.square(np.column_stack((sound, mean))).mean(axis=0)
        self._powers += FOLLOWED * (now - self._powers)
        loudest = int(np.argmax(self._powers[:-1]))
        if self._powers[-1] < CANCELLED * self._powers[loudest]:
            mean = sound[:, loudest]
        mixed: Samples = np.rint(mean).astype(np.int16)
        return mixed

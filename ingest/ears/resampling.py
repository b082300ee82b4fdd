"""Any device's sound as what Memex hears: 16 kHz, mono, 16 bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from ingest.ears.source import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

NOTHING = np.zeros(0, np.int16)


class Resampler:
    """A stream at another rate, block by block. What goes in comes out a few milliseconds later."""

    def __init__(self, rate: int) -> None:
        """`rate`: samples a second of what comes, at least one."""
        self.rate = rate
        self._stream: soxr.ResampleStream | None = None

    def feed(self, samples: Samples) -> Samples:
        """What came next, mono; what of it can be told already."""
        if self.rate == RATE:
            return samples
        if self._stream is None:
            self._stream = soxr.ResampleStream(self.rate, RATE, 1, dtype="int16")
        told: Samples = self._stream.resample_chunk(samples)
        return told

    def finish(self) -> Samples:
        """The rest; the next block begins another stretch."""
        stream, self._stream = self._stream, None
        rest: Samples = NOTHING if stream is None else stream.resample_chunk(NOTHING, last=True)
        return rest

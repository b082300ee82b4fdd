"""A device that is open: PortAudio's thread puts into a ring what comes, another takes it out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ingest.ears.capture.arrivals import STALL, Arrivals
from ingest.ears.capture.conversion import Conversion
from ingest.ears.capture.ring import Ring
from memex.microphones import Device, format_of, portaudio, refusal
from memex.recordings import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

HELD: Final = 20.0
"""Seconds that the ring holds, for as long as the disk may keep the reader waiting."""
BLOCK: Final = 0.05
"""Seconds that come at once."""
LATENCY: Final = 0.3
"""Seconds that PortAudio may buffer when its thread gets no time."""
FIRST: Final = 5.0
"""Seconds that a device may take until its first sound."""


class Stream:
    """Opened by its constructor. PortAudio's calls may take long: they are made by the
    constructor and `close`, in the thread that called them.
    """

    def __init__(self, device: Device) -> None:
        """Raises `NoMicrophone`."""
        sound = portaudio()
        form = format_of(device)
        self.device = device
        self.closed = False
        """Whether nothing comes any more; what came may still be read."""
        self.flags = 0
        """How often PortAudio said that it had to drop something."""
        self._rate = form.rate
        self._ring = Ring(round(HELD * form.rate), form.channels)
        self._conversion = Conversion(form.rate, form.channels)
        self._over = False
        self.arrivals = Arrivals(form.rate)
        self._missed = 0
        try:
            self._stream = sound.InputStream(
                form.rate,
                device=device.index,
                channels=form.channels,
                dtype="int16",
                blocksize=round(BLOCK * form.rate),
                latency=LATENCY,
                callback=self._take,
                finished_callback=self._end,
            )
            self._stream.start()
        except sound.PortAudioError as error:
            raise refusal(device, error) from error

    @property
    def trouble(self) -> str:
        """Why nothing comes any more, or nothing of use; "" while all is well."""
        name = self.device.name
        if self._over:
            return f"{name} was taken away"
        quiet = self.arrivals.quiet()
        if self.arrivals.began is None:
            return f"{name} gives no sound" if quiet > FIRST else ""
        if self.arrivals.stalled or quiet > STALL:
            return f"{name} stopped giving sound"
        return f"{name} changed its rate" if self.arrivals.wrong_rate() else ""

    @property
    def overflow(self) -> int:
        """Samples at 16 kHz that came and were not fetched in time."""
        return self._samples(self._ring.overflow)

    def read(self) -> Iterator[tuple[Samples, int]]:
        """What came since the last time, at 16 kHz, as blocks with the samples that are missing
        right before each; when the device is closed, all of it. For one thread at a time.
        """
        closed = self.closed  # before the ring is read: afterwards nothing more comes
        for frames, gone in self._ring.read():
            missing = gone + self._missing()
            if missing:
                yield from _unless_empty(self._conversion.end())
                yield self._conversion.take(frames), self._samples(missing)
            else:
                yield from _unless_empty(self._conversion.take(frames))
        if closed:
            yield from _unless_empty(self._conversion.end())

    def close(self) -> None:
        """Close the device; what came stays to be read."""
        sound = portaudio()
        try:
            self._stream.close()
        except sound.PortAudioError:  # it is gone already
            return
        finally:
            self.closed = True

    def _take(self, block: Samples, frames: int, _: Any, status: Any) -> None:  # noqa: ANN401
        """PortAudio's callback: a copy, and nothing else."""
        if status.input_overflow:
            self.flags += 1
        if self.arrivals.arrived(frames):
            self._ring.write(block)

    def _end(self) -> None:
        """PortAudio's other callback: the stream is over."""
        self._over = True

    def _missing(self) -> int:
        """Frames that the clock has found to be missing since the last time."""
        missing = self.arrivals.missing
        new, self._missed = missing - self._missed, missing
        return new

    def _samples(self, frames: int) -> int:
        return round(frames * RATE / self._rate)


def _unless_empty(samples: Samples) -> Iterator[tuple[Samples, int]]:
    if len(samples):
        yield samples, 0

"""A microphone, by PortAudio: it comes back by itself when it was taken away.

microphone = Microphone(config.listen.device, recorder.hear)
microphone.open()          # at once; a thread of its own opens the device
microphone.pump()          # about every 50 ms: hands over what came, never blocks
microphone.close()         # hands over the rest; the device is closed when it returns
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from ingest.ears.capture.keeper import Keeper
from ingest.ears.capture.stream import Stream
from ingest.ears.levels import rms
from memex.microphones import portaudio
from memex.recordings import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

State = Literal["off", "listening", "lost"]
"""off: not opened, or no sound has come yet; lost: to be open, and nothing comes."""
CLOSE_SECONDS: Final = 5.0
"""How long the sound system may take to close a device before it is left to itself."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came so far, in samples at 16 kHz."""

    captured: int = 0
    lost: int = 0
    """Missing between the first and the last block that were handed over."""
    overflow: int = 0
    """Of these: came, but were not fetched in time."""
    flags: int = 0
    """How often PortAudio said that it had to drop something."""
    opened: int = 0
    """How often sound began to come."""


class Microphone:
    """One microphone. Methods are called by one thread; none of them raises for what a device
    does: that is in `state` and `reason`.
    """

    def __init__(self, wanted: str, hear: Callable[[Samples, int], None]) -> None:
        """`wanted` is a part of a device's name, "" the system's default. `hear` gets blocks of
        16 kHz mono int16, shape (n,), and the samples (16 kHz) that are missing right before
        them: it is called by `pump` and `close`, in their thread, and may raise; the block is
        lost then. After a device was away for an hour, the first block comes with an hour's
        samples as lost: whoever records looks at `state` too. Time before the first block, and
        between `close` and `open`, is not lost.
        """
        self._wanted = wanted
        self._hear = hear
        self._keeper: Keeper | None = None
        self._reading: Stream | None = None
        self._heard_until: float | None = None
        """When the last block of the stream before came."""
        self._level: float | None = None
        self._heard = Heard()
        self._told = ("", "")

    def open(self) -> None:
        """Begin. Raises `MemexError` where PortAudio is not installed."""
        portaudio()
        if self._keeper is None:
            self._keeper = Keeper(self._wanted)
            self._keeper.start()

    def close(self) -> None:
        """End: the device is closed, the rest was handed over. Can be opened again."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        if not keeper.stop(CLOSE_SECONDS):
            _log.warning("the sound system does not answer: %s is left open", keeper.device)
        self._told = (keeper.device, keeper.why)
        try:
            self._read(keeper)
        finally:
            self._reading, self._heard_until, self._level = None, None, None

    def pump(self) -> None:
        """Hand over what came since the last time."""
        if self._keeper is not None:
            self._read(self._keeper)

    @property
    def state(self) -> State:
        """How it is."""
        if self._keeper is None:
            return "off"
        if self._keeper.trouble:
            return "lost"
        return "listening" if self._keeper.sounding else "off"

    @property
    def reason(self) -> str:
        """Why it is lost; "" otherwise."""
        return self._keeper.trouble if self._keeper else ""

    @property
    def device(self) -> str:
        """The name of the device in use, or of the last one; "" before there was any."""
        return self._keeper.device if self._keeper else self._told[0]

    @property
    def why(self) -> str:
        """Why this device: "the system's default", "there is no “Yeti”: the system's default
        instead".
        """
        return self._keeper.why if self._keeper else self._told[1]

    @property
    def level(self) -> float | None:
        """Of the last block, in dBFS (RMS; -120 for digital silence); None while nothing comes."""
        return self._level if self.state == "listening" else None

    @property
    def heard(self) -> Heard:
        """What came so far."""
        streams = tuple(self._keeper.streams) if self._keeper else ()
        return replace(
            self._heard,
            overflow=self._heard.overflow + sum(one.overflow for one in streams),
            flags=self._heard.flags + sum(one.flags for one in streams),
        )

    def _read(self, keeper: Keeper) -> None:
        """Read the streams in their order, each to its end before the next."""
        while keeper.streams:
            stream = keeper.streams[0]
            closed = stream.closed
            for samples, lost in stream.read():
                self._take(samples, lost + self._away(stream))
            if not closed:
                return
            keeper.streams.popleft()
            self._leave(stream)

    def _leave(self, stream: Stream) -> None:
        """Take over what is counted of a stream that was read to its end."""
        if stream.arrivals.began is not None:
            self._heard_until = stream.arrivals.last
        self._heard = replace(
            self._heard,
            overflow=self._heard.overflow + stream.overflow,
            flags=self._heard.flags + stream.flags,
        )

    def _away(self, stream: Stream) -> int:
        """Samples between the end of the stream before and the beginning of this one, when
        it begins.
        """
        if stream is self._reading:
            return 0
        self._reading = stream
        self._heard = replace(self._heard, opened=self._heard.opened + 1)
        if self._heard_until is None or stream.arrivals.began is None:
            return 0
        return max(0, round((stream.arrivals.began - self._heard_until) * RATE))

    def _take(self, samples: Samples, lost: int) -> None:
        if len(samples):
            self._level = rms(samples)
        self._heard = replace(
            self._heard,
            captured=self._heard.captured + len(samples),
            lost=self._heard.lost + lost,
        )
        self._hear(samples, lost)

"""What a device should have delivered by now, and did not.

PortAudio says at best that something was dropped, a sound server or a sleeping machine not
even that. So the clock says it: between a moment and the frames that have come until then lies
a delay, which jumps about as blocks come early or late, but whose least grows only when frames
are missing. A device's own clock may go a little wrong all the time: that is followed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that also runs while the machine sleeps, and that nobody sets."""
STALL: Final = 3.0
"""Seconds without a block after which a device has gone silent for good."""
WINDOW: Final = 1.0
"""Seconds over which the least delay is taken."""
TOLERANCE: Final = 0.2
"""Seconds by which it may grow from one window to the next without anything missing."""
ASTRAY: Final = 0.01
"""The part by which a device's clock may be wrong; real ones are by a thousandth at most."""
SHIFT: Final = 1.0
"""Seconds that it may be off besides, for what was buffered."""
SLOW: Final = 0.2
"""The part of the sound that may be missing before the rate is wrong."""
SETTLED: Final = 10.0
"""Seconds after which the rate is judged."""


def boot_clock() -> float:
    """Seconds, also those in which the machine slept."""
    return time.clock_gettime(_BOOT)


class Arrivals:
    """The time of one opened device. `arrived` is called by PortAudio's thread, the others by
    any; nothing waits.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = boot_clock) -> None:
        """`rate` in frames a second."""
        self._rate = rate
        self._clock = clock
        self.opened = clock()
        self.began: float | None = None
        """When the first frame was recorded, as far as is known."""
        self.last = self.opened
        """When the last block came."""
        self.stalled = False
        """Whether there was a pause of `STALL` between two blocks: what came since does not
        count.
        """
        self.missing = 0
        """Frames that have not come, in all."""
        self._frames = 0
        self._base = math.inf
        """The least delay when nothing is missing, in seconds."""
        self._first_base: float | None = None
        self._window: tuple[float, float] | None = None
        """When it began, and the least delay in it."""

    def arrived(self, frames: int) -> bool:
        """A block has come; False when it comes too late to belong here."""
        now = self._clock()
        if self.began is None:
            self.began = now - frames / self._rate
        elif self.stalled or now - self.last > STALL:
            self.stalled = True
            return False
        self._frames += frames
        self.last = now
        self._weigh(now, now - self.began - (self._frames + self.missing) / self._rate)
        return True

    def quiet(self) -> float:
        """Seconds since the last block."""
        return self._clock() - self.last

    def wrong_rate(self) -> bool:
        """Whether sound comes faster or slower than the device said."""
        if self.began is None or self._first_base is None or self.last - self.began < SETTLED:
            return False
        seconds = self.last - self.began
        astray = abs(self._base - self._first_base) > SHIFT + ASTRAY * seconds
        return astray or self.missing / self._rate > SLOW * seconds

    def _weigh(self, now: float, delay: float) -> None:
        """See from the delay of this block whether something is missing."""
        since, least = self._window or (now, math.inf)
        least = min(least, delay)
        if now - since < WINDOW:
            self._window = (since, least)
            return
        self._window = None
        if least - self._base > TOLERANCE:
            self.missing += round((least - self._base) * self._rate)
        else:
            self._base = least
            if self._first_base is None:
                self._first_base = least

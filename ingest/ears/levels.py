"""How loud it is, and whether a microphone has heard nothing for long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

FULL: Final = 32768.0
"""The largest amplitude of 16 bits: 0 dBFS."""
FLOOR: Final = -120.0
"""dBFS of nothing at all; one bit of noise is at -90."""
MUTE: Final = -90.0
"""dBFS at or below which a device delivers zeros: even a quiet room is louder."""


def rms(samples: Samples) -> float:
    """The level of a block in dBFS: a square wave at full scale has 0, a sine -3."""
    if not len(samples):
        return FLOOR
    return _decibels(float(np.sqrt(np.square(samples, dtype=np.float64).mean())))


def peak(samples: Samples) -> float:
    """The largest amplitude of a block in dBFS."""
    return _decibels(float(np.abs(samples, dtype=np.float64).max())) if len(samples) else FLOOR


def _decibels(amplitude: float) -> float:
    return max(FLOOR, 20 * float(np.log10(amplitude / FULL))) if amplitude else FLOOR


class Silence:
    """Whether a device that is open has delivered nothing of use for long: it may be muted,
    unplugged at the other end, or the wrong one.
    """

    def __init__(self, after: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`after` in seconds; the clock too."""
        self._after = after
        self._clock = clock
        self._device = ""
        self._sounded = self._spoke = clock()

    def look(self, device: str, level: float | None, *, speech: bool) -> None:
        """What the device delivers now: its level in dBFS, None while it is closed or lost, and
        whether somebody speaks. Another device, or one that was closed, begins anew.
        """
        now = self._clock()
        if device != self._device or level is None:
            self._device, self._sounded, self._spoke = device, now, now
            return
        if level > MUTE:
            self._sounded = now
        if speech:
            self._sounded = self._spoke = now

    @property
    def reason(self) -> str:
        """What is amiss, for a person; "" while nothing is."""
        now = self._clock()
        if now - self._sounded >= self._after:
            minutes = _minutes(now - self._sounded)
            return f"nothing but digital silence from {self._device} for {minutes}: is it muted?"
        if now - self._spoke >= self._after:
            return f"nobody was heard on {self._device} for {_minutes(now - self._spoke)}"
        return ""


def _minutes(seconds: float) -> str:
    minutes = int(seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"

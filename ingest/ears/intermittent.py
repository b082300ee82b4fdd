"""Sound of a device that does not send all the time: what it does not send is silence."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.ears.source import RATE, Ear, Refusal, granted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

TAIL: Final = 1.0
"""Seconds of silence that follow when a device stops to send, so that a phrase is over."""
IDLE: Final = 3600.0
"""Seconds between two looks at a device that sends nothing."""


class Intermittent:
    """An ear, its clock kept while nothing is sent. Any thread may call any method."""

    def __init__(self, ear: Ear, *, pause: float, refusal: Refusal = granted) -> None:
        """`pause`: seconds without sound after which a recording ends."""
        self.ear = ear
        self._pause = pause
        self._refusal = refusal
        self._lock = threading.Lock()
        self._quiet: str | None = None
        self._waits_since: float | None = None
        """When it stopped to send, by the monotonic clock, while its recording is open."""

    def quiet(self, reason: str | None) -> None:
        """Drop what comes, or hear again. What is being recorded is closed at once."""
        with self._lock:
            if reason is not None and self._quiet is None:
                self._stop(reason)
            self._quiet = reason

    @property
    def hushed(self) -> bool:
        """Whether what comes is dropped."""
        return self._quiet is not None or self._refusal() is not None

    def hear(self, samples: Samples, lost: int = 0) -> None:
        """What came next, `lost` samples being missing before it."""
        with self._lock:
            if self.hushed:
                return
            if self._waits_since is not None:
                away = min(time.monotonic() - self._waits_since, self._pause)
                self._waits_since = None
                self._silence(away - TAIL - (lost + len(samples)) / RATE)
            self.ear.hear(samples, lost)

    def wait(self) -> None:
        """The device stopped to send; its recording stays open for the pause."""
        with self._lock:
            if self._waits_since is None and not self.hushed:
                self._waits_since = time.monotonic()
                self._silence(TAIL)

    def left(self) -> float:
        """Seconds until `rest` has something to do."""
        since = self._waits_since
        return IDLE if since is None else max(0.0, since + self._pause - time.monotonic())

    def rest(self) -> None:
        """Close the recording if its pause is over."""
        with self._lock:
            if self._waits_since is not None and self.left() == 0.0:
                self._stop("")

    def stop(self, reason: str) -> None:
        """The device is gone: close what is being recorded."""
        with self._lock:
            self._stop(reason)

    def _silence(self, seconds: float) -> None:
        """A second at a time."""
        left = round(max(0.0, seconds) * RATE)
        while left > 0:
            self.ear.hear(np.zeros(min(left, RATE), np.int16))
            left -= RATE

    def _stop(self, reason: str) -> None:
        self._waits_since = None
        self.ear.stop(reason)

"""One satellite: what it sends becomes sound that keeps its time."""

from __future__ import annotations

from typing import Final

from ingest.ears.intermittent import Intermittent
from ingest.ears.resampling import Resampler
from ingest.ears.source import RATE, Ear, Refusal, granted
from ingest.ears.wyoming import Event, Format, format_of, mono

MISSING: Final = 1.0
"""Seconds by which a chunk's timestamp is ahead of the samples before sound is taken for lost:
less may be a clock that goes differently.
"""
HOUR: Final = 3_600_000
"""Milliseconds; a timestamp that is further ahead is another clock."""
FAR: Final = 1e15
"""Milliseconds; no clock says more."""


class Satellite:
    """A device that is connected. `take` and `end` belong to its connection."""

    def __init__(self, device: str, ear: Ear, *, pause: float, refusal: Refusal = granted) -> None:
        """`pause`: seconds without sound after which a recording ends."""
        self.device = device
        self.sound = Intermittent(ear, pause=pause, refusal=refusal)
        self.streams = False
        """Whether it is between `audio-start` and `audio-stop`."""
        self._form: Format | None = None
        self._resampler = Resampler(RATE)
        self._expected: float | None = None
        """Timestamp of the next chunk, in milliseconds; None while there is none to go by."""
        self._owed = 0
        """Samples (16 kHz) that are missing and not told of yet."""

    @property
    def state(self) -> tuple[str, str]:
        """State and reason of one that is not quiet."""
        if self.sound.ear.trouble:
            return "lost", self.sound.ear.trouble
        return ("listening", "") if self.streams else ("silent", "it sends nothing")

    def take(self, event: Event) -> None:
        """An event came. Raises `ProtocolError`; those that say nothing here are passed over."""
        if event.type == "audio-start":
            format_of(event.data)
            self._begin()
        elif event.type == "audio-chunk":
            form = format_of(event.data)
            if not self.streams:
                self._begin()
            if self.sound.hushed:
                self._forget()
            else:
                self._hear(form, event)
        elif event.type == "audio-stop" and self.streams:
            self.streams = False
            self._finish()
            self.sound.wait()

    def end(self, reason: str) -> None:
        """It is gone: close what is being recorded."""
        self.streams = False
        self._finish()
        self.sound.stop(reason)

    def _begin(self) -> None:
        self.streams = True
        self._expected = None

    def _forget(self) -> None:
        """What came before it was quiet is not what comes before what is heard next."""
        self._resampler.finish()
        self._expected, self._owed = None, 0

    def _hear(self, form: Format, event: Event) -> None:
        samples = mono(event.payload, form)
        if form != self._form:
            self._finish()
            self._form, self._resampler = form, Resampler(form.rate)
        if lost := self._lost(event.data.get("timestamp"), len(samples) / form.rate):
            self._finish()
            self._owed += lost
        told = self._resampler.feed(samples)
        if len(told):
            lost, self._owed = self._owed, 0
            self.sound.hear(told, lost)

    def _lost(self, timestamp: object, seconds: float) -> int:
        """Samples (16 kHz) missing before a chunk, by its timestamp in milliseconds."""
        if not isinstance(timestamp, int | float) or not abs(timestamp) < FAR:
            return 0
        ahead = 0.0 if self._expected is None else timestamp - self._expected
        if self._expected is None or not 0 <= ahead < MISSING * 1000:
            self._expected = float(timestamp)
        self._expected += seconds * 1000
        return round(ahead / 1000 * RATE) if MISSING * 1000 <= ahead < HOUR else 0

    def _finish(self) -> None:
        """What the resampler still holds."""
        rest = self._resampler.finish()
        if len(rest):
            self.sound.hear(rest)

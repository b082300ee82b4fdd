"""When a sample was heard: counted in samples, held to the wall clock.

A count is exact from one sample to the next, but a device's second is not quite a second,
and clocks are set. So the count is compared with the clock for a minute at a time: a block
is never there before it was heard, and what comes late by chance does so not every time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from memex.recordings import RATE

OFF: Final = 0.25
"""Seconds by which the count may be off."""
MINUTE: Final = 60 * RATE
"""Samples over which it is compared."""


def local_now() -> datetime:
    """The time here, with its zone."""
    return datetime.now().astimezone()


class Moments:
    """The places of a stream, in samples, as moments."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """It begins with the first sample that comes."""
        self._clock = clock
        self._anchor: tuple[int, datetime] | None = None
        self._late: float | None = None
        """The least seconds by which a block came late in this minute."""
        self._since = 0

    def begin(self) -> None:
        """The stream was interrupted: what comes next is now."""
        self._anchor = None

    def came(self, end: int, *, free: bool) -> None:
        """A block is here that ends at this place. `free`: the count may be put right."""
        now = self._clock()
        if self._anchor is None:
            self._anchor, self._late, self._since = (end, now), None, end
            return
        late = (now - _moment(end, self._anchor)).total_seconds()
        self._late = late if self._late is None else min(late, self._late)
        if free and end - self._since >= MINUTE:
            if abs(self._late) > OFF:
                place, moment = self._anchor
                self._anchor = place, moment + timedelta(seconds=self._late)
            self._late, self._since = None, end

    def __call__(self, place: int) -> datetime:
        """When a place was heard, in the zone that holds now."""
        assert self._anchor
        return _moment(place, self._anchor).astimezone(self._clock().tzinfo)


def _moment(place: int, anchor: tuple[int, datetime]) -> datetime:
    return anchor[1] + timedelta(seconds=(place - anchor[0]) / RATE)

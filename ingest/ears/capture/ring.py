"""A ring between PortAudio's thread, which must never wait, and the one that reads.

One thread writes, one reads, without a lock: each moves only its own place, and Python
moves a place at once or not at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frames = NDArray[np.int16]


class Ring:
    """Frames that came and were not fetched yet. What finds no room is lost, and counted: what
    is there already stays in its order.
    """

    def __init__(self, size: int, channels: int) -> None:
        """Room for `size` frames of so many channels, all of it taken now."""
        self._room: Frames = np.zeros((size, channels), np.int16)
        self._written = 0
        """Frames that were stored in all."""
        self._read = 0
        """Frames that were fetched in all."""
        self._holes: deque[tuple[int, int]] = deque()
        """Where frames are missing, counted in frames that were stored, and how many."""
        self.overflow = 0
        """Frames that found no room."""

    def write(self, frames: Frames) -> None:
        """Copy frames, shape (n, channels), or as many of them as there is room for."""
        size = len(self._room)
        stored = min(len(frames), size - (self._written - self._read))
        at = self._written % size
        first = min(stored, size - at)
        self._room[at : at + first] = frames[:first]
        self._room[: stored - first] = frames[first:stored]
        self._written += stored
        if stored < len(frames):
            self.overflow += len(frames) - stored
            self._holes.append((self._written, len(frames) - stored))

    def read(self) -> Iterator[tuple[Frames, int]]:
        """What is there, as blocks of frames, each with the number of frames that are missing
        right before it. The last block may be empty: then nothing has come since the loss.
        """
        until = self._written
        lost = 0
        while self._holes and self._holes[0][0] <= until:
            at, missing = self._holes.popleft()
            if at > self._read:
                yield self._taken(at), lost
                lost = 0
            lost += missing
        if until > self._read or lost:
            yield self._taken(until), lost

    def _taken(self, until: int) -> Frames:
        """A copy of what was stored up to there; its room is free afterwards."""
        size = len(self._room)
        at, length = self._read % size, until - self._read
        first = min(length, size - at)
        frames = np.concatenate((self._room[at : at + first], self._room[: length - first]))
        self._read = until
        return frames

"""Speech, cut into chunks that Whisper takes whole: pieces of a recording in which somebody
speaks (`ingest.activity` finds them) are packed into chunks of 5 to 14 seconds, cut at pauses
(30 where somebody makes none).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 16_000
CHUNK: Final = SAMPLE_RATE * 30
"""Samples that Whisper's encoder sees at once."""
ENOUGH: Final = SAMPLE_RATE * 14
"""Samples of a chunk that no more is packed into: Whisper hears it in half a window."""
FULL: Final = SAMPLE_RATE * 5
"""Samples of a chunk that a longer pause ends."""
TURN: Final = SAMPLE_RATE * 500 // 1000
"""Samples of a pause at which the speaker may change."""
EDGE: Final = SAMPLE_RATE * 100 // 1000
"""Samples by which a word may reach into the silence around speech."""
TOUCH: Final = SAMPLE_RATE * 100 // 1000
"""Samples of a word that must lie in speech for it to belong there."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech, in samples from the start of the stream."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of speech with a little of the silence around it."""

    start: int
    """Samples from the start of the stream."""
    samples: Samples
    speech: Span
    """What of it is speech, by the voice activity detector."""

    @property
    def end(self) -> int:
        """Samples from the start of the stream."""
        return self.start + len(self.samples)

    def part(self, start: int, end: int) -> Piece:
        """The piece narrowed to a stretch of the stream that it overlaps."""
        first, last = max(start, self.start), min(end, self.end)
        speech = Span(max(self.speech.start, first), min(self.speech.end, last))
        return Piece(first, self.samples[first - self.start : last - self.start], speech)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pieces that are recognised together: at most 30 s of sound."""

    pieces: tuple[Piece, ...]

    @property
    def samples(self) -> Samples:
        """The pieces, joined."""
        return np.concatenate([piece.samples for piece in self.pieces])

    @property
    def spoken(self) -> float:
        """Seconds of it that are speech."""
        spans = [piece.speech for piece in self.pieces]
        return sum(span.end - span.start for span in spans) / SAMPLE_RATE

    @property
    def end(self) -> int:
        """Samples from the start of the stream."""
        return self.pieces[-1].end

    def place(self, start: float, end: float) -> tuple[float, float]:
        """Where in the stream something lies that is at `start` to `end` seconds
        of the chunk; all in seconds.

        Whisper lets a word last until the next one begins. What lies over a pause
        belongs to the speech before it, unless next to nothing of it is there.
        """
        found: tuple[float, float] | None = None
        offset = 0
        for piece in self.pieces:
            first = piece.start + max(0, round(start * SAMPLE_RATE) - offset)
            last = piece.start + min(len(piece.samples), round(end * SAMPLE_RATE) - offset)
            offset += len(piece.samples)
            if last < first or (last == first and end > start):
                continue
            first = max(first, min(piece.speech.start - EDGE, last))
            last = min(last, max(piece.speech.end + EDGE, first))
            found = found or (first / SAMPLE_RATE, last / SAMPLE_RATE)
            if min(last, piece.speech.end) - max(first, piece.speech.start) >= TOUCH:
                return first / SAMPLE_RATE, last / SAMPLE_RATE
        return found or (self.end / SAMPLE_RATE, self.end / SAMPLE_RATE)


class Recent:
    """The last samples of a stream, by their place in it."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._samples: Samples = np.zeros(0, dtype=np.float32)

    @property
    def end(self) -> int:
        """Samples that have come so far."""
        return self._first + len(self._samples)

    def add(self, samples: Samples) -> None:
        """Take what came next."""
        self._samples = np.concatenate([self._samples, samples])

    def forget(self, before: int) -> None:
        """Let go of what lies before a place."""
        if before > self._first:
            self._samples = self._samples[before - self._first :].copy()
            self._first = before

    def take(self, start: int, end: int) -> Samples:
        """A copy of a stretch that is still there."""
        return self._samples[start - self._first : end - self._first].copy()


def pack(pieces: Iterable[Piece]) -> Iterator[Chunk]:
    """Pack pieces into chunks that are cut at longer pauses, where they can be: within
    a chunk, Whisper may skip what is said after a change of the speaker.
    """
    held: list[Piece] = []
    length = 0
    for piece in pieces:
        if held and _parted(held[-1], piece, length):
            yield Chunk(tuple(held))
            held, length = [], 0
        held.append(piece)
        length += len(piece.samples)
    if held:
        yield Chunk(tuple(held))


def _parted(before: Piece, after: Piece, length: int) -> bool:
    """Whether a new chunk begins after so many samples."""
    if length + len(after.samples) > ENOUGH:
        return True
    return length >= FULL and after.speech.start - before.speech.end >= TURN

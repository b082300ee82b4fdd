"""A phrase that is still being said: decoded again and again, as often as is cheap enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from ingest.live.captions import Agreement
from ingest.recognition import PhraseTranscriber
from memex.recordings import RATE, Followed
from memex.types import Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

EVERY: Final = 0.7
"""Seconds from one decoding to the next, at least."""
SHARE: Final = 4
"""And so many times the processor's time that the last ones took: captions take a quarter
of a core, at most."""
LATEST: Final = 0.3
"""Of that average, how much the last decoding counts."""
SOON: Final = 0.4
"""The same as long as no word has come."""
LEAST: Final = 0.8
"""Seconds of a phrase (the moment before its first sound included) below which it is not
decoded."""
LONG: Final = 8.0
"""Seconds of sound from which what has settled is parted."""
PARTED: Final = 3.0
"""Seconds that are parted, at least."""
STUCK: Final = 2.0
"""Seconds of sound behind the last word after which the recogniser has stopped too early."""
LONGEST: Final = 28.0
"""Seconds of sound that are decoded at most."""
LOUDEST: Final = 32_768
"""Of a sample."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """What has been said of a phrase that goes on."""

    words: tuple[Word, ...]
    """Times from the start of the samples."""
    took: float
    """Seconds of processor time that the decoding took, about."""


class LiveTranscriber(PhraseTranscriber, Protocol):
    """A recogniser that also follows what is being said. Real: faster-whisper."""

    def interim(self, samples: Samples) -> SoFar:
        """What has been said so far of a phrase that goes on (mono, 16 kHz, at most 30 s),
        quickly: with more errors than `phrase`.
        """


class Speaking:
    """The phrase that a recording ends in."""

    def __init__(self, start: int) -> None:
        """It begins at `start` (samples)."""
        self.start = start
        self.words = Agreement()
        self._from = start
        self._next = 0.0
        self._takes = 0.0

    def hear(
        self,
        recording: Followed,
        transcriber: LiveTranscriber,
        clock: Callable[[], float] = time.monotonic,
    ) -> bool:
        """Decode what is there, when it is time to; whether it was. Raises `OSError` when
        the recording is gone.
        """
        end = recording.length
        if clock() < self._next or end - self._from < LEAST * RATE:
            return False
        began = clock()
        first = max(self._from, end - round(LONGEST * RATE))
        sound = floats(recording.samples(first, end))
        heard = transcriber.interim(sound)
        self.words.hear(later(heard.words, first))
        self._takes += (LATEST if self._takes else 1.0) * (heard.took - self._takes)
        every = EVERY if self.words.settled or self.words.open else SOON
        self._next = began + max(every, SHARE * self._takes)
        self._part(end)
        return True

    def _part(self, end: int) -> None:
        """Decode from a later place on where the sound is long, or where the recogniser stops
        at what has settled, as it may at a change of the speaker.
        """
        place = None
        if end - self._from > LONG * RATE:
            place = self.words.part(PARTED)
        if place is None and end / RATE - self.words.heard_until > STUCK:
            place = self.words.leave()
        if place is not None:
            self._from = max(self._from, round(place * RATE))


def floats(samples: NDArray[np.int16]) -> Samples:
    """Samples from -1 to 1."""
    return samples.astype(np.float32) / np.float32(LOUDEST)


def later(words: Sequence[Word], start: int) -> list[Word]:
    """Words of a stretch of a recording that begins at `start` (samples)."""
    by = start / RATE
    return [replace(word, start=word.start + by, end=word.end + by) for word in words]

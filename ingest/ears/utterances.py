"""Utterances: where somebody begins to speak, and where a phrase is over.

Pure: probabilities of speech in, one for each window; phrases out. Places are samples
from the start of the stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from memex.recordings import RATE, Phrase

WINDOW: Final = 512
"""Samples that a probability is of (32 ms)."""
SPEECH: Final = 0.3
"""Probability from which a window is speech. Silero's own 0.5 leaves out a fifth of what is
said in one of the real meetings; noise and typing stay below 0.25, some music does not. What is
no speech after all the recogniser leaves out, but what is not recorded is gone."""
SILENCE: Final = 0.2
"""Probability below which speech may have ended."""
PRE_ROLL: Final = RATE * 300 // 1000
"""Samples before the first window of speech that belong to a phrase: a soft beginning."""
TAIL: Final = RATE * 300 // 1000
"""Samples after the last one."""
HANGOVER: Final = RATE * 600 // 1000
"""Samples without speech that end a phrase."""
LONGEST: Final = RATE * 25
"""Samples of unbroken speech after which it is cut. (Whisper hears 30 s at once.)"""
CUT_FROM: Final = RATE * 12
"""The first part of it in which it is not cut."""
DIP: Final = 5
"""Windows over which it is looked for the best place to cut (160 ms)."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody speaks."""

    start: int
    """Where the phrase begins, its pre-roll included."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A phrase is over."""

    phrase: Phrase
    spoken: int
    """Samples of it that are speech."""
    paused: bool
    """Whether a pause ended it; otherwise it was cut, and the next one follows at once."""


class Utterances:
    """Turns probabilities into phrases, by Silero's two thresholds.

    Phrases are in order, do not overlap, are no longer than 30 s, and every window of
    speech is in one.
    """

    def __init__(self, first: int = 0) -> None:
        """`first` is the place of the first window; no phrase begins before it."""
        self._at = self._floor = first
        self._start: int | None = None
        self._quiet: int | None = None
        """Where it became quiet after speech."""
        self._heard: list[float] = []
        """The probabilities since the start's window."""
        self._from = first
        """Where these begin."""

    @property
    def start(self) -> int | None:
        """Where the phrase began that is being spoken."""
        return self._start

    @property
    def at(self) -> int:
        """How far it was looked."""
        return self._at

    def __call__(self, probabilities: Iterable[float]) -> Iterator[Begun | Ended]:
        """What these windows begin and end. (All is to be taken out before the next call.)"""
        for probability in probabilities:
            yield from self._window(float(probability))

    def finish(self) -> Iterator[Ended]:
        """The phrase that the end of the stream ends."""
        if self._start is not None:
            yield self._end(self._at if self._quiet is None else self._quiet + TAIL)

    def _window(self, probability: float) -> Iterator[Begun | Ended]:
        at, self._at = self._at, self._at + WINDOW
        if self._start is None:
            if probability < SPEECH:
                return
            self._begin(max(self._floor, at - PRE_ROLL), at, [])
            yield Begun(self._start or 0)
        self._heard.append(probability)
        if probability >= SPEECH:
            self._quiet = None
        elif probability < SILENCE and self._quiet is None:
            self._quiet = at
        if self._quiet is not None and self._at - self._quiet >= HANGOVER:
            yield self._end(self._quiet + TAIL)
        elif self._at - (self._start or 0) >= LONGEST:
            yield from self._part()

    def _begin(self, start: int, first: int, heard: list[float]) -> None:
        self._start, self._from, self._heard, self._quiet = start, first, heard, None

    def _end(self, end: int) -> Ended:
        """End the phrase in a pause."""
        assert self._start is not None
        phrase = Phrase(self._start, min(end, self._at))
        ended = Ended(phrase, _spoken(self._heard), paused=True)
        self._floor, self._start, self._heard = phrase.end, None, []
        return ended

    def _part(self) -> Iterator[Begun | Ended]:
        """Cut unbroken speech where it is quietest, or end it in the pause that has begun."""
        assert self._start is not None
        if self._quiet is not None:
            yield self._end(self._quiet + TAIL)
            return
        windows = _quietest(self._heard, (self._start + CUT_FROM - self._from) // WINDOW)
        cut = self._from + windows * WINDOW
        before, after = self._heard[:windows], self._heard[windows:]
        yield Ended(Phrase(self._start, cut), _spoken(before), paused=False)
        self._begin(cut, cut, after)
        yield Begun(cut)


def _quietest(heard: list[float], first: int) -> int:
    """Before which window to cut, from `first` on: in the middle of the quietest dip."""
    sums = [sum(heard[at : at + DIP]) for at in range(first, len(heard) - DIP)]
    best = min(range(len(sums)), key=lambda at: (sums[at], -at))
    return first + best + DIP // 2 + 1


def _spoken(heard: Iterable[float]) -> int:
    return sum(probability >= SPEECH for probability in heard) * WINDOW

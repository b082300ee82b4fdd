"""Who speaks when, carried from one text of a recording to a better one.

Whose voice it is was told by the sound, and by the user: another recogniser changes the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from memex.types import Segment, Word

FAR: Final = 2.0
"""Seconds from a turn beyond which nobody is known to speak."""
BRIEF: Final = 0.6
"""Seconds below which what seems to be another's is a border that lies otherwise now."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one speaks, or nobody knows who."""

    start: float
    """Seconds."""
    end: float
    speaker: str | None
    voice: int | None
    """As the library numbers it."""
    confidence: float


def carried(
    turns: Sequence[Turn], segments: Sequence[Segment]
) -> Iterator[tuple[Segment, Turn | None]]:
    """The segments with their speakers, cut where another one speaks; each with a turn of its
    speaker. None where no turn is near.
    """
    for segment in segments:
        if segment.start is None or segment.end is None:
            yield replace(segment, speaker=None), None
        elif not segment.words:
            yield _spoken(segment, _near(turns, (segment.start + segment.end) / 2))
        else:
            yield from _cut(turns, segment)


def _cut(turns: Sequence[Turn], segment: Segment) -> Iterator[tuple[Segment, Turn | None]]:
    """The parts of a segment, one for each who speaks in it."""
    runs: list[tuple[Turn | None, list[Word]]] = []
    for word in segment.words:
        turn = _near(turns, (word.start + word.end) / 2)
        if runs and _same(runs[-1][0], turn):
            runs[-1][1].append(word)
        else:
            runs.append((turn, [word]))
    runs = _joined(runs)
    if len(runs) == 1:
        yield _spoken(segment, runs[0][0])
        return
    for turn, words in runs:
        yield _spoken(segment.part(words), turn)


def _joined(runs: list[tuple[Turn | None, list[Word]]]) -> list[tuple[Turn | None, list[Word]]]:
    """Runs of which none is brief: such a one belongs to the longer of its neighbours."""
    runs = list(runs)
    while len(runs) > 1 and _length(min(runs, key=_length)) < BRIEF:
        at = runs.index(min(runs, key=_length))
        sides = [n for n in (at - 1, at + 1) if 0 <= n < len(runs)]
        to = max(sides, key=lambda n: _length(runs[n]))
        first, last = sorted((at, to))
        runs[first : last + 1] = [(runs[to][0], runs[first][1] + runs[last][1])]
    joined: list[tuple[Turn | None, list[Word]]] = []
    for turn, words in runs:
        if joined and _same(joined[-1][0], turn):
            joined[-1] = turn, joined[-1][1] + words
        else:
            joined.append((turn, words))
    return joined


def _near(turns: Sequence[Turn], at: float) -> Turn | None:
    """The turn in which a moment lies, or the nearest one."""
    nearest = min(turns, key=lambda turn: _distance(turn, at), default=None)
    return nearest if nearest and _distance(nearest, at) <= FAR else None


def _distance(turn: Turn, at: float) -> float:
    return max(turn.start - at, at - turn.end, 0.0)


def _same(one: Turn | None, other: Turn | None) -> bool:
    """Whether the same one speaks."""
    if one is None or other is None:
        return one is other
    return (one.speaker, one.voice) == (other.speaker, other.voice)


def _length(run: tuple[Turn | None, list[Word]]) -> float:
    return run[1][-1].end - run[1][0].start


def _spoken(segment: Segment, turn: Turn | None) -> tuple[Segment, Turn | None]:
    return replace(segment, speaker=turn.speaker if turn else None), turn

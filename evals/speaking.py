"""How it is scored who speaks. Pure functions.

Diarization error rate as NIST's md-eval has it (The 2009 Rich Transcription Meeting
Recognition Evaluation Plan): speech that was missed, that was invented, and that was given
to the wrong person, over all speech of the reference; those who speak at the same time
count each for themselves. The labels found are mapped to people so that most time is
right; a quarter of a second around each border of the reference is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from evals.dataset import Turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLLAR: Final = 0.25
"""Seconds on each side of a border that are not counted."""
FRAMES: Final = 100
"""Of a second, in which it is counted."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds."""

    missed: float = 0.0
    invented: float = 0.0
    confused: float = 0.0
    spoken: float = 0.0
    """In the reference."""

    @property
    def rate(self) -> float | None:
        """Diarization error rate; None where nothing is said."""
        wrong = self.missed + self.invented + self.confused
        return wrong / self.spoken if self.spoken else None

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.missed + other.missed,
            self.invented + other.invented,
            self.confused + other.confused,
            self.spoken + other.spoken,
        )


def diarization_errors(
    reference: Sequence[Turn], found: Sequence[Turn], collar: float = COLLAR
) -> Errors:
    """What is wrong with the turns that were found in a recording."""
    end = max((turn.end for turn in (*reference, *found)), default=0.0)
    counted = np.ones(round(end * FRAMES) + 1, dtype=bool)
    for border in (border for turn in reference for border in (turn.start, turn.end)):
        first = max(0, round((border - collar) * FRAMES))
        counted[first : round((border + collar) * FRAMES)] = False
    there = _grid(reference, len(counted))[:, counted]
    heard = _grid(found, len(counted))[:, counted]
    together = there.astype(np.int64) @ heard.T.astype(np.int64)
    rows, columns = linear_sum_assignment(together, maximize=True)
    right = int(together[rows, columns].sum())
    speak, said = there.sum(axis=0), heard.sum(axis=0)
    return Errors(
        missed=float(np.maximum(speak - said, 0).sum()) / FRAMES,
        invented=float(np.maximum(said - speak, 0).sum()) / FRAMES,
        confused=float(np.minimum(speak, said).sum() - right) / FRAMES,
        spoken=float(speak.sum()) / FRAMES,
    )


def _grid(turns: Sequence[Turn], length: int) -> NDArray[np.bool_]:
    """Who speaks in which frame, (speakers, frames)."""
    speakers = sorted({turn.speaker for turn in turns})
    grid = np.zeros((len(speakers), length), dtype=bool)
    for turn in turns:
        first, last = round(turn.start * FRAMES), round(turn.end * FRAMES)
        grid[speakers.index(turn.speaker), first:last] = True
    return grid


def equal_error_rate(same: Sequence[float], different: Sequence[float]) -> float:
    """Of a threshold at which as large a share of one person's pairs is refused as of two
    people's is accepted, that share; the mean of both where they never meet.
    """
    own, others = np.sort(np.asarray(same)), np.sort(np.asarray(different))
    thresholds = np.unique(np.concatenate([own, others, [np.inf]]))
    refused = np.searchsorted(own, thresholds) / len(own)
    accepted = 1 - np.searchsorted(others, thresholds) / len(others)
    nearest = int(np.argmin(np.abs(refused - accepted)))
    return float(refused[nearest] + accepted[nearest]) / 2

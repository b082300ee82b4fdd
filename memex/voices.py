"""Which voice of a recording is which of those that are known: vectors compared, nothing
stored. Figures behind the thresholds: `docs/decisions/voices.md`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Final

from memex.types import Voiceprint

MIDDLE: Final = 0.62
"""Cosine at which it is as likely the same person as another."""
WIDTH: Final = 0.05
"""How fast that changes with the cosine."""
SURE: Final = 0.85
"""Probability from which a known voice is taken to be heard again."""
LEAD: Final = 0.06
"""By how much its cosine must exceed that of the next person."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that is known."""

    id: int
    person: int | None
    vector: tuple[float, ...]
    """Of length 1."""
    seconds: float
    """Of speech that it was made of."""

    @property
    def who(self) -> tuple[str, int]:
        """Voices of one person are not told from each other."""
        return ("person", self.person) if self.person is not None else ("voice", self.id)


def matched(prints: Sequence[Voiceprint], known: Iterable[Voice]) -> dict[str, tuple[Voice, float]]:
    """The known voice, and the probability that it is the same person, of those labels for
    which that is sure. Two voices of one recording are never the same person.
    """
    voices = list(known)
    alike = sorted(
        ((_cosine(each.vector, voice.vector), each.label, n) for each in prints
         for n, voice in enumerate(voices)),
        reverse=True,
    )  # fmt: skip
    found: dict[str, tuple[Voice, float]] = {}
    taken: set[tuple[str, int]] = set()
    for cosine, label, n in alike:
        voice = voices[n]
        if probability(cosine) < SURE:
            break
        others = [c for c, of, m in alike if of == label and voices[m].who != voice.who]
        if label in found or voice.who in taken or (others and cosine - others[0] < LEAD):
            continue
        found[label] = voice, probability(cosine)
        taken.add(voice.who)
    return found


def probability(cosine: float) -> float:
    """That two vectors so alike are of one person: a logistic curve through what was
    measured.
    """
    return 1 / (1 + math.exp((MIDDLE - cosine) / WIDTH))


def blended(
    one: Sequence[float], weight: float, other: Sequence[float], added: float
) -> tuple[float, ...]:
    """The weighted mean of two vectors, of length 1."""
    mean = [a * weight + b * added for a, b in zip(one, other, strict=True)]
    length = math.sqrt(sum(map(mul, mean, mean))) or 1.0
    return tuple(value / length for value in mean)


def packed(vector: Sequence[float]) -> bytes:
    """A vector as the library keeps it: float32, little-endian."""
    return struct.pack(f"<{len(vector)}f", *vector)


def unpacked(data: bytes) -> tuple[float, ...]:
    """The inverse of `packed`."""
    return struct.unpack(f"<{len(data) // 4}f", data)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two vectors of length 1."""
    return math.fsum(map(mul, one, other))

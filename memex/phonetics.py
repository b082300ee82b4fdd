"""How alike two spellings sound, in an English mouth.

Letters are compared, and what Metaphone (Philips, Hanging on the Metaphone, Computer
Language 1990) makes of them: nearly the consonants alone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import jellyfish


@dataclass(frozen=True, slots=True)
class Sound:
    """A spelling and how it sounds; spaces, capitals, accents and punctuation aside."""

    letters: str
    """a to z; empty where it is written in another alphabet."""
    code: str
    """Metaphone's."""


def sound_of(text: str) -> Sound:
    """How a word, or several as one, sounds."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = re.sub(r"[^a-z]", "", plain)
    return Sound(letters, jellyfish.metaphone(letters).replace(" ", ""))


def alike(one: Sound, other: Sound) -> tuple[float, float]:
    """How alike two sound, and how alike they are spelt; 0 to 1 (1 less the edit distance
    over the longer one's length).
    """
    return _alike(one.code, other.code), _alike(one.letters, other.letters)


def _alike(one: str, other: str) -> float:
    longer = max(len(one), len(other))
    return 1 - jellyfish.levenshtein_distance(one, other) / longer if longer else 0.0

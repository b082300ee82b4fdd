"""How alike two spellings sound.

Letters are compared, and the consonants: as Metaphone has them (Philips, Hanging on the
Metaphone, Computer Language 1990), for an English mouth, or in fewer classes and read as
several languages spell them (`consonants_of`), for names of any origin.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import jellyfish

_CONSONANT: Final = re.compile(
    "|".join(
        f"(?P<{name}>(?:{spelt})+)"
        for name, spelt in (
            ("A", "^[aeiou]|^y(?![aeiou])"),
            ("N", "^[kg]n|gn|n"),
            ("R", "^wr|rh|r"),
            (
                "X",
                (
                    "tsch|tch|sch|sh|sz|cz|ch|zh|zs|dj|dg|(?<![bfmpvk])j|ci(?=[aoue])|^si(?=[ou])"
                    "|^g(?=[eiy])|g(?=[ei][aou])|^x(?=[aeiou])"
                ),
            ),
            ("F", "ph|pf|bh|mh|f|v|wh|w"),
            ("S", "^ps|s|z|c(?=[eiy])"),
            ("T", "ght|th|dh|t|d"),
            ("K", "ck|kh|gh(?=[aeiou])|[ckqg]|x"),
            ("P", "b|p"),
            ("L", "l"),
            ("M", "m"),
        )
    )
    + "|(?P<_>.)"
)
"""Spellings of consonants, by the class that they sound like; repeated, they are one."""
_NO_LETTER: Final = re.compile(r"[^a-z]")
_LATIN: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not take apart."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A spelling and how it sounds; spaces, capitals, accents and punctuation aside."""

    letters: str
    """a to z; empty where it is written in another alphabet."""
    code: str
    """Metaphone's."""


def sound_of(text: str) -> Sound:
    """How a word, or several as one, sounds."""
    letters = letters_of(text)
    return Sound(letters, jellyfish.metaphone(letters).replace(" ", ""))


def letters_of(text: str) -> str:
    """The letters of a word, or of several as one: a to z, accents aside."""
    letters = text.casefold()
    if letters.isascii() and letters.isalpha():
        return letters
    plain = unicodedata.normalize("NFKD", letters).casefold().translate(_LATIN)
    return _NO_LETTER.sub("", plain)


def consonants_of(letters: str) -> str:
    """The consonants of a word in the spellings of many languages, those that sound nearly
    alike being one: "kowalczyk" and "kovalchik" are KFLXK. A vowel counts where it begins.
    """
    return _CONSONANT.sub(_class_of, letters)


def _class_of(found: re.Match[str]) -> str:
    return str(found.lastgroup) if found.lastgroup != "_" else ""


def alike(one: Sound, other: Sound) -> tuple[float, float]:
    """How alike two sound, and how alike they are spelt; 0 to 1 (1 less the edit distance
    over the longer one's length).
    """
    return _alike(one.code, other.code), _alike(one.letters, other.letters)


def _alike(one: str, other: str) -> float:
    longer = max(len(one), len(other))
    return 1 - jellyfish.levenshtein_distance(one, other) / longer if longer else 0.0

"""Words as they are spelt, for a vocabulary: what somebody may mean who spells another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from memex.words import FUNCTION_WORDS

SHORTEST: Final = 3
"""Letters of a word that is told from others by its spelling."""
LONGEST: Final = 40
"""Letters; what is longer is no word, and the index does not have it either."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_JOINT: Final = re.compile(r"['’-]")


def spellings(texts: Iterable[str]) -> set[str]:
    """The words of some texts, in lower case. "O'Brien's" is o'brien and brien; words of
    other alphabets, numbers and function words are none.
    """
    found: set[str] = set()
    for text in texts:
        found.update(_WORD.findall(text.casefold()))
    joined = {word for word in found if not word.isalpha()}
    found -= joined
    for word in joined:
        bare = bare_word(word)
        found.add(bare)
        found.update(_JOINT.split(bare))
    found -= FUNCTION_WORDS
    return {word for word in found if SHORTEST <= len(word) <= LONGEST and _is_latin(word)}


def spelt_words(text: str) -> list[str]:
    """The words of a text in their order, as they stand, without the s of what belongs to
    somebody: function words, too.
    """
    return [bare_word(word) for word in _WORD.findall(text)]


def bare_word(word: str) -> str:
    """Without the s of what belongs to somebody."""
    return word[:-2] if word[-2:].casefold() in {"'s", "’s"} else word


def _is_latin(word: str) -> bool:
    """Whether it has Latin letters, accents aside."""
    return word.isascii() or any("a" <= char <= "z" for char in unicodedata.normalize("NFKD", word))

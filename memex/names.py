"""Names in what is remembered: people, places, products, as texts spell them.

A recogniser that never saw a name writes what it sounds like. Names are found by their
capitals, so in languages that write nouns small.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

LONGEST: Final = 3
"""Words of a name: "Nuzhat al Zaman" is found as "Nuzhat" and "Zaman"."""
COMMON: Final = frozenset(
    (
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        *("january", "february", "march", "april", "may", "june", "july", "august"),
        *("september", "october", "november", "december"),
        *("mr", "mrs", "ms", "dr", "st", "sir", "mister", "miss", "ok", "okay"),
    )
)
"""Capitalised words that every recogniser knows."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENDS: Final = re.compile(r"[.!?…:;|\n\"“”()\[\]]")


def names_in(texts: Iterable[str]) -> Counter[str]:
    """Names, and in how many of the texts each is: words with a capital within a
    sentence, next to each other as one, that are never written small.
    """
    small: set[str] = set()
    found: Counter[str] = Counter()
    for text in texts:
        small.update(word for word in _WORD.findall(text) if word.islower())
        found.update(set(_within(text)))
    return Counter({name: n for name, n in found.items() if not _ordinary(name, small)})


def _ordinary(name: str, small: set[str]) -> bool:
    return any(word.casefold() in small for word in name.split())


def _within(text: str) -> Iterator[str]:
    """Runs of capitalised words that do not begin a sentence."""
    for sentence in _ENDS.split(text):
        words = list(_WORD.finditer(sentence))[1:]
        for capital, run in groupby(words, key=lambda word: _capital(word.group())):
            parts = [_bare(word.group()) for word in run]
            if capital and len(parts) <= LONGEST:
                yield " ".join(parts)


def _capital(word: str) -> bool:
    """Whether it may be a name; neither "I'm" nor "HTTP" is."""
    bare = _bare(word)
    return len(bare) > 1 and bare[0].isupper() and not bare.isupper() and _known(word)


def _known(word: str) -> bool:
    return word.casefold() not in COMMON and not re.match(r"I['’]", word)


def _bare(word: str) -> str:
    """Without the s of what belongs to somebody."""
    return re.sub(r"['’]s$", "", word)

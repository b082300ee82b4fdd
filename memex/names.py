"""Names in what is remembered: people, places, products, as texts spell them.

A recogniser that never saw a name writes what it sounds like; these are the names that
it is held against. They are found by their capitals, so in languages that write nouns
small.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

LONGEST: Final = 3
"""Words of a name, besides these."""
PARTICLES: Final = frozenset("al bin da de del della den der di du el ibn la le van von".split())
"""Words written small within a name: "Nuzhat al Zaman"."""
COMMON: Final = frozenset(
    (
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        *("january", "february", "march", "april", "may", "june", "july", "august"),
        *("september", "october", "november", "december"),
        *("mr", "mrs", "ms", "dr", "st", "sir", "mister", "miss", "ok", "okay"),
    )
)
"""Capitalised words that every recogniser knows."""
MOST: Final = 500
"""Names that are likely at a time: a few hundred more, and some sound like anything."""
HALF_LIFE: Final = timedelta(days=30)
"""Time after which a mention counts half."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENDS: Final = re.compile(r"[.!?…:;|\n\"“”()\[\]]")


@dataclass(frozen=True, slots=True)
class Mentions:
    """Names that came up together: in a document, or among the people one knows."""

    names: frozenset[str]
    at: datetime
    """Aware."""


def likely(mentions: Iterable[Mentions], now: datetime) -> list[str]:
    """The names that may come up now, `MOST` of them, those first that came up often and
    lately.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for some in mentions:
        weight: float = 0.5 ** (max(timedelta(0), now - some.at) / HALF_LIFE)
        for name in some.names:
            weights[name] += weight
    return sorted(weights, key=lambda name: (-weights[name], name))[:MOST]


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
    return any(word.casefold() in small for word in name.split() if word not in PARTICLES)


def _within(text: str) -> Iterator[str]:
    """Runs of capitalised words that do not begin a sentence."""
    for sentence in _ENDS.split(text):
        words = [found.group() for found in _WORD.finditer(sentence)][1:]
        around = zip(["", *words], words, [*words[1:], ""], strict=False)  # ends with the words
        kinds = [_kind(before, word, after) for before, word, after in around]
        for inside, run in groupby(zip(kinds, words, strict=True), key=lambda pair: bool(pair[0])):
            parts = list(run)
            if inside and sum(kind == "name" for kind, _ in parts) <= LONGEST:
                yield " ".join(_bare(word) for _, word in parts)


def _kind(before: str, word: str, after: str) -> str:
    """What of a name a word may be: "name", "particle", or ""."""
    if _capital(word):
        return "name"
    particle = word in PARTICLES and _capital(after) and before and _capital(before)
    return "particle" if particle else ""


def _capital(word: str) -> bool:
    """Whether it may be a name; neither "I'm" nor "HTTP" is."""
    bare = _bare(word)
    return len(bare) > 1 and bare[0].isupper() and not bare.isupper() and _known(word)


def _known(word: str) -> bool:
    return word.casefold() not in COMMON and not re.match(r"I['’]", word)


def _bare(word: str) -> str:
    """Without the s of what belongs to somebody."""
    return re.sub(r"['’]s$", "", word)

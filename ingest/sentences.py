"""Recognised words become segments of about a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from memex.types import Segment, Word

PAUSE: Final = 0.8
"""Seconds of silence that part two segments."""
LONGEST: Final = 30
"""Words of a segment."""
_ENDS: Final = (".", "!", "?", "…", "。", "！", "？")
_COMMAS: Final = (",", ";", ":", "—", "、", "，")
_CLOSING: Final = "\"')]}»”’"
_ABBREVIATIONS: Final = frozenset(
    "mr mrs ms dr st prof rev hon gen col capt lt sgt sr jr vs etc inc ltd co vol fig"
    " e.g i.e a.m p.m u.s u.k".split()
)


def segments_of(words: Sequence[Word]) -> Iterator[Segment]:
    """Cut words after sentences and at pauses; over-long sentences at commas and
    the longest pauses. Times are those of the first and last word.
    """
    start = 0
    for at in range(1, len(words) + 1):
        if at == len(words) or _parts(words[at - 1], words[at]):
            for some in _bounded(words[start:at]):
                yield _segment(some)
            start = at


def _parts(before: Word, after: Word) -> bool:
    if after.start - before.end >= PAUSE:
        return True
    text = before.text.strip().rstrip(_CLOSING)
    if not text.endswith(_ENDS):
        return False
    if not text.endswith("."):
        return True
    stem = text.rstrip(".").lstrip("\"'([{«“‘").lower()
    first = after.text.strip().lstrip("\"'([{«“‘")[:1]
    return stem not in _ABBREVIATIONS and not first.islower() and not _initial(stem)


def _initial(stem: str) -> bool:
    """A single letter, as in "J. R. R. Tolkien"; "I" ends sentences too."""
    return len(stem) == 1 and stem.isalpha() and stem != "i"


def _bounded(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    if len(words) <= LONGEST:
        yield words
        return
    margin = len(words) // 4
    gaps = list(enumerate(pairwise(words), start=1))[margin:-margin]
    at, _ = max(gaps, key=lambda gap: _weight(*gap[1]))
    yield from _bounded(words[:at])
    yield from _bounded(words[at:])


def _weight(before: Word, after: Word) -> float:
    """How well words can be parted, in seconds of pause."""
    comma = before.text.strip().endswith(_COMMAS)
    return after.start - before.end + (PAUSE / 2 if comma else 0.0)


def _segment(words: Sequence[Word]) -> Segment:
    text = " ".join("".join(word.text for word in words).split())
    bare = tuple(replace(word, text=word.text.strip()) for word in words)
    return Segment(text, words[0].start, max(word.end for word in words), words=bare)

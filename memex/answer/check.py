"""Is a sentence supported by the quote that it cites? Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from memex.speaking import UNNAMED
from memex.types import Passage
from memex.words import content_stems, has_digit, is_function_word, is_name_like, stem, words

REPORTING: Final = frozenset(
    stem(word)
    for word in (
        "said says say told tells mentioned mentions explained explains called named according "
        "answer question text passage note notes quote talk book speaker wrote written asked "
        "describes described states stated discussed discusses"
    ).split()
)
"""Words with which one speaks about a source without claiming anything of it."""

_LABEL: Final = re.compile(rf"\b{UNNAMED} \d+\b")
_CITATION: Final = re.compile(r"\s*\[(\d+)\]")


def cited_number(sentence: str) -> int | None:
    """The number that a sentence cites, the last of several."""
    numbers = _CITATION.findall(sentence)
    return int(numbers[-1]) if numbers else None


def without_citations(sentence: str) -> str:
    """The sentence without its "[n]"."""
    return _CITATION.sub("", sentence).strip()


def source_text(passage: Passage) -> str:
    """All that a passage vouches for: its words, who said them, where and when. That a voice
    without a name is called "Voice 2" says nothing of a number.
    """
    when = f"{passage.said_at:%A %d %B %Y %Y-%m-%d}" if passage.said_at else ""
    parts = (passage.text, passage.title, passage.speaker, passage.heading, when)
    return _LABEL.sub(" ", " ".join(part for part in parts if part))


def unsupported(sentence: str, source: str, question: str) -> list[str]:
    """The words of a sentence that neither its source nor the question vouches for.

    Names, numbers and dates must stand in the source itself, up to inflection;
    any other word of content may come from the question.
    """
    known = set(content_stems(source))
    asked = set(content_stems(question))
    missing = []
    for word in words(sentence):
        if is_function_word(word) or _vouched(word, known):
            continue
        if _vouched(word, REPORTING) or (not is_name_like(word) and _vouched(word, asked)):
            continue
        missing.append(word)
    return missing


def claims(sentence: str) -> set[str]:
    """The stems of what a sentence says, apart from words about saying."""
    return set(content_stems(without_citations(sentence))) - REPORTING


def supports(sentence: str, source: str, question: str) -> bool:
    """Whether a sentence says more than the question did, and all of it stands in its source."""
    more = claims(sentence) - set(content_stems(question))
    return bool(more) and not unsupported(without_citations(sentence), source, question)


def supporting(sentence: str, sources: Sequence[str], question: str) -> int | None:
    """The number of the source that supports a sentence: the one it cites, else the first."""
    cited = cited_number(sentence)
    order = list(range(1, len(sources) + 1))
    if cited in order:
        order.remove(cited)
        order.insert(0, cited)
    return next((n for n in order if supports(sentence, sources[n - 1], question)), None)


def _vouched(word: str, known: set[str] | frozenset[str]) -> bool:
    """Whether a word, or all parts of a compound that is no number, are known."""
    if stem(word) in known:
        return True
    if has_digit(word):
        return False
    parts = [part for part in re.split(r"['’.\-]", word) if part]
    return len(parts) > 1 and all(
        stem(part) in known or is_function_word(part) or len(part) == 1 for part in parts
    )

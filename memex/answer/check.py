"""Is a sentence supported by the quote that it cites? Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from memex.answer.about import called_in, without
from memex.answer.evidence import Quote
from memex.answer.inflected import base, content_bases
from memex.speaking import UNNAMED
from memex.types import Passage
from memex.words import has_digit, is_function_word, is_name_like, stem, words

REPORTING: Final = frozenset(
    base(stem(word))
    for word in (
        "said says say told tells mentioned mentions explained explains called named according "
        "talk book speaker wrote written asked describes described states stated discussed "
        "discusses"
    ).split()
)
"""Words with which one speaks about a source without claiming anything of it. Not those of the
prompt, "text", "note", "question": a sentence about these answers nobody.
"""
SAYING: Final = frozenset(
    base(stem(word))
    for word in "say tell mention explain write send ask describe state discuss talk".split()
)
"""What one does on the day on which something is said."""

_LABEL: Final = re.compile(rf"\b{UNNAMED} \d+\b")
_CITATION: Final = re.compile(r"\s*\[(\d+)\]")


def cited_number(sentence: str) -> int | None:
    """The number that a sentence cites, the last of several."""
    numbers = _CITATION.findall(sentence)
    return int(numbers[-1]) if numbers else None


def without_citations(sentence: str) -> str:
    """The sentence without its "[n]"."""
    return _CITATION.sub("", sentence).strip()


def source_text(passage: Passage, *, day: bool = True) -> str:
    """All that a passage vouches for: its words, who said them, where and when, on which `day` only
    where that is wanted. That a voice without a name is called "Voice 2" says nothing of a number.
    """
    at = passage.said_at
    when = f"{at:%A %d} {at.day} {at:%B %Y %Y-%m-%d}" if at and day else f"{at:%B %Y}" if at else ""
    parts = (passage.text, passage.title, passage.speaker, passage.heading, when)
    return _LABEL.sub(" ", " ".join(part for part in parts if part))


def tells_when_said(sentence: str, passage: Passage, question: str) -> bool:
    """Whether the day on which a passage was said may stand in a sentence: one that tells of the
    saying, or answers a question that names the day. "She bought it on 8 May" is no such: what is
    told on 8 May was mostly done before.
    """
    at = passage.said_at
    named = at is not None and str(at.day) in words(question)
    return named or any(base(stem(word)) in SAYING for word in words(sentence))


def known_words(question: str, seen: str) -> str:
    """The words of a question that stand in what was found for it, in any form. The others vouch
    for nothing: whoever asks who paid for the dentist is not told that Ada did where she paid for
    a cabin.
    """
    there = set(content_bases(seen))
    return " ".join(word for word in words(question) if _vouched(word, there))


def unsupported(sentence: str, source: str, question: str) -> list[str]:
    """The words of a sentence that neither its source nor the question vouches for.

    Names, numbers and dates must stand in the source itself, up to inflection;
    any other word of content may come from the question.
    """
    known = set(content_bases(source))
    asked = set(content_bases(question))
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
    return set(content_bases(without_citations(sentence))) - REPORTING


def supports(sentence: str, source: str, question: str) -> bool:
    """Whether a sentence says more than the question did, and all of it stands in its source."""
    more = claims(sentence) - set(content_bases(question))
    return bool(more) and not unsupported(without_citations(sentence), source, question)


def supporting(sentence: str, sources: Sequence[str], question: str) -> int | None:
    """The number of the source that supports a sentence: the one it cites, else the first."""
    cited = cited_number(sentence)
    order = list(range(1, len(sources) + 1))
    if cited in order:
        order.remove(cited)
        order.insert(0, cited)
    return next((n for n in order if supports(sentence, sources[n - 1], question)), None)


def misattributed(sentence: str, quote: Quote, question: str) -> bool:
    """Whether a sentence says of somebody what its quote surely says of others: "Ada likes tea",
    where Ben says "I like tea". Asked are the sentences that have most of what it says beyond
    the question.
    """
    told = without_citations(sentence)
    named = called_in(told, quote.around)
    new = claims(without(told, named)) - set(content_bases(question))
    shared = [len(new.intersection(content_bases(each.text))) for each in quote.said]
    most = max(shared, default=0)
    if not named or most == 0:
        return False
    sources = [each for each, n in zip(quote.said, shared, strict=True) if n == most]
    return all(each.about.surely and not each.about.people & named for each in sources)


def _vouched(word: str, known: set[str] | frozenset[str]) -> bool:
    """Whether a word, or all parts of a compound that is no number, are known."""
    if base(stem(word)) in known:
        return True
    if has_digit(word):
        return False
    parts = [part for part in re.split(r"['’.\-]", word) if part]
    return len(parts) > 1 and all(
        base(stem(part)) in known or is_function_word(part) or len(part) == 1 for part in parts
    )

"""Whether an answer says what a reference answer says.

By normalised text, as SQuAD's metrics have it (Rajpurkar et al., SQuAD: 100,000+ questions for
machine comprehension of text, EMNLP 2016), and more leniently by the words of content: an answer
in a sentence never equals a reference in two words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from memex.words import content_stems

MOST: Final = 0.75
"""Share of a reference's different words of content that an answer must have."""
NUMBERS: Final = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve".split(),
        map(str, range(1, 13)),
        strict=True,
    )
)

_NO_WORD: Final = re.compile(r"[^\w\s]|\b(a|an|the)\b")


def holds(answer: str, references: Sequence[str]) -> bool:
    """Whether a text has one of the references, word for word or nearly all of its words."""
    there, said = f" {_plain(answer)} ", _words(answer)
    for reference in references:
        wanted = _words(reference)
        if _plain(reference) and f" {_plain(reference)} " in there:
            return True
        if wanted and len(wanted & said) >= MOST * len(wanted):
            return True
    return False


def _plain(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", text.casefold()).split())


def _words(text: str) -> set[str]:
    folded = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text.casefold())
    return {NUMBERS.get(word, word) for word in content_stems(folded)}

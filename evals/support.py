"""Whether the words of an answer's sentences stand in what they cite: asked anew, by other means
than `memex.answer.check`, which decides what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from memex.answer.spelled import spelled
from memex.times import here
from memex.types import Answer, Passage
from memex.words import is_function_word

ROOT: Final = 4
"""Letters in which two forms of a word agree, and all but the last two of the shorter."""

_SENTENCE: Final = re.compile(r"(.+?)\s*\[(\d+)\]\s*")
_WORD: Final = re.compile(r"[^\W_]+")
_REPORTED: Final = frozenset(
    "said says told tells mentioned mentions wrote asked explained".split()
)


def sentences(answer: Answer) -> list[tuple[str, int]]:
    """The sentences of an answer, each with the number that it cites; 0 where it cites none."""
    found = [(text, int(number)) for text, number in _SENTENCE.findall(answer.text)]
    rest = _SENTENCE.sub("", answer.text).strip()
    return found + ([(rest, 0)] if rest else [])


def unsupported(answer: Answer, question: str) -> list[str]:
    """The sentences that say more than what they cite, or cite nothing that is there."""
    if not answer.found:
        return []
    cited = {citation.n: citation.hit.passage for citation in answer.citations}
    return [
        text
        for text, number in sentences(answer)
        if number not in cited or not _stands(text, cited[number], question)
    ]


def _stands(sentence: str, passage: Passage, question: str) -> bool:
    when = f"{passage.said_at:%A %d %B %Y}" if passage.said_at else ""
    text = spelled(passage.text, passage.said_at, here().tzinfo)
    parts = (text, passage.title, passage.speaker, passage.heading, when)
    there = _forms(" ".join(filter(None, parts)))
    asked = _forms(question)
    for word in _WORD.findall(sentence):
        form = word.casefold()
        known = _has(there, form) or form in _REPORTED
        if not (known or is_function_word(word) or (form == word and _has(asked, form))):
            return False
    return True


def _forms(text: str) -> Sequence[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _has(forms: Sequence[str], form: str) -> bool:
    """Whether a word is there in some form; a number as it is."""
    if any(letter.isdigit() for letter in form):
        return form.lstrip("0") in {each.lstrip("0") for each in forms}
    return any(_alike(form, each) for each in forms)


def _alike(one: str, other: str) -> bool:
    root = max(min(len(one), len(other)) - 2, ROOT)
    if one.removesuffix("s") == other.removesuffix("s"):
        return True
    return min(len(one), len(other)) >= ROOT and one[:root] == other[:root]

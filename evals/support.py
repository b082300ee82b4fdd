"""Whether the words of an answer's sentences stand in what they cite: asked anew, by other means
than `memex.answer.check`, which decides what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from memex.answer.inflected import VERB_OF
from memex.answer.spelled import spelled
from memex.times import here
from memex.types import Answer, Passage
from memex.words import is_function_word

ROOT: Final = 4
"""Letters in which two forms of a word agree, and all but the last two of the shorter."""
VOWELS: Final = frozenset("aeiouy")
ENDINGS: Final = ("ing", "ed", "es", "e", "s")
SHORTEST: Final = 2
"""Letters that a word has without its ending, one of them a vowel."""
CONTRACTED: Final = frozenset("s t m d ll re ve".split())
"""What stands behind an apostrophe."""

_SENTENCE: Final = re.compile(r"(.+?)\s*\[(\d+)\]\s*")
_WORD: Final = re.compile(r"[^\W_]+")
_REPORTED: Final = frozenset(
    "say says tell tells mentioned mentions write asked explained discussed discussing".split()
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
        form = _form(word)
        known = _has(there, form) or form in _REPORTED or form in CONTRACTED
        if not (known or is_function_word(word) or (word.islower() and _has(asked, form))):
            return False
    return True


def _forms(text: str) -> Sequence[str]:
    return [_form(word) for word in _WORD.findall(text)]


def _form(word: str) -> str:
    """A word in lower case; a past form of an irregular verb as the verb."""
    return VERB_OF.get(word.casefold(), word.casefold())


def _has(forms: Sequence[str], form: str) -> bool:
    """Whether a word is there in some form; a number as it is."""
    if any(letter.isdigit() for letter in form):
        return form.lstrip("0") in {each.lstrip("0") for each in forms}
    return any(_alike(form, each) for each in forms)


def _alike(one: str, other: str) -> bool:
    root = max(min(len(one), len(other)) - 2, ROOT)
    if _bare(one) == _bare(other):
        return True
    return min(len(one), len(other)) >= ROOT and one[:root] == other[:root]


def _bare(word: str) -> str:
    """A word without its ending: "mak" of "make", "makes", "making", "sit" of "sitting"."""
    bare = (word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending))
    left = next((left for left in bare if len(left) >= SHORTEST and VOWELS & set(left)), word)
    left = left[:-1] if len(left) > SHORTEST and left[-1] == left[-2] else left
    return f"{left[:-1]}y" if left.endswith("i") else left

"""What a question asks for, a person, a time or a number, and whether a text has one.

A rule of thumb for questions in English, by their question words (the coarse
classes of Li and Roth, Learning question classifiers, COLING 2002). Where it
knows nothing it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

NUMBERS: Final = frozenset(
    """
    one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty
    fifty sixty hundred thousand million half first second third
    """.split()
)
TIMES: Final = frozenset(
    """
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday today yesterday tomorrow tonight morning
    evening night afternoon noon midnight week month year weeks months years ago
    """.split()
)

_PERSON: Final = re.compile(r"\b(who|whose|whom)\b", re.IGNORECASE)
_TIME: Final = re.compile(r"\b(when|what (year|day|time|month|date))\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\bhow (many|much|old|long|far|big|tall)\b", re.IGNORECASE)
_INNER_WORD: Final = re.compile(r"(?<=[\w,;:] )[^\W\d_]{2,}")
"""A word that does not begin its sentence."""


def expected(question: str, known: str = "") -> Callable[[str], bool] | None:
    """Whether a text has what the question asks for; None where that is not known. Names that are
    `known` are not asked for.
    """
    if _PERSON.search(question):
        return partial(_has_name, asked=f"{question} {known}".casefold())
    if _TIME.search(question):
        return partial(_has_number_or, words=TIMES)
    if _NUMBER.search(question):
        return partial(_has_number_or, words=NUMBERS)
    return None


def _has_name(text: str, *, asked: str) -> bool:
    """Whether a capitalised word stands in a sentence that the question has not got."""
    inner = _INNER_WORD.findall(text)
    return any(word[0].isupper() and word.casefold() not in asked for word in inner)


def _has_number_or(text: str, *, words: frozenset[str]) -> bool:
    found = re.findall(r"\w+", text.casefold())
    return any(word[0].isdigit() or word in words for word in found)

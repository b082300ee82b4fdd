"""A text in which times are looked for, and what its words say of one another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from memex.times.vocabulary import HOLIDAY, MONTH, ORDINAL, SEASON, WEEKDAY
from memex.words import is_function_word

_QUOTED: Final = re.compile(
    r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|(?<!\w)'[^']+'(?!\w)|(?<!\w)‘[^’]+’(?!\w)"
)
_PROPER: Final = re.compile(
    rf"(?:{WEEKDAY}|{MONTH}|{SEASON}|{HOLIDAY}|{ORDINAL}|q[1-4]|[ap]\.?m\.?|eve|day|year|good"
    r"|boxing|new|christmases|'?s|t)s?$"
)
"""Words of times that are written with a capital anywhere."""
_WITHIN: Final = re.compile(r"[^.!?\s\"“(][\s\"“(]*$")
"""Before a word that does not begin a sentence."""
_NEXT: Final = re.compile(r" ([^\W\d_][\w'-]*)")
_VERBS: Final = frozenset(
    """say says said tell tells told ask asks asked go goes went come comes came leave leaves left
    talk talks talked speak speaks spoke write wrote call calls called arrive arrived think thinks
    thinks thought know knows knew make made""".split()
)
"""Verbs that stand behind a name as often as behind a time."""
_COUNTED: Final = frozenset(
    """people men women children euro percent feet metres meters km kg mb gb usd eur more
    copies""".split()
)
"""What is counted in thousands, without an s or after one."""
_NO_PLURAL: Final = frozenset(
    """was is has does his us this its as yes always perhaps onwards afterwards besides unless
    plus across""".split()
)
"""Words that end in s and are no plurals."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and the same in small letters without what is quoted; places are the same in both."""

    original: str
    lower: str
    names: frozenset[str] = frozenset()
    """First names and names that are known, in small letters."""

    @classmethod
    def of(cls, text: str, names: Iterable[str] = ()) -> Text:
        """What is quoted is never a time."""
        straight = re.sub(r"[\u2019\u2018]", "'", text)
        masked = _QUOTED.sub(lambda match: "\0" * len(match[0]), straight)
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in masked)
        known = frozenset(word for name in names for word in name.casefold().split())
        return cls(text, re.sub(r"[\t\n\r\xa0]", " ", lower), known)

    def is_small(self, at: int) -> bool:
        """Whether a word is written without a capital."""
        return self.original[at].islower()

    def is_title(self, start: int, end: int) -> bool:
        """Whether capitals say that a phrase is a title: "Last Week Tonight"."""
        if not any(char.islower() for char in self.original):
            return False
        phrase = self.original[start:end].replace("’", "'")
        for found in re.finditer(r"[^\W\d_][\w'.]*", phrase):
            word, at = found[0], start + found.start()
            if not word[0].isupper() or (word.isupper() and len(word) > 1):
                continue
            within = _WITHIN.search(self.original[max(at - 30, 0) : at])
            if within and not _PROPER.match(word.lower().removesuffix("'s")):
                return True
        return False

    def capital_follows(self, end: int) -> bool:
        """Whether the next word has a capital."""
        found = _NEXT.match(self.original, end)
        return found is not None and found[1][0].isupper()

    def verb_follows(self, end: int) -> bool:
        """Whether the next word says what a person does."""
        found = _NEXT.match(self.lower, end)
        return found is not None and (found[1] in _VERBS or found[1] in {"and", "is", "was", "had"})

    def noun_follows(self, end: int) -> bool:
        """Whether the next word may be what the one before it is a part of: "spring mattress"."""
        found = _NEXT.match(self.lower, end)
        if not found or self.original[found.start(1)].isupper():
            return False
        word = found[1]
        return not is_function_word(word) and word not in _VERBS and word not in self.names

    def countable_follows(self, end: int) -> bool:
        """Whether the number before is how many there are: "2000 words"."""
        found = _NEXT.match(self.original, end)
        if not found or not found[1].islower():
            return False
        word = found[1]
        plural = word.endswith("s") and word not in _NO_PLURAL and word not in _VERBS
        return word in _COUNTED or (plural and not is_function_word(word))

"""A name as it is asked for: who is called so, and whether a text speaks of them.

Some names are words, too: "Will", "May", "Rose". Those are found only as names are written, and
what may be either (the "May" of "in May", "Will" where a sentence begins) is left out unless
something beside it tells: a page that lacks a mention is better than one about another thing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from memex.names import COMMON
from memex.words import is_function_word

NOUNS_TOO: Final = frozenset(
    """
    amber art autumn bill bob buck carol chance chip chuck clay cliff colt crystal daisy dale dawn
    dean dick dusty earl eve faith fern finn flora frank gene ginger glen grace grant hazel
    heath heather holly hope iris ivy jack jade jasmine jean jewel joy king lance lane lily lot
    mark marina matt max melody merry miles miller olive page pat patience pearl penny peg pepper
    pierce poppy prudence ray reed rich rob robin rod rocky rose ruby rusty sage sandy sky skip
    sonny star stew sterling stone storm sue summer terry trip victor violet wade ward willow
    woody baker brown cook cross fisher fox gray green hall hunter long mason parker smith taylor
    turner walker white wood wolf young
    """.split()
)
"""Names that are ordinary words where they are written small."""
BEFORE_MONTHS: Final = frozenset(
    """
    in of since until till by from to during before after last next this early late mid every
    each through between and or for on around about
    """.split()
)
"""Words after which a month is a month."""
TELLING: Final = frozenset(
    """
    said says told tells asked asks thinks thought wants wanted knows knew went goes came comes
    wrote writes called calls likes liked loves lives lived works worked promised gave gives took
    takes brought brings made makes sent sends looked looks did does
    """.split()
)
"""Words after which what begins a sentence is a person."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BEGINS: Final = re.compile(r"(?:^|[.!?…:;\n\"“”(\[])[\s\"“”'’(\[*_-]*$")
_LONG_WORD: Final = 4
"""Letters from which on a word has a capital in a headline."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way of calling somebody or something."""

    text: str
    as_a_name: bool
    """Whether it must be written with capitals."""
    doubtful: bool
    """Whether a capital is not enough to tell."""
    surname: str = ""
    """Of a first name: who has another one is somebody else."""


@dataclass(frozen=True, slots=True)
class Name:
    """Somebody or something that a page is about."""

    text: str
    """As it is known, else as it was asked for."""
    person: bool
    """Whether somebody who speaks or writes is called so."""
    forms: tuple[Form, ...]
    """The whole name, and the first name of a person whom no other shares it with."""
    several: tuple[str, ...] = ()
    """Those who share it, where it is the first name of more than one."""

    def is_mentioned(self, text: str) -> bool:
        """Whether a text speaks of it."""
        told = unicodedata.normalize("NFC", text)
        return any(_has(told, form) for form in self.forms)

    def is_addressed(self, sentence: str) -> bool:
        """Whether a sentence calls them and no more: "Ada, …", "…, Ada!"."""
        told = unicodedata.normalize("NFC", sentence).strip()
        names = "|".join(re.escape(form.text) for form in self.forms)
        opening = (
            rf"^(?:(?:hey|hi|hello|oh|well|so|and|ok|okay|yes|no|thanks)[ ,]+)?(?:{names})\s*[,!.?]"
        )
        return bool(
            re.search(opening, told, re.IGNORECASE)
            or re.search(rf",\s*(?:{names})\s*[!.?]*$", told, re.IGNORECASE)
        )


def name_of(asked: str, known: Iterable[str]) -> Name:
    """What is asked for, among the people that are `known` to speak or write.

    "ada" is Ada, and Ada Palmer where there is one Ada only.
    """
    asked = " ".join(unicodedata.normalize("NFC", asked).split())
    people = sorted(set(known))
    same = [name for name in people if _same(name, asked)]
    first = [name for name in people if _same(name.split()[0], asked) and len(name.split()) > 1]
    if not same and len(first) > 1:
        return Name(asked, False, (_form(asked, person=True),), tuple(first))
    called = (same or first or [asked])[0]
    person = bool(same or first)
    texts = [called]
    own = called.split()[0]
    shared = [name for name in people if _same(name.split()[0], own) and not _same(name, called)]
    if person and own != called and not shared and len(own) > 2 and not own.endswith("."):
        texts.append(own)
    surname = called.split()[-1]
    forms = [_form(text, person=person) for text in texts]
    forms[1:] = [replace(form, surname=surname) for form in forms[1:]]
    return Name(called, person, tuple(forms))


def _same(one: str, other: str) -> bool:
    fold = unicodedata.normalize
    return fold("NFC", one.casefold()) == fold("NFC", other.casefold())


def _form(text: str, *, person: bool) -> Form:
    word = text.casefold()
    doubtful = is_function_word(word) or word in COMMON
    meant = person or text[:1].isupper()
    as_a_name = doubtful or (meant and word in NOUNS_TOO)
    return Form(text, as_a_name, doubtful)


@lru_cache(maxsize=1024)
def _pattern(text: str, *, as_a_name: bool) -> re.Pattern[str]:
    if as_a_name:
        text = " ".join(word[:1].upper() + word[1:] for word in text.split())
    spaced = r"\s+".join(map(re.escape, text.split()))
    return re.compile(
        rf"(?<!\w){spaced}(?P<own>['’]s|s['’])?(?!\w|['’]\w)",
        re.NOFLAG if as_a_name else re.IGNORECASE,
    )


def _has(text: str, form: Form) -> bool:
    found: Iterable[re.Match[str]] = _pattern(form.text, as_a_name=form.as_a_name).finditer(text)
    if form.surname:
        found = [one for one in found if not _is_another(text, one, form.surname)]
    if not form.doubtful:
        return any(True for _ in found)
    return any(_is_a_name(text, one, form.text.casefold()) for one in found)


def _is_another(text: str, found: re.Match[str], surname: str) -> bool:
    """Whether a first name stands before the surname of somebody else."""
    follows = re.match(r" ([^\W\d_][\w'’-]+)", text[found.end() :])
    if follows is None or found["own"] or not follows[1][0].isupper():
        return False
    word = re.sub(r"['’]s$", "", follows[1])
    ordinary = word.casefold() in COMMON or is_function_word(word)
    return not _same(word, surname) and not ordinary


def _is_a_name(text: str, found: re.Match[str], word: str) -> bool:
    """Whether a word with a capital, which may be another, is a name where it stands."""
    before = _WORD.findall(text[: found.start()])[-1:]
    rest = text[found.end() :]
    after = _WORD.findall(rest)[:1]
    if word in COMMON and _is_a_month(before, after):
        return False
    if found["own"]:
        return True
    if _BEGINS.search(text[: found.start()]):
        called = rest.lstrip(" ").startswith(",")
        return called or bool(after and after[0].casefold() in TELLING)
    return not _is_a_headline(text)


def _is_a_month(before: list[str], after: list[str]) -> bool:
    beside = [*before, *after]
    return any(any(char.isdigit() for char in word) for word in beside) or bool(
        before and before[0].casefold() in BEFORE_MONTHS
    )


def _is_a_headline(text: str) -> bool:
    """Whether all that is long has a capital: "What Will Happen Next"."""
    long = [word for word in _WORD.findall(text) if len(word) >= _LONG_WORD]
    return len(long) > 1 and all(word[0].isupper() for word in long)

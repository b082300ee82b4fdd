"""Of whom a question asks, and of whom a sentence speaks.

Conversations have the same said by and of several people: "I adopted a dog" answers what Ada did
where Ada says it, and not where Ben does. In talk a sentence speaks of who says "I" or "my", of
those whom it addresses ("you", a question), and of whom it names; "Ada, …" only addresses.
Rules for English; where they know nothing a sentence speaks of its speaker.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from memex.speaking import UNNAMED
from memex.words import is_function_word, words

SELF: Final = frozenset("i me my mine myself we us our ours i'm i've i'd i'll we're we've".split())
ADDRESSED: Final = frozenset("you your yours yourself you're you've you'd you'll".split())
OTHERS: Final = frozenset(
    "he him his himself she her hers herself they them their theirs he's she's they're".split()
)

TITLES: Final = frozenset("dr mr mrs ms miss prof professor sir dame rev father sister".split())

_WORD: Final = re.compile(r"[\w'’]+")


@dataclass(frozen=True, slots=True)
class About:
    """Of whom a sentence speaks."""

    people: frozenset[str]
    """As they are called where somebody speaks."""
    surely: bool
    """Whether it speaks of nobody else: no "she", no question, no group without a hint."""


def asked_of(question: str, people: Iterable[str]) -> frozenset[str]:
    """Those among some people whom a question names, by their whole or first name. Nobody where
    it is the user's own ("What did I promise Ada?"): who that is among them is not known.
    """
    if _said_words(question) & SELF:
        return frozenset()
    return called_in(question, people)


def called_in(text: str, people: Iterable[str]) -> frozenset[str]:
    """Those among some people whom a text calls by their whole or first name."""
    return frozenset(name for name in people if _calls(name).search(text))


def without(question: str, people: Iterable[str]) -> str:
    """A question without the names of people."""
    for name in people:
        question = _calls(name).sub(" ", question)
    return " ".join(question.split())


def names_in(question: str) -> list[str]:
    """The words of a question that look like names: capitalised, and not its first."""
    return [
        word for word in words(question)[1:] if word[0].isupper() and not is_function_word(word)
    ]


def about(sentence: str, speaker: str | None, present: Collection[str]) -> About:
    """Of whom a sentence speaks that `speaker` says while some people are `present`."""
    said = sentence.strip()
    others = frozenset(present) - {speaker}
    told = _told(said, present)
    said_words = _said_words(told)
    found: set[str] = set()
    asks = said.endswith("?")
    if speaker and said_words & SELF:
        found.add(speaker)
    if said_words & ADDRESSED or (asks and not found):
        found |= others
    found |= called_in(told, present)
    unclear = (
        asks or bool(said_words & OTHERS) or (not found and (len(others) > 1 or speaker is None))
    )
    return About(frozenset(found or ({speaker} if speaker else ())), not unclear)


def _told(sentence: str, present: Collection[str]) -> str:
    """A sentence without whom it addresses: "Hey Ada, …", "…, Ada!"."""
    for name in present:
        if _calls(name).search(sentence):
            first, last = _addresses(name)
            sentence = last.sub(r"\1", first.sub(r"\1", sentence))
    return sentence


def _said_words(text: str) -> set[str]:
    return {word.casefold().replace("’", "'") for word in _WORD.findall(text)}


@lru_cache(maxsize=4096)
def _calls(name: str) -> re.Pattern[str]:
    """How somebody is called, and what is theirs: "Ada", "Ada Palmer's"."""
    return re.compile(rf"(?<!\w)(?:{_called(name)})(?:['’`]s?)?(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _addresses(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """How somebody is addressed at the beginning of a sentence, and at its end."""
    called = _called(name)
    return (
        re.compile(rf"^((?:\w+[ ,]+){{0,2}})(?:{called})\s*[,!.]"),
        re.compile(rf",\s*(?:{called})\s*([!.?]*)$"),
    )


def _called(name: str) -> str:
    """The names of somebody, as alternatives of a pattern: the whole one and the first. What
    is a word of its own is no name by itself: Will, May, The (Host), Voice (2).
    """
    whole = name.split()
    own = whole
    while len(own) > 1 and own[0].rstrip(".").casefold() in TITLES:
        own = own[1:]
    names = {" ".join(whole): whole, " ".join(own): own, own[0] if own else "": own[:1]}
    called = [text for text, parts in names.items() if parts and not _is_a_word(parts)]
    return "|".join(map(re.escape, called)) or "(?!)"


def _is_a_word(parts: list[str]) -> bool:
    return len(parts) == 1 and (is_function_word(parts[0]) or parts[0] == UNNAMED)

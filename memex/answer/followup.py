"""What a follow-up asks: "and when was that?" once "who built the organ?" was answered.

A question that stands by itself stays as it is. One follows another where it has nothing to
search for ("why?"), where a word in it points at something that it does not say (`pointing`), or
where it begins as one that goes on ("and …", "what about …"). What it is understood as has the
question before in brackets, and the names in its answer: "when was that (who built the organ;
Josiah Pellew)?"; or it is that question with another name or time in it. Rules for English.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from memex.answer.about import TITLES
from memex.answer.expected import TIMES
from memex.answer.pointing import (
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
    WH,
    content,
    is_open,
    points_back,
    telling,
    tokens_of,
)
from memex.times import time_of
from memex.types import Turn
from memex.words import WORD, is_function_word, stem

ANSWER_NAMES: Final = 3
"""Names of an answer that go into what follows it."""
MOST: Final = 600
"""Characters in brackets, at most."""
PARTS: Final = 4
"""What a question in a row of follow-ups has in brackets, at most; the oldest goes first."""

OWN: Final = 0.75
"""The share of a follow-up's own words in what has to be there for an answer, at least."""

_LEAD: Final = re.compile(r"^(?:(?:and|but|or|so|ok|okay|well)\b[\s,]*)+", re.IGNORECASE)
_ABOUT: Final = re.compile(r"^(?:what|how) about\b\s*", re.IGNORECASE)
_ASKS: Final = re.compile(
    rf"^(?:(?:{'|'.join(PREPOSITIONS)})\s+)?(?:{'|'.join(WH)})\b"
    rf"|^(?:{'|'.join(AUXILIARIES)})\b|^(?:tell|remind) me\b",
    re.IGNORECASE,
)
_IN_BRACKETS: Final = re.compile(r"^(?P<asks>.*\S) \((?P<parts>[^()]+)\)$")
_THING: Final = re.compile(
    r"\b(?:the|my|our|your|his|her|their) (?P<thing>[a-z][\w'-]*)(?: (?P<next>[\w'-]+))?"
)
_CITED: Final = re.compile(r"\s*\[\d+\]")
_LABEL: Final = re.compile(r"(?:^|(?<=[“\"])|(?<=[.!?…”\"] ))[^\W\d_]\S*(?: [^\W\d_]\S*)?: ")
"""Who says what is quoted in an answer."""
_BEGINS: Final = re.compile(r"(?:^|[.!?:…]\s+|[“\"(]\s*)$")
"""What stands before the first word of a sentence."""
_JOINS: Final = re.compile(r"\s+(?:(?:(?:of|in|and|for) the|of|de|da)\s+)?")
"""What stands between the parts of a name."""
_ARTICLE: Final = re.compile(r"\b(?:The|An?) $")


@dataclass(frozen=True, slots=True)
class Meant:
    """A question as it is understood."""

    text: str
    """All of it: it stands by itself."""
    asks: str
    """`text` without the brackets: it tells whether a person is asked for, a time, a number."""
    new: str = ""
    """What of it was said now; empty where it was not understood by what was asked before."""

    @property
    def follows(self) -> bool:
        """Whether it was understood by what was asked before."""
        return bool(self.new)

    @property
    def understood(self) -> str | None:
        """What a follow-up was understood as; None for any other question."""
        return self.text if self.follows else None


def meant(question: str, after: Turn | None, now: datetime, people: Collection[str] = ()) -> Meant:
    """What a question asks `after` another, at an aware time, of somebody who knows `people`."""
    alone = Meant(question, question)
    if after is None or not after.question.strip():
        return alone
    said = _tidy(question)
    body = _LEAD.sub("", said)
    led = body != said
    before = _before(after, people)
    if fragment := _fragment(body, led=led):
        return _replaced(fragment, before, now, people)
    tokens = tokens_of(body)
    if points_back(tokens):
        return _merged(body, before)
    if _ASKS.match(body) and is_open(tokens, led=led or "else" in tokens):
        named = _names(body)
        return (
            _replaced(body[slice(*named[0])], before, now, people)
            if named
            else _merged(body, before)
        )
    return alone


def _fragment(body: str, *, led: bool) -> str:
    """What "what about …" and "and …" name; empty where that is a question of its own."""
    if _ABOUT.match(body):
        return _ABOUT.sub("", body)
    return body if led and not _ASKS.match(body) else ""


def _tidy(question: str) -> str:
    return " ".join(question.replace("’", "'").split()).rstrip("?!. ")


def balanced(shares: Mapping[str, float], question: Meant) -> dict[str, float]:
    """The shares of a question's words, stemmed, in what they tell: what is new weighs `OWN` of
    all, however much of what it is asked of is known.
    """
    own = set(telling(tokens_of(question.new))) & shares.keys()
    weight = sum(shares[word] for word in own)
    if not question.follows or not own or not weight < OWN:
        return dict(shares)
    return {
        word: share * (OWN / weight if word in own else (1 - OWN) / (1 - weight))
        for word, share in shares.items()
    }


# The question before.


@dataclass(frozen=True, slots=True)
class _Before:
    """The question before, as it goes into the one that follows."""

    asks: str
    parts: tuple[str, ...]
    """What it had in brackets."""
    names: tuple[str, ...]
    """Names of its answer that it has not."""

    def topic(self) -> Iterator[str]:
        """What was spoken of, the oldest first."""
        yield from self.parts
        if content(tokens_of(self.asks)):
            yield self.asks
        if self.names:
            yield ", ".join(self.names)


def _before(after: Turn, people: Collection[str]) -> _Before:
    said = _tidy(after.question)
    found = _IN_BRACKETS.match(said)
    asks = _LEAD.sub("", found["asks"] if found else said)
    parts = tuple(found["parts"].split("; ")) if found else ()
    known = set(map(stem, WORD.findall(said)))
    names = [
        name
        for name in _answered(after.answer, people, who=tokens_of(asks)[:1] == ["who"])
        if not known.issuperset(map(stem, WORD.findall(name)))
    ]
    return _Before(asks, parts, tuple(names[:ANSWER_NAMES]))


def _answered(answer: str, people: Collection[str], *, who: bool) -> list[str]:
    """The names in an answer; whose words it quotes is one where it was asked `who`. What begins
    a sentence is a name where it has two words, or somebody is called so.
    """
    text = _CITED.sub("", answer)
    if not who:
        text = _LABEL.sub("", text)
    called = _called(people)
    found = []
    for start, end in _names(text):
        name = text[start:end].removesuffix("'s")
        begins = " " not in name and bool(_BEGINS.search(text[:start]))
        if (not begins or name.casefold() in called) and name.casefold() not in TIMES:
            found.append(name)
    return list(dict.fromkeys(found))


def _names(text: str) -> list[tuple[int, int]]:
    """Where words stand that look like names: capitalised, joined by "of", "in the", with the
    article of a title ("A Month in the Country").
    """
    found: list[tuple[int, int]] = []
    for match in WORD.finditer(text):
        word = match[0]
        if not word[0].isupper() or len(word) == 1 or is_function_word(word):
            continue
        between = text[found[-1][1] : match.start()] if found else ""
        if found and _JOINS.fullmatch(between):
            found[-1] = (found[-1][0], match.end())
        elif word.casefold() not in TITLES:
            article = _ARTICLE.search(text[: match.start()])
            found.append((article.start() if article else match.start(), match.end()))
    return found


def _called(people: Collection[str]) -> set[str]:
    """What people are called: by their whole and first names."""
    return {part.casefold() for name in people for part in (name, *name.split()[:1])}


# What is it understood as?


def _merged(body: str, before: _Before) -> Meant:
    """A question with what was spoken of in brackets."""
    return _meant(body, list(dict.fromkeys(before.topic())), body)


def _meant(asks: str, parts: Sequence[str], new: str) -> Meant:
    while len("; ".join(parts)) > MOST or len(parts) > PARTS:
        parts = parts[1:]
    kept = "; ".join(parts)
    return Meant(f"{asks} ({kept})?" if kept else f"{asks}?", asks, new)


def _replaced(fragment: str, before: _Before, now: datetime, people: Collection[str]) -> Meant:
    """The question before with something else in it: a time in the place of its time, a name in
    that of its name, "the one" in that of "the other". Where it has nothing such, it is added.
    """
    said = (before.asks, *before.parts[::-1])
    for at, text in enumerate(said):
        other = (
            _other_time(fragment, text, now, people)
            or _other_place(fragment, text)
            or _other_name(fragment, text, people)
            or _other_thing(fragment, text)
        )
        if other:
            now_said = [*said[:at], other, *said[at + 1 :]]
            return _meant(now_said[0], now_said[:0:-1], fragment)
    if fragment.split(maxsplit=1)[0].casefold() in PREPOSITIONS or _is_time(fragment, now, people):
        return _meant(f"{before.asks} {fragment}", before.parts, fragment)
    return _meant(before.asks, [*before.parts, fragment], fragment)


def _is_time(fragment: str, now: datetime, people: Collection[str]) -> bool:
    """Whether a fragment says a time and nothing else."""
    said = time_of(fragment, now, people)
    return said is not None and not content(
        tokens_of(f"{fragment[: said.start]} {fragment[said.end :]}")
    )


def _other_time(fragment: str, text: str, now: datetime, people: Collection[str]) -> str:
    there = time_of(text, now, people)
    if there is None or not _is_time(fragment, now, people):
        return ""
    return " ".join(f"{text[: there.start]} {fragment} {text[there.end :]}".split())


def _other_place(fragment: str, text: str) -> str:
    """As "and in Cork?" puts it in the place of "in Dublin"."""
    preposition, _, place = fragment.partition(" ")
    if preposition.casefold() not in PREPOSITIONS or not _is_name(place):
        return ""
    for start, end in _names(text):
        if text[:start].casefold().endswith(f" {preposition.casefold()} "):
            return f"{text[:start]}{place}{text[end:]}"
    return ""


def _other_name(fragment: str, text: str, people: Collection[str]) -> str:
    """A name in the place of the first one of its kind: of people, or of anything."""
    called = _called(people)
    person = fragment.casefold() in called
    if not (person or _is_name(fragment)):
        return ""
    there = [(start, end) for start, end in _names(text) if start or _owner(text[:end]) in called]
    alike = [(s, e) for s, e in there if (_owner(text[s:e]) in called) == person]
    if not there:
        return ""
    start, end = (alike or there)[0]
    owns = "'s" if text[start:end].endswith("'s") else ""
    return f"{text[:start]}{fragment.removesuffix(owns)}{owns}{text[end:]}"


def _owner(name: str) -> str:
    return name.removesuffix("'s").casefold()


def _is_name(text: str) -> bool:
    """Whether a text is a name and nothing else, but for an article: "The Summer Book"."""
    return bool(text) and _names(text) == [(0, len(text))]


def _other_thing(fragment: str, text: str) -> str:
    """As "and the kitchen?" puts it in the place of "the hall", where that is all the question
    names so, and what follows is no part of it.
    """
    determiner, *others = fragment.split()
    there = list(_THING.finditer(text))
    if determiner.casefold() not in DETERMINERS or not others or len(there) != 1:
        return ""
    (found,) = there
    goes_on = found["next"] or "of"
    if is_function_word(found["thing"]) or not _ends_phrase(goes_on):
        return ""
    return f"{text[: found.start()]}{fragment}{text[found.end('thing') :]}"


def _ends_phrase(word: str) -> bool:
    """Whether a word is no part of "the hall" before it: "is", "in", "painted"."""
    return is_function_word(word) or word.endswith(("ed", "ing"))

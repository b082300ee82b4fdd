"""Whether a question stands by itself, or points at something that it does not say.

"When was that?", "what did he do there?", "why?" do; "what did Ada say about her brother?" does
not: there it is said before whose. A question that names enough to be searched for is left alone,
whatever else it has. Rules for English, without a parser: what a pronoun stands for is named in
another clause before it (Principle B of binding theory: "the doctor" and "it" in one clause are
two); an owner ("her brother") is anybody who is named before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from memex.answer.expected import TIMES
from memex.words import WORD, has_digit, is_function_word, stem

ENOUGH: Final = 2
"""Things that a question names with which it can be searched for, whatever else it points at."""
WH: Final = frozenset("who whom whose what when where why how which".split())
BE: Final = frozenset("is are was were am be been isn't aren't wasn't weren't".split())
AUXILIARIES: Final = BE | frozenset(
    "do does did has have had can could will would should may might must".split()
)
PREPOSITIONS: Final = frozenset(
    "in on at from for with by of to about since until till before after during near".split()
)
DETERMINERS: Final = frozenset(
    "a an the my our your his her their its this that these those which what".split()
)

_CLAUSES: Final = WH | frozenset(
    """that if because whether before after while and but or since until as than so without
    , ; :""".split()
)
"""With what a clause may begin: what stands before it can be meant after it."""
_SPECIFIES: Final = frozenset(
    "a an the my our your some any every each no many much same other".split()
)
"""Words after which something is named."""
_GENERIC: Final = frozenset(
    stem(word)
    for word in """happen happened go going went come came mean means cost take takes took make
    made get got give gave do done work worked begin began start started end ended pay paid look
    looked call called know knew feel felt want need use used find found turn turned say says said
    tell told think thought long old far big tall high deep heavy often soon late early fast year
    day month week time date place name reason exactly else kind sort number""".split()
)
"""What a question may have and yet not say what it is about."""
_OPEN: Final = frozenset(
    stem(word)
    for word in "say said tell told think thought answer reply suggest want mean do did".split()
)
"""Verbs with which somebody is asked about, and not what: "what did Anna say?"."""
_SAID_BY: Final = frozenset({"what", "how", "why"})
_CHOICES: Final = frozenset("which another other first second third last next new old same".split())
"""What stands before "one" that is one of several."""
_AMBIENT: Final = frozenset(
    "loud quiet warm cold hot dark light late early sound smell rain snow".split()
)
"""What "it" may be where nothing is meant by it."""
_SEASONS: Final = frozenset("spring summer autumn winter weekend days".split())
_QUOTED: Final = re.compile(r"\"[^\"]+\"|“[^”]+”|„[^“”]+[“”]|«[^»]+»")
_TOKEN: Final = re.compile(rf"{WORD.pattern}|[,;:()]")
_SHORTENED: Final = re.compile(
    r"\b(it|he|she|that|they|there|this|what|who|where|when|how|why)'(?:s|d|ll|re|ve)\b",
    re.IGNORECASE,
)


def tokens_of(question: str) -> list[str]:
    """The words and stops of a question; what is quoted in it is a name."""
    return _TOKEN.findall(_SHORTENED.sub(r"\1 is", _QUOTED.sub(" Quoted ", question)))


def is_open(tokens: Sequence[str], *, led: bool) -> bool:
    """Whether a question does not say what it is about: it has no name, number or quote, and no
    word that is not `_GENERIC` (one, where it is `led`); or it has only who is to have said it.
    """
    if has_name(tokens):
        said = {stem(word) for word in content(tokens) if word[0].islower()}
        return led and tokens[0].casefold() in _SAID_BY and bool(said) and said <= _OPEN
    if any(has_digit(word) for word in tokens):
        return False
    return len(telling(tokens)) <= int(led)


def points_back(tokens: Sequence[str]) -> bool:
    """Whether a word of a question points at something that the question has not said by then."""
    if _things(tokens) >= ENOUGH:
        return False
    return any(_points(tokens, at) for at in range(len(tokens)))


def _points(tokens: Sequence[str], at: int) -> bool:
    """Whether the word there points at something that the question has not said by then."""
    word = tokens[at].casefold()
    before, after = tokens[:at], [each.casefold() for each in tokens[at + 1 :]]
    match word:
        case "he" | "she" if before and _is_content(before[-1]):  # "did Ada say she …"
            return not (_named(before) or _who_acts(before))
        case "he" | "she" | "him":
            return not _has_person(before)
        case "her" if not (after and _is_owned(after[0])):
            return not _has_person(before)
        case "his" | "her" | "its":
            return not (_named(before) or _who_acts(before))
        case "they" | "them" | "their":
            return not (_named(before) or _who_acts(before) or _things(tokens[at + 1 :]))
        case "it":
            return not (_in_clause_before(before) or _is_empty(before, tokens[at + 1 :]))
        case "that" | "this" | "those" | "these":
            return _demonstrates(word, before, after)
        case "there":
            return not after and _is_place(before)
        case "then":
            return not after and bool(before) and not _named(before)
        case "one" | "ones":
            return (
                bool(before) and before[-1].casefold() in _CHOICES and not _things(tokens[at + 1 :])
            )
    return False


def _in_clause_before(before: Sequence[str]) -> bool:
    """Whether something is named in a clause before this one: in the same clause "the doctor" and
    "it" are two.
    """
    return _named(before[: _clause(before)])


def _clause(before: Sequence[str]) -> int:
    """Where the clause begins that is under way."""
    said = [word.casefold() for word in before]
    if said and _is_content(said[-1]) and stem(said[-1]) in _OPEN:  # "what did Ada say it …"
        return len(said)
    return max((at for at, word in enumerate(said) if word in _CLAUSES), default=0)


def _has_person(before: Sequence[str]) -> bool:
    """Whether "he" may be somebody who is named or asked for: in a clause before this one, or as
    an owner ("Marek's dad").
    """
    said = [word.casefold() for word in before]
    participles = (
        at for at, word in enumerate(said) if at and word.endswith("ing") and said[at - 1] not in BE
    )
    end = max(_clause(before), *participles, 0)
    return (
        _named(before[:end])
        or _who_acts(before[:end])
        or any(word.endswith("'s") and word[0].isupper() for word in before)
    )


def _who_acts(before: Sequence[str]) -> bool:
    """Whether who is asked for does something: "who lost his spoon", not "who is his wife"."""
    said = [word.casefold() for word in before]
    return "who" in said and said[-1] not in BE | {"who"}


def _is_owned(word: str) -> bool:
    return _is_content(word) or word == "own"


def _is_empty(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether "it" stands for what follows ("how long does it take to …", "was it Ada who …"), or
    for how it is somewhere ("how loud was it by the window").
    """
    said = [word.casefold() for word in after]
    if any(word in _CLAUSES and content(said[at:]) for at, word in enumerate(said)):
        return True
    if any(one == "to" and two not in DETERMINERS for one, two in pairwise(said[1:])):
        return True
    return _named(after) and not _AMBIENT.isdisjoint(word.casefold() for word in (*before, *after))


def _demonstrates(word: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether "that" is what was spoken of ("who said that?", "in that year"): the question ends
    with it, or with one word after it. It is not in "the woman that sings", "this week".
    """
    rest = list(after)
    while rest and is_function_word(rest[-1]):
        rest.pop()
    if len(rest) > 1 or (word in {"this", "these"} and rest and rest[0] in TIMES | _SEASONS):
        return False
    return not (_in_clause_before(before) or _is_noun_phrase(before[-2:]))


def _is_place(before: Sequence[str]) -> bool:
    """Whether "there" is a place ("what did she do there?", "who was there?"): not in "how many
    are there", "when is the shop there".
    """
    said = [word.casefold() for word in before]
    if BE & set(said):
        return said[:1] == ["who"] and not content(said)
    return bool(said) and not _in_clause_before(before)


def _is_content(word: str) -> bool:
    return word[0].isalnum() and not is_function_word(word)


def content(tokens: Iterable[str]) -> list[str]:
    """The words that carry content."""
    return [word for word in tokens if _is_content(word)]


def telling(tokens: Sequence[str]) -> list[str]:
    """The stems of the words that say what a question is about: those that are not `_GENERIC`."""
    return [found for word in content(tokens) if (found := stem(word)) not in _GENERIC]


def has_name(tokens: Sequence[str]) -> bool:
    """Whether a word looks like a name: it is capitalised."""
    return any(_is_content(word) and word[0].isupper() for word in tokens)


def _is_noun_phrase(two: Sequence[str]) -> bool:
    """Whether two words are "the boat", "Marek's dad"."""
    if len(two) < 2 or not _is_content(two[1]):
        return False
    return two[0].casefold() in DETERMINERS or two[0].endswith("'s")


def _named(tokens: Sequence[str]) -> bool:
    """Whether something is named: by a name, a number, as "the boat", or as what does it ("did
    thoreau write").
    """
    subject = any(
        one.casefold() in AUXILIARIES and _is_content(two) for one, two in pairwise(tokens)
    )
    return subject or _things(tokens) > 0


def _things(tokens: Sequence[str]) -> int:
    """How many things are named by names, numbers, as "the boat"; a name of two words is one."""
    at = [n for n, word in enumerate(tokens) if _is_content(word) and _names_it(tokens, n)]
    return sum(n - 1 not in at for n in at)


def _names_it(tokens: Sequence[str], at: int) -> bool:
    word = tokens[at]
    if word[0].isupper() or has_digit(word):
        return True
    before = tokens[at - 1].casefold() if at else ""
    recalled = before in {"that", "those"} and at + 2 < len(tokens)  # "that man from Kilkenny"
    return before in _SPECIFIES or before.endswith("'s") or recalled

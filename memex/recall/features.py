"""What the ranker looks at in a passage.

Each feature is a share, 0 to 1 (but for what is missing of one), so that one weight serves every
query. Words are weighed by
how few documents say them (inverse document frequency), and a word of the query is met by
what may have been meant by it, too.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Final

from memex.recall.fuse import Fused
from memex.recall.spelling import Alternative, Words
from memex.recall.understand import Understood
from memex.types import Passage
from memex.words import WORD, content_stems, has_digit, is_function_word, stem, words

FEATURES: Final = (
    "lexical",  # BM25, of the best
    "vector",  # cosine, of the best
    "tokens",  # what it is less like the query, word by word, than the one that is most: 0 or less
    "pairs",  # neighbouring words of the query that stand side by side here, too
    "speaker",  # of the words that name a speaker, those that name who speaks here
    "time",  # whether it was said or written when the query says
)

Row = tuple[float, ...]
"""One figure for each of `FEATURES`."""

SENTENCE_END: Final = re.compile(r"[.!?]\s+|\n\s*")
"""How a sentence ends, with what stands before the next."""
_WORD_OR_END: Final = re.compile(f"{WORD.pattern}|{SENTENCE_END.pattern}")
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, as its words are compared with those of passages."""

    shares: Mapping[str, float]
    """Its content words, stemmed; the share of each in what they tell together."""
    meant: Mapping[str, Sequence[tuple[frozenset[str], float]]]
    """What else they may be: the stems of that, and how much it counts."""
    pairs: frozenset[tuple[str, str]]
    """Its neighbouring words, stemmed, at least one of which carries content."""
    phrases: Sequence[str]
    """What stands in quotation marks: `_as_said`."""
    wanted: frozenset[str]
    """All stems that any of its words may be met by."""
    understood: Understood

    def match(self, word: str, there: Collection[str]) -> float:
        """How far a word of the query is met by words there, 0 to 1; all are stems."""
        if word in there:
            return 1.0
        others = self.meant.get(word, ())
        return max((weight for stems, weight in others if stems.issubset(there)), default=0.0)

    def covered(self, there: Collection[str]) -> float:
        """The share of the query that is met by words."""
        return sum(share * self.match(word, there) for word, share in self.shares.items())

    def met(self, there: Collection[str]) -> frozenset[str]:
        """Those of the stems there by which words of the query are met: the words themselves, or
        else what is most probably meant.
        """
        found = {word for word in self.shares if word in there}
        for word in self.shares.keys() - found:
            others = [each for each in self.meant.get(word, ()) if each[0].issubset(there)]
            found |= max(others, key=itemgetter(1), default=(_NONE, 0.0))[0]
        return frozenset(found)


def asked(understood: Understood, found: Iterable[Alternative], vocabulary: Words | None) -> Asked:
    """A query with what may have been meant by its words. Without a vocabulary every word
    tells as much.
    """
    said = words(understood.asking)
    content = [word for word in said if not is_function_word(word)]
    tells = {stem(word): _rarity(word, vocabulary) for word in content}
    total = sum(tells.values())
    meant = defaultdict(list)
    for each in found:
        stems = frozenset(content_stems(each.spelling))
        for word in content_stems(each.said):
            meant[word].append((stems, each.weight))
    return Asked(
        shares={word: rarity / total for word, rarity in tells.items()},
        meant=dict(meant),
        pairs=frozenset(
            (stem(one), stem(other))
            for one, other in pairwise(said)
            if not (is_function_word(one) and is_function_word(other))
        ),
        wanted=frozenset(tells).union(*(stems for each in meant.values() for stems, _ in each)),
        phrases=[_as_said(phrase) for phrase in understood.phrases],
        understood=understood,
    )


def _rarity(word: str, vocabulary: Words | None) -> float:
    """Inverse document frequency, against the word that most documents say."""
    if vocabulary is None or has_digit(word):  # the vocabulary has no numbers
        return 1.0
    return math.log1p((vocabulary.most() + 1) / (vocabulary.documents(word) + 0.5))


def features(query: Asked, found: Sequence[Fused], passages: Sequence[Passage]) -> list[Row]:
    """The `FEATURES` of passages as they were found; one row for each."""
    names = [frozenset(content_stems(passage.speaker or "")) for passage in passages]
    anybody = frozenset().union(*names)
    named = {word: met for word in query.shares if (met := query.match(word, anybody))}
    rows: list[Row] = []
    for one, passage, speakers in zip(found, passages, names, strict=True):
        here = sum(query.match(word, speakers) for word in named)
        rows.append(
            (
                one.shares["lexical"],
                one.shares["vector"],
                one.shares.get("tokens", 0.0),
                _share(len(pairs(passage.text, query)), len(query.pairs)),
                _share(here, sum(named.values())),
                float(_in_time(query.understood, passage)),
            )
        )
    return rows


def pairs(text: str, query: Asked) -> frozenset[tuple[str, str]]:
    """The query's pairs that stand side by side in a sentence."""
    stems = ["", *map(stem, _WORD_OR_END.findall(text)), ""]  # the end of a sentence has no letters
    return query.pairs.intersection(
        pair
        for at, word in enumerate(stems)
        if word in query.wanted
        for pair in ((stems[at - 1], word), (word, stems[at + 1]))
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _in_time(query: Understood, passage: Passage) -> bool:
    return bool(query.time and passage.said_at and passage.said_at in query.time.value)


def quoted(query: Asked, passage: Passage) -> float:
    """The share of what the query has in quotation marks that stands in a passage, or above
    it, as it is quoted. No feature: there is nothing to be learnt of it.
    """
    if not query.phrases:
        return 0.0
    there = _as_said(f"{passage.title}\n{passage.heading or ''}\n{passage.text}")
    return sum(phrase in there for phrase in query.phrases) / len(query.phrases)


def _as_said(text: str) -> str:
    """A text as its words, whatever their case and what stands between them."""
    return f" {' '.join(words(text)).casefold()} "

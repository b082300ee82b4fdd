"""Other spellings of the words of a query: names misheard, misspelt, half remembered.

A word of the query that the memory hardly has is looked up in the memory's vocabulary by its
letters and its sound: by itself, joined with its neighbour ("chair ami" for Ciarami), and in
two ("Ciarami" for "chair ami"). What is found competes: likeness says how probable it is that
the one was written for the other (the noisy channel of Kernighan, Church and Gale, A spelling
correction program based on a noisy channel model, COLING 1990), and a word that resembles
many others equally means hardly any of them.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from memex.phonetics import consonants_of, letters_of
from memex.spellings import SHORTEST, spelt_words
from memex.vocabulary import Neighbour
from memex.words import is_function_word, stem

RARE: Final = 2
"""Documents up to which a word that is remembered may still be meant for another."""
ALIKE: Final = 0.56
"""Likeness from which on a word may have been meant."""
ALIKE_SURELY: Final = 0.8
"""The same, where the word of the query is itself remembered, but rarely, or very short."""
ALIKE_JOINED: Final = 0.8
"""The same, for two words of the query as one."""
ALIKE_THOUGH_BOTH_KNOWN: Final = 0.87
"""The same, where the memory has both."""
ALIKE_APART: Final = 0.85
"""The same, for two words of the memory as one."""
SHARPNESS: Final = 22.0
"""How fast the probability that a word was meant falls with its unlikeness."""
NONE: Final = 0.6
"""The likeness of what competes with all that is found: that none of it was meant."""
RARITY: Final = 0.25
"""How fast it falls with the number of documents that say it: what is said by many is an
ordinary word, which whoever asks can spell."""
TRUST: Final = 0.7
"""Exponent of that probability in the weight: below 1, the less probable have more of a say,
which brings more into the first five and less to the first place."""
MOST: Final = 8
"""Spellings for one word of the query."""
SHARE: Final = 0.04
"""Probability below which a spelling is left out."""
PARTS: Final = 5
"""Beginnings, and ends, of a word that are tried with each other."""
MOST_APART: Final = 8
"""Spellings in two words: nearly all of them stand nowhere beside each other."""
SURE: Final = 0.85
"""Likeness from which on a word that the memory has nowhere is read as another."""
SURE_WEIGHT: Final = 0.7
"""The same, for its weight."""
APART: Final = 0.5
"""What their likeness is multiplied by for their weight: they do not compete."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word of the memory that may have been meant by a word of the query."""

    said: str
    """The word of the query, or two neighbours, as they stand there."""
    spelling: str
    """In lower case; two words, where the memory has them beside each other."""
    likeness: float
    """0 to 1: how alike they are spelt and sound."""
    weight: float
    """0 to 1: what a match of it is worth beside one of the word itself."""
    documents: int
    """How many say it."""


class Words(Protocol):
    """What is asked of the memory: `memex.vocabulary.Vocabulary`."""

    def near(self, said: str) -> list[Neighbour]:
        """The words that are spelt or sound like this one, or several as one, the most alike
        first.
        """

    def sounding(self, code: str) -> Mapping[str, int]:
        """The words with these consonants, and how many documents say each."""

    def exactly(self, word: str) -> int:
        """How many documents say a word as it is spelt."""

    def documents(self, word: str) -> int:
        """How many documents say a word, in any inflection."""

    def most(self) -> int:
        """How many documents say the word that most say."""


def alternatives(query: str, words: Words) -> list[Alternative]:
    """What may have been meant by the words of a query, in their order, the most probable
    first. None for a word that the memory has in more than `RARE` documents, but for a name
    of which it has only what looks like another form.
    """
    said = spelt_words(query)
    known = [_known(word, words) for word in said]
    found: list[Alternative] = []
    for at, word in enumerate(said):
        if known[at] <= RARE:
            found += _of_one(word, words, known=bool(known[at]))
        if at and known[at - 1] + known[at] < math.inf:
            rare = min(known[at - 1], known[at]) <= RARE
            found += _of_two(f"{said[at - 1]} {word}", words, rare=rare)
    return found


def _of_one(word: str, words: Words, *, known: bool) -> list[Alternative]:
    """What may have been meant by one word, `known` or not."""
    near = words.near(word)
    if known or len(word) <= SHORTEST:  # of three letters, one more or less is another word
        return list(_meant(word, near, ALIKE_SURELY))
    apart = [] if near and near[0].likeness >= ALIKE_APART else _apart(word, words)
    two = [
        Alternative(word, each.word, each.likeness, each.likeness * APART, each.documents)
        for each in apart
        if each.likeness >= ALIKE_APART
    ]
    return [*_meant(word, near, ALIKE), *two]


def _of_two(pair: str, words: Words, *, rare: bool) -> list[Alternative]:
    """What may have been meant by two words as one, one of them rare or not: then it must
    sound the same.
    """
    if rare:
        return list(_meant(pair, words.near(pair), ALIKE_JOINED))
    letters = letters_of(pair)
    same = words.sounding(consonants_of(letters))
    likeness = _alike(letters, list(same))
    near = [
        Neighbour(word, (1 + alike) / 2, same[word])
        for word, alike in zip(same, likeness, strict=True)
    ]
    return list(_meant(pair, near, ALIKE_THOUGH_BOTH_KNOWN))


def _known(word: str, words: Words) -> float:
    """In how many documents a word is; infinitely many, where it is none to be looked up."""
    if is_function_word(word) or len(word) < SHORTEST:
        return math.inf
    documents = words.documents(word)
    if documents > RARE and word[0].isupper() and words.exactly(word) <= RARE:
        return RARE  # "Hayes" is no form of "hay"
    return documents


def _meant(said: str, near: Iterable[Neighbour], least: float) -> Iterator[Alternative]:
    """The words of the memory that may have been meant; of one stem the most alike."""
    own = {stem(part) for part in said.split()}
    different: dict[str, Neighbour] = {}
    for each in near:
        root = " ".join(map(stem, each.word.split()))
        if each.likeness >= least and root not in own:
            different.setdefault(root, each)
    best = list(different.values())
    chosen = sorted(zip(_shares(best), best, strict=True), key=lambda pair: -pair[0])[:MOST]
    for share, each in chosen:
        if share >= SHARE:
            weight = each.likeness * share**TRUST
            yield Alternative(said, each.word, each.likeness, weight, each.documents)


def _shares(near: Sequence[Neighbour]) -> list[float]:
    """How probable each is, among them and that it is none of them."""
    odds = [math.exp(SHARPNESS * each.likeness) / each.documents**RARITY for each in near]
    total = sum(odds) + math.exp(SHARPNESS * NONE)
    return [each / total for each in odds]


def _apart(word: str, words: Words) -> list[Neighbour]:
    """Two words of the memory that sound like this one together, one of them rare; the most
    alike first.
    """
    letters = letters_of(word)
    code = consonants_of(letters)
    pairs: dict[str, int] = {}
    for cut in range(1, len(code)):
        before = _likeliest(words.sounding(code[:cut]), letters, begins=True)
        after = {**words.sounding(code[cut:]), **words.sounding(f"A{code[cut:]}")}
        for first, of_first in before.items():
            for second, of_second in _likeliest(after, letters, begins=False).items():
                if min(of_first, of_second) <= RARE:
                    pairs[f"{first} {second}"] = min(of_first, of_second)
    if not pairs:
        return []
    alike = _alike(letters, [letters_of(pair) for pair in pairs])
    found = [
        Neighbour(pair, (1 + likeness) / 2, documents)
        for (pair, documents), likeness in zip(pairs.items(), alike, strict=True)
    ]
    return sorted(found, key=lambda each: -each.likeness)[:MOST_APART]


def _likeliest(some: Mapping[str, int], letters: str, *, begins: bool) -> dict[str, int]:
    """The `PARTS` words that a word most likely begins with, or ends with."""
    by_length: dict[int, list[str]] = defaultdict(list)
    for word in some:
        by_length[len(word)].append(word)
    ranked: list[tuple[float, str]] = []
    for length, same in by_length.items():
        if length < len(letters):
            part = letters[:length] if begins else letters[-length:]
            ranked += zip(_alike(part, same), same, strict=True)
    return {word: some[word] for _, word in heapq.nlargest(PARTS, ranked)}


def _alike(letters: str, others: Sequence[str]) -> list[float]:
    """How alike each is spelt, 0 to 1."""
    if not others:
        return []
    found = cdist([letters], others, scorer=OSA.normalized_similarity)[0]
    return [float(each) for each in found]


def respelt(
    query: str, found: Sequence[Alternative], words: Words
) -> tuple[str, list[Alternative]]:
    """A query with a word of the memory in place of each that the memory has nowhere, where there
    is hardly a doubt which is meant, and the alternatives without these: what is misspelt means
    something else to an embedder.
    """
    right = {
        each.said: each
        for each in reversed(found)  # of one word the most probable is the first
        if each.likeness >= SURE
        and each.weight >= SURE_WEIGHT
        and " " not in each.said
        and not words.documents(each.said)
    }
    if not right:
        return query, list(found)
    wrong = "|".join(map(re.escape, right))
    text = re.sub(rf"\b(?:{wrong})\b", lambda word: right[word.group()].spelling, query)
    return text, [each for each in found if each is not right.get(each.said)]


def weights(found: Iterable[Alternative]) -> dict[str, float]:
    """What `memex.index.Snapshot.lexical` takes: of a spelling that several words of the
    query may mean, the greatest weight.
    """
    best: dict[str, float] = {}
    for each in found:
        best[each.spelling] = max(best.get(each.spelling, 0.0), each.weight)
    return best

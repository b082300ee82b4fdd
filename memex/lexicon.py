"""Words that can be looked up by spelling and by sound, in memory.

A word that is meant differs from the one that was said in a few letters, or in few of its
consonants as they sound. Both kinds are found in two steps. What the words are made of is
compared first, as bits: an edit changes at most two letters of the set and four pairs of
neighbours, so nearly all words are out (Ukkonen, Approximate string-matching with q-grams
and maximal matches, Theoretical Computer Science 92, 1992). What is left is compared letter
by letter.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import Stemmer
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, Levenshtein
from rapidfuzz.process import cdist

from memex.phones import rows_of, sounding_alike
from memex.phonetics import consonants_of, letters_of

SOUND_EDITS: Final = 1
"""Sounds in which a word may differ that is not spelt alike."""
PHONES: Final = 0.7
"""How much the phones count in the likeness, the letters having the rest."""
SURE_SOUND: Final = 3
"""Sounds that must be there for one to differ: of fewer, half the memory sounds alike."""
BITS: Final = 2
"""Letters of the set that an edit changes, at most."""
PAIRS: Final = 4
"""Pairs of neighbours that an edit changes, at most."""
SWAPPED: Final = 2
"""More of them where it swaps two letters, which is allowed for once."""
HASHES: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
"""Odd numbers that mix the bits of a pair (multiplicative hashing)."""

SIDES: Final[tuple[Literal["left", "right"], ...]] = ("left", "right")
"""The ends of a run of equal values."""


@dataclass(frozen=True, slots=True)
class Near:
    """A word that is like another one."""

    word: str
    likeness: float
    """0 to 1: how alike the letters are, or the letters and the consonants on the average, or
    the phones, with something of the letters; whichever is most."""


class Lexicon:
    """Some words. Immutable, so it may be read from several threads."""

    def __init__(self, words: Iterable[str]) -> None:
        """Takes a few µs a word. Words that have no Latin letters are left out."""
        self.words: list[str] = []
        letters: list[str] = []
        numbers: dict[str, int] = {}
        codes = array("i")
        stems = array("q")
        stem = Stemmer.Stemmer("english").stemWord
        for word in words:
            plain = letters_of(word)
            if plain:
                self.words.append(word)
                letters.append(word if word == plain else plain)
                code = consonants_of(plain)
                codes.append(numbers.setdefault(code, len(numbers)))
                stems.append(hash(stem(plain)))
        self._letters = _texts(letters)
        self._phones = rows_of(letters)
        self._codes = _codes(numbers, np.array(codes, np.int32))
        self._by_stem = np.argsort(np.array(stems, np.int64), kind="stable").astype(np.int32)
        self._stems = np.array(stems, np.int64)[self._by_stem]

    def __len__(self) -> int:
        return len(self.words)

    def inflected(self, stem: str) -> list[str]:
        """The words of which this is the stem, accents aside."""
        first, last = (np.searchsorted(self._stems, hash(stem), side) for side in SIDES)
        return [self.words[at] for at in self._by_stem[first:last].tolist()]

    def sounding(self, code: str) -> list[str]:
        """The words with these consonants (`memex.phonetics.consonants_of`)."""
        return [self.words[at] for at in self._codes.like(code).tolist()]

    def near(self, wanted: str, most: int) -> list[Near]:
        """The words that are spelt or sound like these letters (a to z), the most alike first,
        at most so many.
        """
        code = consonants_of(wanted)
        spelt = _within(wanted, self._letters, edits(wanted))
        rows = np.union1d(spelt, self._codes.near(code))
        if not len(rows):
            return []
        letters = [self._letters.texts[at] for at in rows.tolist()]
        spelling = cdist([wanted], letters, scorer=OSA.normalized_similarity)[0]
        ids, of_row = np.unique(self._codes.of_word[rows], return_inverse=True)
        codes = [self._codes.codes.texts[at] for at in ids.tolist()]
        sounding = cdist([code], codes, scorer=Levenshtein.normalized_similarity)[0][of_row]
        phones = PHONES * sounding_alike(wanted, self._phones[rows]) + (1 - PHONES) * spelling
        likeness = np.maximum.reduce([spelling, (spelling + sounding) / 2, phones])
        best = np.argsort(-likeness, kind="stable")[:most]
        return [Near(self.words[rows[at]], float(likeness[at])) for at in best]


@dataclass(frozen=True, slots=True)
class Texts:
    """Short texts of ASCII letters, and what each is made of."""

    texts: Sequence[str]
    lengths: NDArray[np.int16]
    bits: NDArray[np.uint32]
    """The set of its characters."""
    pairs: Sequence[NDArray[np.uint64]]
    """The set of its pairs of neighbours, hashed into 64 by each of `HASHES`."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The different codes of some words, and the words of each."""

    codes: Texts
    """In alphabetical order."""
    of_word: NDArray[np.int32]
    """The number of each word's code."""
    rows: NDArray[np.int32]
    """The words' numbers, those of a code side by side."""
    starts: NDArray[np.int32]
    """Where in `rows` the words of a code begin; one more than there are codes."""

    def like(self, code: str) -> NDArray[np.int32]:
        """The numbers of the words with this code."""
        at = bisect_left(self.codes.texts, code)
        if self.codes.texts[at : at + 1] != [code]:
            return self.rows[:0]
        return self.rows[self.starts[at] : self.starts[at + 1]]

    def near(self, code: str) -> NDArray[np.int32]:
        """The numbers of the words with a code that is this one, or nearly."""
        found = _within(code, self.codes, SOUND_EDITS if len(code) >= SURE_SOUND else 0)
        parts = [self.rows[self.starts[at] : self.starts[at + 1]] for at in found]
        return np.concatenate([self.rows[:0], *parts])


def edits(letters: str) -> int:
    """Letters in which a word may differ that is spelt alike."""
    return 1 if len(letters) < 6 else 2 if len(letters) < 12 else 3


def _within(text: str, among: Texts, most: int) -> NDArray[np.int32]:
    """The numbers of the texts that are at most so many edits away."""
    if not text or not among.texts:
        return np.empty(0, np.int32)
    own = _texts([text])
    near = np.bitwise_count(among.bits ^ own.bits) <= BITS * most
    maybe = np.flatnonzero(near & (np.abs(among.lengths - len(text)) <= most))
    for pairs, of_text in zip(among.pairs, own.pairs, strict=True):
        near = np.bitwise_count(pairs[maybe] ^ of_text) <= PAIRS * most + SWAPPED
        maybe = maybe[near]
    if not len(maybe):
        return np.empty(0, np.int32)
    texts = [among.texts[at] for at in maybe.tolist()]
    distances = cdist([text], texts, scorer=OSA.distance, score_cutoff=most)[0]
    return np.asarray(maybe[distances <= most], np.int32)


def _texts(texts: Sequence[str]) -> Texts:
    lengths = np.array([len(text) for text in texts], np.int16)
    if not texts:
        none = np.empty(0, np.uint64)
        return Texts(texts, lengths, np.empty(0, np.uint32), [none for _ in HASHES])
    flat = np.frombuffer("\n".join((*texts, "")).casefold().encode("ascii"), np.uint8)
    ends = flat == ord("\n")
    starts = np.concatenate(([0], np.flatnonzero(ends)[:-1] + 1))
    bits = np.left_shift(np.uint32(1), (flat & 31).astype(np.uint32))
    bits[ends] = 0
    return Texts(
        texts,
        lengths,
        np.bitwise_or.reduceat(bits, starts),
        [_pairs(flat, ends, starts, number) for number in HASHES],
    )


def _pairs(
    flat: NDArray[np.uint8], ends: NDArray[np.bool_], starts: NDArray[np.intp], number: int
) -> NDArray[np.uint64]:
    """The pairs of neighbours in each text, the last letter with its end, as sets of 64."""
    after = np.concatenate((flat[1:], flat[-1:])).astype(np.uint64)
    mixed = (flat.astype(np.uint64) << np.uint64(8) | after) * np.uint64(number)
    pairs = np.left_shift(np.uint64(1), mixed >> np.uint64(58))
    pairs[ends] = 0
    return np.bitwise_or.reduceat(pairs, starts)


def _codes(numbers: Mapping[str, int], numbered: NDArray[np.int32]) -> Codes:
    """Of codes by their number, and the number of each word's."""
    codes = sorted(numbers)
    place = np.empty(len(codes), np.int32)
    place[[numbers[code] for code in codes]] = np.arange(len(codes))
    of_word = place[numbered]
    rows = np.argsort(of_word, kind="stable").astype(np.int32)
    starts = np.searchsorted(of_word[rows], np.arange(len(codes) + 1)).astype(np.int32)
    return Codes(_texts(codes), of_word, rows, starts)

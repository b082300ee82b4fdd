"""The phones of a word, as several languages spell them, and how alike two words sound.

A weighted edit distance over phones rather than letters (Kondrak, A new algorithm for the
alignment of phonetic sequences, NAACL 2000): phones that ears and recognisers take for each
other cost little, vowels less than consonants, and what is often silent hardly anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

LONGEST: Final = 20
"""Phones of a word that are compared: what comes after is left out."""
CONFUSED: Final[Mapping[float, Sequence[str]]] = {
    0.15: ("bp", "dt", "gk", "vf", "zs", "JC", "vw"),
    0.2: ("ei", "ao", "ou"),
    0.3: ("aeiou", "CS", "JS", "Tt", "Td", "Ts", "fw", "wu", "Hk", "Hg", "Hh", "Ji"),
    0.4: ("CSJsz", "Ck", "Jg", "Tf", "mn", "bv", "wo", "Hf"),
    0.5: ("Ct", "Jd", "pf", "hk"),
    0.7: ("ptk", "bdg", "lr", "nl", "fs", "bm", "dn"),
}
"""Phones that are taken for each other, by what each two of a row cost; the cheapest counts. Any
others cost 1."""
LEFT_OUT: Final[Mapping[float, str]] = {0.25: "Hh", 0.35: "aeiou", 0.5: "w", 0.6: "r", 0.8: "td"}
"""Phones that are left out, or put in, by what that costs; any others cost 1."""
VOWEL: Final = 0.6
"""What a vowel counts in the length of a word, of a consonant."""

_VOWELS: Final = "aeiou"
_SPELT: Final = re.compile(
    "|".join(
        f"(?P<{phones}>{spelt})"
        for phones, spelt in (
            ("n", "^[kg]n|^mn|gn|n"),
            ("r", "^wr|rh|r"),
            ("C", "tsch|tch|tsh|cz|ch(?![lrn])"),
            ("S", "sch(?![lrmn])|sh|sz|ci(?=[aou])|^si(?=[ou])|^x(?=[aeiou])"),
            ("J", "dj|dg(?=[eiy])|zh|zs|j|gg?(?=[eiy])"),
            ("T", "th"),
            ("H", "gh"),
            ("f", "ph|pf|f"),
            ("w", "wh?"),
            ("v", "bh|mh|v"),
            ("s", "^ps|s|c(?=[eiy])"),
            ("z", "z"),
            ("ks", "x"),
            ("k", "ck|kh|ch|c|k|qu?"),
            ("g", "g"),
            ("t", "t"),
            ("d", "dh?"),
            ("p", "p"),
            ("b", "b"),
            ("l", "l"),
            ("m", "m"),
            ("h", "h"),
            ("e", "ai|ay|ei|ey|ae|e(?![eaiuy])"),
            ("i", "ee|ea|ie|i|y"),
            ("u", "oo|ou|ue|eu|u"),
            ("o", "au|aw|ow|oa|oe|o"),
            ("a", "aa|ah|a"),
        )
    )
)
"""Phones by their spellings: C as in chair, S as in shoe, J as in jam, T as in thin, H is "gh",
which may be silent."""
_PHONES: Final = "aeiounrCSJTHfwvszkgtdpblmh"
_NUMBERS: Final = bytes.maketrans(_PHONES.encode(), bytes(range(1, len(_PHONES) + 1)))


def phones_of(letters: str) -> bytes:
    """The phones of a word (a to z), each as a number from 1 on; none twice on end."""
    found: list[str] = []
    for match in _SPELT.finditer(letters):
        phones = str(match.lastgroup)
        if found[-1:] != [phones]:
            found.append(phones)
    return "".join(found).encode()[:LONGEST].translate(_NUMBERS)


def rows_of(words: Iterable[str]) -> NDArray[np.uint8]:
    """The phones of some words, a row for each, filled up with zeros."""
    padded = b"".join(phones_of(word).ljust(LONGEST, b"\0") for word in words)
    return np.frombuffer(padded, np.uint8).reshape(-1, LONGEST)


def sounding_alike(word: str, rows: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How alike a word sounds to that of each row, 0 to 1: 1 less what it costs to make the one
    of the other, over what the longer one counts.
    """
    own = np.frombuffer(phones_of(word), np.uint8)
    lengths = (rows > 0).sum(axis=1)
    rows = rows[:, : lengths.max(initial=0)]
    put_in = np.zeros((len(rows), rows.shape[1] + 1), np.float32)
    np.cumsum(_LEFT_OUT[rows], axis=1, out=put_in[:, 1:])
    costs = put_in  # of each beginning of a row, for the beginning of the word so far
    for phone in own:
        best = costs + _LEFT_OUT[phone]
        np.minimum(best[:, 1:], costs[:, :-1] + _TAKEN[phone][rows], out=best[:, 1:])
        costs = put_in + np.minimum.accumulate(best - put_in, axis=1)
    cost = costs[np.arange(len(rows)), lengths]
    longer = np.maximum(_COUNTS[own].sum(), _COUNTS[rows].sum(axis=1))
    alike: NDArray[np.float32] = np.maximum(0, 1 - cost / np.maximum(longer, VOWEL))
    return alike


def _taken() -> NDArray[np.float32]:
    """What it costs to take one phone for another, by their numbers."""
    costs = np.ones((len(_PHONES) + 1,) * 2, np.float32)
    for cost, rows in sorted(CONFUSED.items(), reverse=True):
        for one, other in (pair for row in rows for pair in combinations(_numbers(row), 2)):
            costs[one, other] = costs[other, one] = cost
    np.fill_diagonal(costs, 0)
    return costs


def _each(given: Mapping[float, str]) -> NDArray[np.float32]:
    """A figure for each phone, by its number: 1 where none is given; 0 for no phone."""
    figures = np.ones(len(_PHONES) + 1, np.float32)
    for figure, phones in given.items():
        figures[_numbers(phones)] = figure
    figures[0] = 0
    return figures


def _numbers(phones: str) -> list[int]:
    return list(phones.encode().translate(_NUMBERS))


_TAKEN: Final = _taken()
_LEFT_OUT: Final = _each(LEFT_OUT)
_COUNTS: Final = _each({VOWEL: _VOWELS})

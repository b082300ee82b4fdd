"""Texts that are told apart by a word of their own, and names that are seldom met."""

from __future__ import annotations

import os
from random import Random
from typing import Final

from memex.types import Segment, content_id

WORDS: Final = (
    "wire evening lamp river stone bridge garden kettle letter window winter market apple "
    "ladder silver thunder meadow harbour candle copper feather violin pepper marble orchard"
).split()
ODD: Final = (
    b"with space", b"per%20cent", b"hash#tag", b"what?", b"it's", b'say "it"', b"-rf", b"a;b&c",
    b"new\nline", b"caf\xe9", b"\xf0\x9f\xa6\x8a fox", "été décomposé".encode(),
    b"esc\x1b[31m", b"back\\slash", b"[brackets]", b"x" * 180, b"ends in dot.",
)  # fmt: skip
"""Beginnings of names, as bytes: not all of them are Unicode."""
SUFFIXES: Final = (".txt", ".txt", ".md", ".TXT", ".text", ".org")
BIG: Final = 400
"""Paragraphs of a big text: some 80 kB."""


class Texts:
    """Makes texts, never the same twice."""

    def __init__(self, random: Random) -> None:
        """With the script's own dice."""
        self._random = random
        self._count = 0

    def make(self, *, big: bool = False) -> str:
        """A text; the words of no other begin with its number."""
        self._count += 1
        paragraphs = BIG if big else self._random.randint(1, 4)
        lines = (self._paragraph(number) for number in range(paragraphs))
        return "\n\n".join(lines) + "\n"

    def _paragraph(self, number: int) -> str:
        words = " ".join(self._random.choices(WORDS, k=self._random.randint(8, 30)))
        return f"Bird zq{self._count}p{number} {words}."

    def name(self) -> str:
        """A file's name that no other has."""
        self._count += 1
        if self._random.random() < 0.3:
            beginning = os.fsdecode(self._random.choice(ODD))
        else:
            beginning = self._random.choice(WORDS)
        return f"{beginning}{self._count}{self._random.choice(SUFFIXES)}"


def identity(text: str) -> str:
    """The id of the document that a text becomes."""
    return content_id([Segment(text)])

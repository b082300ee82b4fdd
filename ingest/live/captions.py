"""Captions: what of a phrase that is still being said may be shown for certain.

LocalAgreement-2 (Macháček, Dabre, Bojar: "Turning Whisper into Real-Time Transcription
System", 2023): the phrase is decoded again and again as it grows, and words on which
two decodings in a row agree have settled. They never change again; the open ones may.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ingest.recognition import plain_word
from memex.types import Word

ENDS = (".", "!", "?", ",", ";", ":", "…")
"""After these a phrase is best parted."""


class Agreement:
    """The words of one phrase. Compared without case and punctuation."""

    def __init__(self) -> None:
        """Nothing is said yet."""
        self.settled: list[Word] = []
        self.open: list[Word] = []
        self._before = 0
        """Settled words that are not decoded any more."""

    def hear(self, words: Sequence[Word]) -> None:
        """A decoding of the phrase as far as it goes (of what was not parted from it)."""
        fresh = _rest(self.settled[self._before :], words)
        agreed = _in_common(self.open, fresh)
        self.settled += fresh[:agreed]
        self.open = fresh[agreed:]

    def finish(self, words: Sequence[Word]) -> None:
        """The decoding of the whole phrase for good: what it has after the settled words
        settles too.
        """
        self.settled += _rest(self.settled, words)
        self.open = []

    def part(self, least: float) -> float | None:
        """Leave out of further decodings what has settled, up to the end of a clause, or
        else up to the longest pause; the place in seconds. None where less than `least`
        seconds are to be had.
        """
        known = self.settled[self._before :]
        begin = known[0].start if known else 0.0
        places = [at for at in range(1, len(known)) if known[at].start - begin >= least]
        if not places:
            return None
        clauses = [at for at in places if known[at - 1].text.rstrip("\"'”’)").endswith(ENDS)]
        at = clauses[-1] if clauses else max(places, key=lambda at: _pause(known, at))
        self._before += at
        return (known[at - 1].end + known[at].start) / 2

    def leave(self) -> float | None:
        """Leave out of further decodings all that has settled; the place in seconds. None
        where that is nothing, or more was heard after it.
        """
        if self.open or len(self.settled) == self._before:
            return None
        self._before = len(self.settled)
        return self.settled[-1].end

    @property
    def heard_until(self) -> float:
        """Where the last word ends, in seconds; 0 where there is none."""
        last = (self.open or self.settled)[-1:]
        return last[0].end if last else 0.0

    @property
    def settled_text(self) -> str:
        """What has settled, as it is shown."""
        return text(self.settled)

    @property
    def open_text(self) -> str:
        """What may still change, as it is shown."""
        return text(self.open)


def text(words: Sequence[Word]) -> str:
    """Words as they are shown."""
    return " ".join("".join(word.text for word in words).split())


def _pause(words: Sequence[Word], at: int) -> float:
    return words[at].start - words[at - 1].end


def _in_common(one: Sequence[Word], other: Sequence[Word]) -> int:
    """Words with which both begin."""
    pairs = zip(map(plain_word, one), map(plain_word, other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _rest(settled: Sequence[Word], words: Sequence[Word]) -> list[Word]:
    """What a decoding has after the settled words, though it may put some of these
    otherwise: after that beginning of it which is nearest to them by edit distance, the
    longest where several are. So no word is shown twice.
    """
    said = [word for word in words if plain_word(word)]
    row = list(range(len(said) + 1))
    for known in map(plain_word, settled):
        above, row = row, [row[0] + 1]
        for at, word in enumerate(map(plain_word, said), start=1):
            row.append(min(above[at - 1] + (word != known), above[at] + 1, row[-1] + 1))
    nearest = min(row)
    return said[max(at for at, distance in enumerate(row) if distance == nearest) :]

"""The stretch of a passage that shows why it was found, and the second to hear it from.

Of all stretches of `LENGTH` it is the one that has most of what is quoted in the query, then
most of the query's words, by rarity; it begins and ends with a sentence where that is possible.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice, pairwise
from typing import Final, Protocol

from memex.passages import times_of
from memex.recall.features import SENTENCE_END, Asked
from memex.types import Passage, Segment, Snippet
from memex.words import WORD, content_stems, stem

LENGTH: Final = 200
"""Characters of a snippet, at most; an ellipsis on either side comes to it."""
LEAST: Final = 100
"""Characters from which on it ends with a sentence, though more would fit."""
LEAD: Final = 50
"""Characters of a long sentence before a word of the query, where all before it is too much."""
MARKS: Final = 200
"""Words of the query, and quotes, that are looked at in a passage: as many as it has words, but
for what is no prose.
"""
ELLIPSIS: Final = "…"
ASCII: Final = frozenset(map(chr, range(128)))


class Segments(Protocol):
    """What is asked of the library: `memex.library.Library`."""

    def segments(
        self, document_id: str, first: int = 0, last: int | None = None, *, words: bool = True
    ) -> Sequence[Segment]:
        """Those at the positions `first` to `last`, inclusive, in order."""


class Snippets:
    """The snippets of what was found for one query; each text is read once."""

    def __init__(self, query: Asked) -> None:
        self._query = query
        self._read: dict[str, tuple[_Marked, int, int]] = {}

    def stretch(self, text: str) -> str:
        """What is shown of a text, without ellipses."""
        _, start, end = self._best(text)
        return text[start:end]

    def of(self, passage: Passage, library: Segments) -> Snippet:
        """Of a passage; its beginning, where no word of the query is in it."""
        marked, start, end = self._best(passage.text)
        text = passage.text[start:end]
        before = "" if start in marked.starts else ELLIPSIS
        after = "" if end in marked.ends else ELLIPSIS
        shift = len(before) - start
        told = passage.text[marked.told_at(start, end) : end]
        began, ended = _said(told, passage, library)
        return Snippet(
            text=f"{before}{text}{after}",
            matches=tuple((one + shift, other + shift) for one, other in marked.lit(start, end)),
            start=began,
            end=ended,
        )

    def _best(self, text: str) -> tuple[_Marked, int, int]:
        if text not in self._read:
            marked = _Marked.of(text, self._query)
            self._read[text] = marked, *marked.best()
        return self._read[text]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place in a text that the query asks for."""

    start: int
    end: int
    stems: frozenset[str] = frozenset()
    """Those by which a word of the query may be met; none of what is quoted."""

    def share(self, start: int, end: int) -> float:
        """How much of it a stretch has; nothing, where the stretch begins in it."""
        if not start <= self.start < end:
            return 0.0
        return (min(self.end, end) - self.start) / (self.end - self.start)


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text, and where it has what a query asks for. Places are in characters."""

    text: str
    query: Asked
    starts: Sequence[int]
    """Where sentences begin."""
    ends: Sequence[int]
    """Where they end."""
    words: Sequence[_Mark]
    quoted: Sequence[_Mark]

    @staticmethod
    def of(text: str, query: Asked) -> _Marked:
        """Read a text."""
        between = [found.span() for found in SENTENCE_END.finditer(text)]
        return _Marked(
            text,
            query,
            starts=[0, *(end for _, end in between)],
            ends=[*(start + (text[start] != "\n") for start, _ in between), len(text)],
            words=list(islice(_words(text, query), MARKS)),
            quoted=list(islice(_quoted(text, query), MARKS)),
        )

    def best(self) -> tuple[int, int]:
        """Where the stretch begins and ends that shows most: what is quoted, words by their
        rarity, a sentence from its beginning, the earlier one.
        """
        worth: dict[frozenset[str], float] = {}

        def shown(start: int) -> tuple[float, float, bool, int]:
            end = start + LENGTH
            there = self._there(start, end)
            if there not in worth:
                worth[there] = self.query.covered(there)
            quoted = sum(mark.share(start, end) for mark in self.quoted)
            return quoted, worth[there], start in self.starts, -start

        start = max({*self._beginnings()}, key=shown, default=0)
        return start, self._end(start)

    def _beginnings(self) -> Iterator[int]:
        """Where a stretch may begin that has something of the query: with a sentence, or, in
        a long one, some words before that.
        """
        for mark in (*self.quoted, *self.words):
            sentence = self.starts[bisect_right(self.starts, mark.start) - 1]
            if mark.end <= sentence + LENGTH:
                yield sentence
            if mark.start - LEAD > sentence:
                word = self.text.find(" ", mark.start - LEAD, mark.start) + 1
                yield word or mark.start

    def _end(self, start: int) -> int:
        """Where a stretch ends: with a sentence, if it then shows all that it can."""
        limit = start + LENGTH
        if limit >= len(self.text):
            return len(self.text)
        shown = (mark.end for mark in (*self.words, *self.quoted) if mark.end <= limit)
        least = max((start + LEAST, *shown))
        sentence = max((end for end in self.ends if end <= limit), default=start)
        if sentence >= least:
            return sentence
        word = max(self.text.rfind(gap, start, limit + 1) for gap in " \n")
        return word if word > start else limit

    def told_at(self, start: int, end: int) -> int:
        """Where in a stretch the sentence begins that has most of it: what goes before it need
        not be heard again.
        """
        begins = [start, *(place for place in self.starts if start < place < end)]

        def told(sentence: tuple[int, int]) -> tuple[float, float]:
            quoted = sum(mark.share(*sentence) for mark in self.quoted)
            return quoted, self.query.covered(self._there(*sentence))

        return max(pairwise([*begins, end]), key=told)[0]

    def lit(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where a stretch has words of the query, or what is quoted; in order, none in another."""
        met = self.query.met(self._there(start, end))
        words = (mark for mark in self.words if not met.isdisjoint(mark.stems))
        lit: list[tuple[int, int]] = []
        for mark in sorted((*words, *self.quoted), key=lambda mark: mark.start):
            if start <= mark.start < end:
                span = mark.start, min(mark.end, end)
                if lit and span[0] < lit[-1][1]:
                    before = lit.pop()
                    span = before[0], max(before[1], span[1])
                lit.append(span)
        return lit

    def _there(self, start: int, end: int) -> frozenset[str]:
        """The stems of a stretch that are wanted."""
        stems = (mark.stems for mark in self.words if start <= mark.start and mark.end <= end)
        return frozenset().union(*stems)


def _words(text: str, query: Asked) -> Iterator[_Mark]:
    """Where a text has words that are wanted, whole or in part of a compound."""
    if not query.understood.text:  # there are only chips
        return
    for found in _beginning(query.wanted).finditer(text):
        word = WORD.match(text, found.start())
        if word and not query.wanted.isdisjoint(stems := _stems(word[0])):
            yield _Mark(*word.span(), stems & query.wanted)


@lru_cache(maxsize=64)
def _beginning(stems: frozenset[str]) -> re.Pattern[str]:
    """What words begin with that may have one of these stems: few enough to look at each. The
    first two letters are the stem's, but for accents, and the y of "dying".
    """
    first = {letter for stem in stems for letter in (stem[:1], stem[:1].upper())}
    second = {letter for stem in stems for letter in (stem[1:2], stem[1:2].upper())}
    second |= {"y", "Y"} if "i" in second else set()
    no_first, no_second = ASCII - first, {letter for letter in ASCII - second if letter.isalnum()}
    goes_on = f"(?![{_escaped(no_second)}])" if no_second else ""
    return re.compile(f"[^{_escaped(no_first)}](?<![^\\W_].){goes_on}")


def _escaped(letters: Iterable[str]) -> str:
    return re.escape("".join(letters))


@lru_cache(maxsize=16384)
def _stems(word: str) -> frozenset[str]:
    """By which a word may be met: whole, and in parts."""
    return frozenset((stem(word), *content_stems(word)))


def _quoted(text: str, query: Asked) -> Iterator[_Mark]:
    """Where a text has what the query has in quotation marks, whatever stands between words."""
    if not query.phrases:
        return
    spans = [found.span() for found in WORD.finditer(text)]
    said = [text[start:end].casefold() for start, end in spans]
    for phrase in map(str.split, query.phrases):
        for at in range(len(said) - len(phrase) + 1):
            if phrase and said[at : at + len(phrase)] == phrase:
                yield _Mark(spans[at][0], spans[at + len(phrase) - 1][1])


def _said(text: str, passage: Passage, library: Segments) -> tuple[float | None, float | None]:
    """When the words of a stretch of a passage begin and end, in seconds of the recording; the
    passage's own seconds where the library has other words by now.
    """
    if passage.start is None:
        return None, None
    where = passage.document_id, passage.first, passage.last
    texts = [" ".join(each.text.split()) for each in library.segments(*where, words=False)]
    whole, said = " ".join(filter(None, texts)), _unnamed(text, passage)
    at = whole.find(said)
    if at < 0 or not said:
        return passage.start, passage.end
    begins = list(accumulate((len(each) + bool(each) for each in texts), initial=0))
    places = at, at + len(said) - 1
    first, last = (bisect_right(begins, place) - 1 for place in places)
    there = library.segments(passage.document_id, passage.first + first, passage.first + last)
    if [" ".join(each.text.split()) for each in there] != texts[first : last + 1]:
        return passage.start, passage.end  # it was changed meanwhile
    (start, _), (_, end) = (
        _second(segment, whole.count(" ", begins[number], place))
        for segment, number, place in zip((there[0], there[-1]), (first, last), places, strict=True)
    )
    return start, end


def _second(segment: Segment, word: int) -> tuple[float | None, float | None]:
    """When a word of a segment begins and ends."""
    return times_of(segment, word, word + 1, len(segment.text.split()))


def _unnamed(text: str, passage: Passage) -> str:
    """A text in one line, without who speaks, which stands before turns where several do."""
    names = [f"{name}: " for name in (passage.speaker or "").split(", ")]
    lines = text.split("\n")
    if len(names) > 1:
        lines = [_without(line, names) for line in lines]
    return " ".join(lines)


def _without(line: str, names: Sequence[str]) -> str:
    name = next((name for name in names if line.startswith(name)), "")
    return line.removeprefix(name)

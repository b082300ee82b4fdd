"""Where one stretch of speech says the same words as another one.

Two recognisers, or two microphones, never agree in every word. So two texts are
aligned word by word, and a stretch counts as the same where most of its words fall
together; few wrong ones in its middle, or at its ends, do not break it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import Final

from memex.types import Segment

SPAN: Final = 15
"""Words around each word that say whether it stands in a common stretch."""
DENSE: Final = 0.5
"""Share of them that must fall together."""
DRIFT: Final = 24
"""Words by which a common stretch may shift within one alignment."""
EDGE: Final = 3
"""Words between a common stretch and the border of its segment that are misheard."""
LONGEST_MISHEARD: Final = 25
"""Words within a common stretch that may be misheard in a row."""
ALIKE: Final = 0.6
"""Share of letters from which on other words are the same, misheard."""
UNLIKE: Final = 0.45
"""Share of letters up to which they are something else, said meanwhile."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word that was said."""

    key: str
    """As words are compared."""
    text: str
    start: float
    """Seconds."""
    end: float
    """Seconds."""
    segment: int
    """Position of its segment."""
    number: int
    """Of it among the segment's words."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words `first` to `last` (exclusive) of one text, which `known` says too."""

    first: int
    last: int
    known_first: int
    known_last: int
    """Exclusive."""
    matched: int
    """How many of the words fall together."""
    same: int
    """How many do, or are the same, misheard."""


def spoken(segments: Sequence[Segment]) -> list[Spoken]:
    """The words of all segments that have a time, each with its own: from the recogniser
    where it told, else in proportion.
    """
    return [word for n, each in enumerate(segments) for word in _words(each, n)]


def _words(segment: Segment, position: int) -> Iterator[Spoken]:
    if segment.start is None or segment.end is None:
        return
    texts = [word.text.strip() for word in segment.words] or segment.text.split()
    length = (segment.end - segment.start) / max(len(texts), 1)
    for number, text in enumerate(texts):
        start, end = segment.start + number * length, segment.start + (number + 1) * length
        if segment.words:
            start, end = segment.words[number].start, segment.words[number].end
        if compared := key(text):
            yield Spoken(compared, text, start, end, position, number)


def key(word: str) -> str:
    """A word's letters and digits, folded."""
    return "".join(filter(str.isalnum, word.casefold()))


def align(words: Sequence[str], known: Sequence[str]) -> dict[int, int]:
    """Which word of `known` each of `words` falls together with: in their order, along
    the one line where most do.
    """
    matcher = SequenceMatcher(None, words, known, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    votes: Counter[int] = Counter()
    for block in blocks:
        votes[block.b - block.a] += block.size**2
    if not votes:
        return {}
    line = votes.most_common(1)[0][0]
    return {
        block.a + n: block.b + n
        for block in blocks
        if abs(block.b - block.a - line) <= DRIFT
        for n in range(block.size)
    }


def stretches(
    words: Sequence[Spoken], known: Sequence[Spoken], pairs: Mapping[int, int]
) -> list[Stretch]:
    """The common stretches, given which words fall together; whole segments where no more
    than a few words at a border do not.
    """
    same, apart = _misheard(words, known, pairs)
    same |= set(pairs)
    joined: list[Stretch] = []
    for first, last in _split(_dense(len(words), same), apart):
        inside = [n for n in range(first, last) if n in pairs]
        if not inside:
            continue
        each = Stretch(
            inside[0],
            inside[-1] + 1,
            pairs[inside[0]],
            pairs[inside[-1]] + 1,
            len(inside),
            sum(n in same for n in range(inside[0], inside[-1] + 1)),
        )
        joined.append(
            _joined(joined.pop(), each) if joined and _goes_on(joined[-1], each) else each
        )
    return [_whole(words, each) for each in joined]


def _misheard(
    words: Sequence[Spoken], known: Sequence[Spoken], pairs: Mapping[int, int]
) -> tuple[set[int], set[int]]:
    """The words between others that fall together, where both texts sound alike there;
    and those where something else was said.
    """
    alike: set[int] = set()
    unlike: set[int] = set()
    for one, other in pairwise(sorted(pairs)):
        between, there = range(one + 1, other), range(pairs[one] + 1, pairs[other])
        if not between:
            continue
        ratio = 0.0
        if max(len(between), len(there)) <= LONGEST_MISHEARD:
            said = "".join(words[n].key for n in between)
            meant = "".join(known[n].key for n in there)
            ratio = SequenceMatcher(None, said, meant, autojunk=False).ratio()
        if ratio >= ALIKE:
            alike.update(between)
        elif ratio < UNLIKE and len(between) > EDGE:
            unlike.update(between)
    return alike, unlike


def _split(spans: Iterable[tuple[int, int]], apart: Set[int]) -> Iterator[tuple[int, int]]:
    """The spans without these words."""
    for first, last in spans:
        inside = (n for n in range(first, last) if n not in apart)
        for _, run in groupby(enumerate(inside), key=lambda pair: pair[1] - pair[0]):
            row = [n for _, n in run]
            yield row[0], row[-1] + 1


def _dense(count: int, same: Set[int]) -> Iterator[tuple[int, int]]:
    """Where most of the words around are the same: first and last (exclusive)."""
    sums = [0]
    for n in range(count):
        sums.append(sums[-1] + (n in same))
    half = SPAN // 2
    first: int | None = None
    for n in range(count + 1):
        low, high = max(n - half, 0), min(n + half + 1, count)
        dense = n < count and sums[high] - sums[low] >= DENSE * (high - low)
        if dense and first is None:
            first = n
        elif not dense and first is not None:
            yield first, n
            first = None


def _goes_on(one: Stretch, other: Stretch) -> bool:
    """Whether hardly anything lies between two stretches."""
    return (
        other.first - one.last <= EDGE
        and one.known_last <= other.known_first <= one.known_last + DRIFT
    )


def _joined(one: Stretch, other: Stretch) -> Stretch:
    return Stretch(
        one.first,
        other.last,
        one.known_first,
        other.known_last,
        one.matched + other.matched,
        one.same + other.same,
    )


def _whole(words: Sequence[Spoken], stretch: Stretch) -> Stretch:
    """With what lies between it and the borders of its segments, where that is little."""
    first, last = stretch.first, stretch.last
    while first and words[first - 1].segment == words[first].segment:
        first -= 1
    while last < len(words) and words[last].segment == words[last - 1].segment:
        last += 1
    return Stretch(
        first if stretch.first - first <= EDGE else stretch.first,
        last if last - stretch.last <= EDGE else stretch.last,
        stretch.known_first,
        stretch.known_last,
        stretch.matched,
        stretch.same,
    )

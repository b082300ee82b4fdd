"""What was heard, less what is known already: a podcast that was playing, the same talk
as another microphone heard it.

By text and time. The words of a live recording are held against recordings that say the
like (found in the index by their words), against what other devices heard at the same
moment, and against what this device was just hearing play on. Where most words of a
stretch fall together with the other's, in the same order, it is an `Echo` of it, and no
part of a conversation; what else was said stays, with its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, groupby, pairwise
from typing import Final

from memex.alignment import Spoken, Stretch, align, spoken, stretches
from memex.errors import NotFound
from memex.index import Index
from memex.library import Library
from memex.protocols import NO_FILTERS, Filters
from memex.types import Document, Echo, Passage, Segment

WINDOW: Final = 64
"""Words that are looked up, and aligned, at a time."""
LOOKED_AT: Final = 5
"""Passages that are held against a window, at most."""
PLAYED: Final = frozenset({"audio", "video", "subtitles"})
"""Kinds of what a loudspeaker can play."""
SHARE: Final = 0.6
"""Of the words of a stretch, those that must fall together."""
ENOUGH: Final = 12
"""Words that must, where nothing but they speaks for it."""
ENOUGH_AT_THE_TIME: Final = 6
"""Where another device heard the same at the same moment, or the last stretch goes on."""
SKEW: Final = 60.0
"""Seconds by which the clocks of two devices may differ."""
PAUSE: Final = timedelta(minutes=2)
"""After which what goes on playing begins anew."""
FASTEST: Final = 2.0
"""How much faster than it was recorded a thing may be played."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """A live recording, in its parts."""

    own: Document | None
    """What is nowhere else; None where there is no such thing."""
    echoes: tuple[Echo, ...] = ()


@dataclass(frozen=True, slots=True)
class _Claim:
    """A stretch that a document says too."""

    document_id: str
    stretch: Stretch
    known: Sequence[Spoken]


def overhear(document: Document, library: Library, index: Index) -> Overheard:
    """Part what was heard live from what it repeats. Other documents stay as they are."""
    began = document.created_at
    words = spoken(document.segments)
    if not document.live or began is None or not words:
        return Overheard(document)
    claims = [
        *_at_the_time(document, began, words, library),
        *_going_on(document, began, words, library),
        *_played(words, library, index),
    ]
    taken = _settled(claims)
    if not taken:
        return Overheard(document)
    own = _without(document, words, taken)
    return Overheard(own, tuple(_echo(document, began, words, own, claim) for claim in taken))


def _at_the_time(
    document: Document, began: datetime, words: Sequence[Spoken], library: Library
) -> Iterator[_Claim]:
    """What other devices heard at the same moment."""
    until = began + timedelta(seconds=words[-1].end)
    others = library.heard(began - timedelta(seconds=SKEW), until + timedelta(seconds=SKEW))
    for other in others:
        if _device(other) == _device(document) or other.created_at is None:
            continue
        known = spoken(other.segments)
        shift = (other.created_at - began).total_seconds()
        near: dict[int, int] = {}
        for first, window in windows(words):
            low, high = window[0].start - shift - SKEW, window[-1].end - shift + SKEW
            there = [n for n, word in enumerate(known) if low <= word.start <= high]
            near |= _aligned(first, window, known, there)
        yield from _claims(other.id, words, known, near, ENOUGH_AT_THE_TIME)


def _going_on(
    document: Document, began: datetime, words: Sequence[Spoken], library: Library
) -> Iterator[_Claim]:
    """What this device heard play just before, from there on."""
    last = library.echoes.latest(*_device(document), began, PAUSE)
    if last is None:
        return
    known = spoken(library.segments(last.document_id))
    passed = (began - last.heard_until).total_seconds()
    pairs: dict[int, int] = {}
    for first, window in windows(words):
        high = last.end + FASTEST * (passed + window[-1].end) + 1
        low = last.end - 1 + window[0].start / FASTEST
        there = [n for n, word in enumerate(known) if low <= word.start <= high]
        pairs |= _aligned(first, window, known, there)
    yield from _claims(last.document_id, words, known, pairs, ENOUGH_AT_THE_TIME)


def _played(words: Sequence[Spoken], library: Library, index: Index) -> Iterator[_Claim]:
    """Recordings that say the like, whenever they were made."""
    places: dict[str, dict[int, list[Passage]]] = {}
    for first, window in windows(words):
        for passage in found(window, index):
            places.setdefault(passage.document_id, {}).setdefault(first, []).append(passage)
    for id_, by_window in places.items():
        try:
            played = library.document(id_)
        except NotFound:  # it was forgotten just now
            continue
        if played.live:
            continue
        known = spoken(played.segments)
        pairs: dict[int, int] = {}
        for first, window in windows(words):
            near = (by_window.get(first + n * WINDOW, ()) for n in (-1, 0, 1))
            there = _around(known, chain.from_iterable(near))
            pairs |= _aligned(first, window, known, there)
        yield from _claims(id_, words, known, pairs, ENOUGH)


def windows(words: Sequence[Spoken]) -> Iterator[tuple[int, Sequence[Spoken]]]:
    """Some words in a row at a time, each time with the place of the first."""
    for first in range(0, len(words), WINDOW):
        yield first, words[first : first + WINDOW]


def found(window: Sequence[Spoken], index: Index, filters: Filters = NO_FILTERS) -> list[Passage]:
    """Passages of recordings that have some of the window's words in a row."""
    with index.snapshot() as rows:
        found = rows.lexical(" ".join(word.key for word in window), LOOKED_AT, filters)
        passages = rows.passages(found)
    said = _trigrams(word.key for word in window)
    least = max(1, len(said) // 20)
    return [
        passage
        for passage in passages
        if passage.kind in PLAYED
        and passage.start is not None
        and len(said & _trigrams(word.key for word in _as_spoken(passage))) >= least
    ]


def _as_spoken(passage: Passage) -> list[Spoken]:
    return spoken([Segment(passage.text, 0.0, 1.0)])


def _trigrams(keys: Iterable[str]) -> set[tuple[str, str, str]]:
    row = list(keys)
    return set(zip(row, row[1:], row[2:], strict=False))


def _around(known: Sequence[Spoken], passages: Iterable[Passage]) -> list[int]:
    """The words of passages, and as many around them as a window has."""
    wanted: set[int] = set()
    for passage in passages:
        inside = [n for n, w in enumerate(known) if passage.first <= w.segment <= passage.last]
        if inside:
            low, high = max(inside[0] - WINDOW, 0), min(inside[-1] + WINDOW, len(known) - 1)
            wanted.update(range(low, high + 1))
    return sorted(wanted)


def _aligned(
    first: int, window: Sequence[Spoken], known: Sequence[Spoken], there: Sequence[int]
) -> dict[int, int]:
    """Which words of a window, that begins at `first`, fall together with which of those."""
    pairs = align([word.key for word in window], [known[n].key for n in there])
    return {first + ours: there[theirs] for ours, theirs in pairs.items()}


def _claims(
    document_id: str,
    words: Sequence[Spoken],
    known: Sequence[Spoken],
    pairs: Mapping[int, int],
    enough: int,
) -> Iterator[_Claim]:
    """The stretches that are long and like enough; where one is, those that go on from it,
    or lead to it, may be shorter.
    """
    like = [s for s in stretches(words, known, pairs) if s.same >= SHARE * (s.last - s.first)]
    sure = {s for s in like if s.matched >= enough}
    for one, other in [*pairwise(like), *pairwise(reversed(like))]:
        if (
            one in sure
            and other.matched >= ENOUGH_AT_THE_TIME
            and _plays_on(words, known, one, other)
        ):
            sure.add(other)
    yield from (_Claim(document_id, stretch, known) for stretch in like if stretch in sure)


def _plays_on(
    words: Sequence[Spoken], known: Sequence[Spoken], one: Stretch, other: Stretch
) -> bool:
    """Whether as much of the original lies between two stretches as there was time for."""
    first, second = sorted((one, other), key=lambda stretch: stretch.first)
    heard = words[second.first].start - words[first.last - 1].end
    passed = known[second.known_first].start - known[first.known_last - 1].end
    return -1 <= passed <= FASTEST * heard + 1


def _settled(claims: Iterable[_Claim]) -> list[_Claim]:
    """Of claims to the same words the strongest one, in the order of the recording."""
    taken: list[_Claim] = []
    for claim in sorted(claims, key=lambda claim: -claim.stretch.matched):
        mine = claim.stretch
        if all(mine.last <= t.stretch.first or mine.first >= t.stretch.last for t in taken):
            taken.append(claim)
    return sorted(taken, key=lambda claim: claim.stretch.first)


def _without(
    document: Document, words: Sequence[Spoken], taken: Iterable[_Claim]
) -> Document | None:
    """The document without these stretches; None where nothing is left of it."""
    gone = {n for claim in taken for n in range(claim.stretch.first, claim.stretch.last)}
    spoiled = {words[n].segment for n in gone}
    left: dict[int, list[Spoken]] = {}
    for n, word in enumerate(words):
        if n not in gone:
            left.setdefault(word.segment, []).append(word)
    segments: list[Segment] = []
    for position, segment in enumerate(document.segments):
        if position in spoiled:
            segments += _parts(segment, left.get(position, []))
        else:
            segments.append(segment)
    if not segments:
        return None
    return document.saying(segments)


def _parts(segment: Segment, said: Iterable[Spoken]) -> Iterator[Segment]:
    """What is left of a segment: a segment for each run of its words."""
    for _, pairs in groupby(enumerate(said), key=lambda pair: pair[1].number - pair[0]):
        yield _part(segment, [word for _, word in pairs])


def _part(segment: Segment, said: Sequence[Spoken]) -> Segment:
    """Some words in a row of a segment."""
    return replace(
        segment,
        text=" ".join(word.text for word in said),
        start=said[0].start,
        end=said[-1].end,
        words=segment.words[said[0].number : said[-1].number + 1],
    )


def _echo(
    document: Document,
    began: datetime,
    words: Sequence[Spoken],
    own: Document | None,
    claim: _Claim,
) -> Echo:
    stretch, (source, device) = claim.stretch, _device(document)
    return Echo(
        document_id=claim.document_id,
        start=claim.known[stretch.known_first].start,
        end=claim.known[stretch.known_last - 1].end,
        heard_at=began + timedelta(seconds=words[stretch.first].start),
        heard_until=began + timedelta(seconds=words[stretch.last - 1].end),
        source=source,
        device=device,
        heard_in=own.id if own else None,
    )


def _device(document: Document) -> tuple[str, str]:
    """What heard it."""
    return document.attributes.get("source", ""), document.attributes.get("device", "")

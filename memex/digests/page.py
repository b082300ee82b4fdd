"""The page of a person or a topic: when they were met and spoken of, with whom, and quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from memex.digests.naming import Name, name_of
from memex.digests.places import Place, Source, known_people, places, speakers
from memex.digests.quoting import Candidate, Told, chosen, score, shortened, whole
from memex.library import Library
from memex.spellings import spelt_words

REACH: Final = 8
"""Segments before and after one that are looked through for the rest of a sentence."""
LOOKED_THROUGH: Final = 600
"""Newest places that speak of a name, and as many of their own, from which quotes are taken."""
COMPANY: Final = 12
"""Others that are named, at most."""
NEAR: Final = 3
"""Names that are offered where nothing is known of one."""
ALIKE: Final = 0.8
"""Likeness from which on a word is offered for another: as in `memex.recall.spelling` where
little else speaks for it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A sentence, or another stretch, with its citation."""

    source: Source
    text: str
    start: float | None
    """Seconds."""
    end: float | None
    """Seconds."""
    page: int | None
    heading: str | None
    speaker: str | None

    @property
    def said_at(self) -> datetime | None:
        """When it was said or written."""
        return self.source.said_at(self.start)


@dataclass(frozen=True, slots=True)
class Times:
    """How often something was, and the first and the last time."""

    documents: int
    segments: int
    first: Moment
    last: Moment


@dataclass(frozen=True, slots=True)
class Page:
    """What is remembered of a name."""

    name: str
    person: bool
    spoke: Times | None
    """Where they were heard; None where they never were."""
    wrote: Times | None
    mentioned: Times | None
    """Where others, or they themselves, speak of them."""
    company: tuple[tuple[str, int], ...]
    """Who else speaks where they speak or, of what never speaks, is spoken of: in how many
    documents, the most frequent first."""
    quotes: tuple[Moment, ...]
    """Newest first."""
    several: tuple[str, ...]
    """Those whose first name it is, where they are more than one."""
    near: tuple[str, ...]
    """Names like it, where nothing is known of it."""

    @property
    def found(self) -> bool:
        """Whether anything is known."""
        return bool(self.spoke or self.wrote or self.mentioned)


def page(asked: str, library: Library, most: int) -> Page:
    """What is remembered of a name, with so many quotes at most."""
    known = known_people(library)
    name = name_of(asked, known)
    found = places(name, library)
    spoke = [one for one in found if one.own and one.speaker is not None]
    return Page(
        name=name.text,
        person=name.person,
        spoke=_times(spoke),
        wrote=_times([one for one in found if one.own and one.speaker is None]),
        mentioned=_times([one for one in found if one.mentioned]),
        company=_company(name, spoke or found, library),
        quotes=tuple(_quotes(name, found, library, most)),
        several=name.several,
        near=() if found else tuple(alike(asked, known, library)),
    )


def _times(found: Sequence[Place]) -> Times | None:
    if not found:
        return None
    documents = len({one.source.id for one in found})
    return Times(documents, len(found), _moment(found[0]), _moment(found[-1]))


def _moment(place: Place) -> Moment:
    return Moment(
        place.source,
        place.text,
        place.start,
        place.end,
        place.page,
        place.heading,
        place.speaker,
    )


def _company(name: Name, found: Sequence[Place], library: Library) -> tuple[tuple[str, int], ...]:
    there = speakers({one.source.id for one in found}, library)
    counts = Counter(who for people in there.values() for who in people if who != name.text)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(ranked[:COMPANY])


def _quotes(name: Name, found: Sequence[Place], library: Library, most: int) -> Iterator[Moment]:
    sources = {one.source.id: one.source for one in found}
    for one in chosen(candidates(name, found, library), most):
        yield moment_of(one, sources[one.document_id], shortened(one.told.text, name))


def moment_of(one: Candidate, source: Source, text: str) -> Moment:
    """A sentence with its citation."""
    told, segment = one.told, one.told.segment
    return Moment(
        source, text, told.start, told.end, segment.page, segment.heading, segment.speaker
    )


def candidates(name: Name, found: Sequence[Place], library: Library) -> Iterator[Candidate]:
    """The sentences of some places that have to do with a name, of the newest ones."""
    mentioned = [one for one in found if one.mentioned][-LOOKED_THROUGH:]
    own = [one for one in found if one.own and not one.mentioned][-LOOKED_THROUGH:]
    seen: set[tuple[str, int, int]] = set()
    for place in (*mentioned, *own):
        if (place.heading or "").endswith(place.text):  # it is the heading itself
            continue
        for told in _sentences(place, library):
            key = (place.source.id, told.position, told.offset)
            value = score(told.text, name, own=place.own)
            if value is not None and key not in seen:
                seen.add(key)
                at, id_, _ = place.order
                yield Candidate(told, place.source.id, (at, id_, told.position), value)


def _sentences(place: Place, library: Library) -> list[Told]:
    first = max(0, place.position - REACH)
    around = library.segments(place.source.id, first, place.position + REACH)
    at = place.position - first
    if at >= len(around) or around[at].text != place.text:
        return []  # it was replaced or forgotten meanwhile
    return whole(around, at, first, place.source.language)


def alike(asked: str, known: set[str], library: Library) -> Iterator[str]:
    """Names that are spelt or sound like one, and of which something is known."""
    offered: set[str] = set()
    for spelling in _spellings(asked, library):
        meant = sorted(name for name in known if _calls(name, spelling)) or [spelling]
        for one in meant:
            if len(offered) < NEAR and one not in offered and _is_there(one, known, library):
                offered.add(one)
                yield one


def _is_there(spelling: str, known: set[str], library: Library) -> bool:
    """Whether something is known of a name; where it is nobody's, as it is written here: no
    ordinary word is offered for a name.
    """
    found = places(name_of(spelling, known), library)
    return bool(found) if spelling in known else any(spelling in one.text for one in found)


def _spellings(asked: str, library: Library) -> list[str]:
    """What a name may have been meant to be: each of its words as another that is remembered."""
    said = spelt_words(asked)
    found: list[tuple[float, str]] = []
    for at, word in enumerate(said):
        for near in library.vocabulary.near(word):
            if near.likeness >= ALIKE and near.word != word.casefold():
                word_meant = near.word.title() if word[0].isupper() else near.word
                spelt = " ".join([*said[:at], word_meant, *said[at + 1 :]])
                found += [(near.likeness, spelt), (near.likeness - 1, word_meant)]
    return [spelt for _, spelt in sorted(found, reverse=True)]


def _calls(name: str, spelling: str) -> bool:
    """Whether somebody is called so, by their whole name or a part of it."""
    fold: Callable[[str], str] = str.casefold
    return fold(spelling) in {fold(name), *map(fold, name.split())}

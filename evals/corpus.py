"""Units become documents as Memex would have met them, and passages map back to units.

One sitting is one document: a conversation's session, a meeting, a podcast
episode, an article, an abstract. Each unit is one of its segments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evals.dataset import Query, RecallSet, Unit
from memex.passages import split
from memex.types import Document, Passage, Segment

KINDS: Final = {
    "conversation": "note",
    "reading": "note",
    "meeting": "audio",
    "podcast": "audio",
    "asr-reading": "audio",
}
"""Which kind of document a kind of unit makes."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document with the units that its segments were made of."""

    document: Document
    group: str
    units: tuple[frozenset[str], ...]
    """Unit ids of each segment; units without text belong to the segment before."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is searched at once, and the questions asked of it."""

    sources: tuple[Source, ...]
    passages: tuple[Passage, ...]
    queries: tuple[Query, ...]
    covered: Mapping[str, tuple[frozenset[str], ...]]
    """Unit ids of each segment, by document id."""

    def units(self, passage: Passage) -> frozenset[str]:
        """The units that a passage covers, wholly or in part."""
        return frozenset().union(
            *self.covered[passage.document_id][passage.first : passage.last + 1]
        )


def sources(units: Iterable[Unit]) -> Iterator[Source]:
    """The documents of a corpus, one per session, in its order."""
    sessions: dict[str, list[Unit]] = {}
    for unit in units:
        sessions.setdefault(unit.session, []).append(unit)
    for name, session in sessions.items():
        if any(unit.text for unit in session):
            yield _source(name, session)


def parts(data: RecallSet, scope: str) -> Iterator[Part]:
    """The whole set as one part ("pooled"), or one part for each group with questions."""
    found = tuple(sources(data.units))
    if scope == "pooled":
        yield part_of(found, data.queries)
        return
    for group in dict.fromkeys(query.group for query in data.queries):
        yield part_of(
            tuple(source for source in found if source.group == group),
            tuple(query for query in data.queries if query.group == group),
        )


def _source(session: str, units: Sequence[Unit]) -> Source:
    segments: list[Segment] = []
    covered: list[frozenset[str]] = []
    silent: set[str] = set()
    for unit in units:
        if unit.text:
            segments.append(Segment(text=unit.text, speaker=unit.speaker))
            covered.append(frozenset({unit.id}) | silent)
            silent = set()
        elif covered:
            covered[-1] |= {unit.id}
        else:
            silent.add(unit.id)
    first = units[0]
    document = Document(
        id=hashlib.sha256(session.encode()).hexdigest()[:32],
        kind=KINDS.get(first.kind, "note"),
        title=first.title,
        uri=f"eval:{session}",
        created_at=first.time,
        segments=tuple(segments),
    )
    return Source(document=document, group=first.group, units=tuple(covered))


def part_of(found: tuple[Source, ...], queries: tuple[Query, ...]) -> Part:
    """Some documents, searched at once, and what is asked of them."""
    return Part(
        sources=found,
        passages=tuple(passage for source in found for passage in split(source.document)),
        queries=queries,
        covered={source.document.id: source.units for source in found},
    )

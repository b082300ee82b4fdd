"""What is asked to see whether answers can be trusted: of which memory, and what is right.

The conversations (or meetings, scenes, articles) of a set are parted into two halves, and each
half is a memory. A question about a conversation of the half is to be answered, one about the
other half has nothing there ("absent"), and a set may have *traps*: questions about what was
said, but by or of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

from evals.corpus import Part, part_of, sources
from evals.dataset import Query, read_recall_set, read_traps
from memex.errors import InvalidRequest
from memex.types import Document, Segment

T = TypeVar("T")
Kind = Literal["answerable", "absent", "trap"]
KINDS: Final[tuple[Kind, ...]] = ("answerable", "absent", "trap")


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what is to become of it."""

    query: Query
    kind: Kind
    """Only "answerable" is to be answered."""


@dataclass(frozen=True, slots=True)
class Half:
    """A memory and what is asked of it."""

    part: Part
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class PartTexts:
    """Documents by their ids, as `memex.answer` asks the library for their texts."""

    documents: Mapping[str, Document]

    def segments(self, document_id: str, first: int, last: int) -> Sequence[Segment]:
        """Those at the positions `first` to `last`, inclusive, in order."""
        return self.documents[document_id].segments[first : last + 1]

    def language(self, document_id: str) -> str | None:
        """Not known."""
        return None

    def speakers(self, document_id: str) -> frozenset[str]:
        """Who speaks in a document."""
        named = (segment.speaker for segment in self.documents[document_id].segments)
        return frozenset(filter(None, named))


def halves(folder: Path, limit: int | None = None) -> Iterator[Half]:
    """Both halves of a set, with at most `limit` questions of each kind, spread evenly. Raises
    `InvalidRequest` where there is but one conversation.
    """
    data, traps = read_recall_set(folder), read_traps(folder)
    groups = sorted({query.group for query in data.queries})
    if len(groups) < 2:
        raise InvalidRequest(f"{folder.name} has one conversation: nothing can be taken out.")
    chosen = {
        "answerable": spread(data.queries, limit),
        "absent": spread(data.queries, limit),
        "trap": spread(traps, limit),
    }
    found = tuple(sources(data.units))
    for half in (frozenset(groups[::2]), frozenset(groups[1::2])):
        cases = [
            Case(query, kind)
            for kind in KINDS
            for query in chosen[kind]
            if (query.group in half) == (kind != "absent")
        ]
        part = part_of(tuple(source for source in found if source.group in half), ())
        yield Half(part, tuple(cases))


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` of some items, evenly over all."""
    if limit is None or len(items) <= limit:
        return list(items)
    return [items[at * len(items) // limit] for at in range(limit)]

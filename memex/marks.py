"""What the user marked, as questions of which it is known what is right.

They are traces in which something was called right or wrong, and eval cases. Of a question
that was asked several times the last one counts in which something was called right; a case
counts before a trace, since somebody thought about it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memex.library import Library
from memex.protocols import NO_FILTERS, Filters
from memex.types import Passage


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is right."""

    document_id: str
    first: int
    """Position of its first segment."""
    last: int
    """Position of its last segment (inclusive)."""
    passage_id: str | None = None
    """The passage that was marked; None for a stretch."""

    def overlaps(self, passage: Passage) -> bool:
        """Whether a passage has some of it."""
        here = passage.document_id == self.document_id
        return here and passage.first <= self.last and self.first <= passage.last

    def names(self, passage: Passage) -> bool:
        """Whether it is this passage that was marked, as it is cut now."""
        return passage.id == self.passage_id and self.overlaps(passage)


@dataclass(frozen=True, slots=True)
class Marked:
    """A question in which something is marked."""

    query: str
    asked_at: datetime
    filters: Filters = NO_FILTERS
    right: tuple[Place, ...] = ()
    """Empty where things were only called wrong, or nothing in particular right."""

    @property
    def key(self) -> str:
        """The question, however it is typed."""
        return " ".join(self.query.casefold().split())


def marked(library: Library) -> list[Marked]:
    """The questions in which something is marked, each once."""
    found: dict[str, Marked] = {}
    for each in (*_traces(library), *_cases(library)):
        if each.right or each.key not in found:
            found[each.key] = each
    return list(found.values())


def _traces(library: Library) -> list[Marked]:
    return [
        Marked(
            trace.asked,
            trace.asked_at,
            trace.filters,
            tuple(Place(x.document_id, x.first, x.last, x.passage_id) for x in trace.right),
        )
        for trace in library.traces.marked()
    ]


def _cases(library: Library) -> list[Marked]:
    """Those whose place says what it said."""
    return [
        Marked(
            case.query,
            case.asked_at,
            right=tuple(Place(x.document_id, x.first, x.last) for x in case.evidence),
        )
        for case in library.cases.all()
        if not case.stale
    ]


def right_among(passages: list[Passage], places: tuple[Place, ...]) -> list[bool]:
    """Which of some passages are right: those that were marked; where one of them is cut
    otherwise by now, or only a stretch is known, those that have some of it.
    """
    right = [False] * len(passages)
    for place in places:
        exact = [place.names(passage) for passage in passages]
        found = exact if any(exact) else [place.overlaps(passage) for passage in passages]
        right = [one or other for one, other in zip(right, found, strict=True)]
    return right

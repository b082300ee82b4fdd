"""Facets: what a search can be narrowed by, with how many passages have it.

They are counted over the passages that are read for the query anyway (those that are ranked
again, and more where more hits are wanted), not over all that is remembered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import tzinfo

from memex.types import Facets, Passage


def facets(passages: Iterable[Passage], zone: tzinfo | None, origins: Mapping[str, str]) -> Facets:
    """Of some passages, best first; months are those of the user's zone, `origins` are of their
    documents. Of what is equally frequent, what has the better passage comes first.
    """
    found = list(passages)
    return Facets(
        kinds=_counted(passage.kind for passage in found),
        people=_counted(name for passage in found for name in _people(passage)),
        months=_counted(month for passage in found for month in _month(passage, zone)),
        origins=_counted(
            origins[passage.document_id] for passage in found if passage.document_id in origins
        ),
        documents=_counted(passage.document_id for passage in found),
    )


def _people(passage: Passage) -> Iterator[str]:
    """Who speaks in it, each once."""
    yield from filter(None, dict.fromkeys((passage.speaker or "").split(", ")))


def _month(passage: Passage, zone: tzinfo | None) -> Iterator[str]:
    """Its month; none, where it has no time, or one at the end of all times."""
    if passage.said_at:
        with suppress(OverflowError):
            at = passage.said_at.astimezone(zone)
            yield f"{at.year:04}-{at.month:02}"


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())

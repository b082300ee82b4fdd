"""Where something stands that was heard live: what threads ask the memory for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from memex.errors import NotFound
from memex.live import Caption
from tui.findings import Place, findings_of
from tui.memory import Memory

QUOTE: Final = 300
"""Characters of what was said by which it is looked for."""
HITS: Final = 20
EARLIER: Final = timedelta(minutes=11)
"""How long before an utterance a passage may begin that has it: recordings last ten minutes."""
LATER: Final = timedelta(seconds=2)
"""By how much what settled and what is stored may differ in when it began."""


def found_at(memory: Memory, caption: Caption, document: str | None) -> Place:
    """An utterance as a place in its document, by its words and its moment; where it is not known
    which that is, in what was heard then. Raises `NotFound` where it is not stored.
    """
    from memex.protocols import Filters  # noqa: PLC0415 (a screen is up before it is imported)

    at = datetime.fromisoformat(caption.at)
    within = (
        Filters(document_id=document)
        if document
        else Filters(kinds=("audio",), since=at - EARLIER, until=at + LATER)
    )
    words = f"{caption.settled} {caption.open}".strip()[:QUOTE]
    found = memory.search(words, HITS, within, segments=True, trace=False)
    hits = zip(found["hits"], findings_of(found).places, strict=True)
    held = [(second, place) for hit, place in hits if (second := _second(hit, at)) is not None]
    if not held:
        raise _unstored()
    second, place = held[0]
    window = memory.segments(place.document, place.first, place.last)["segments"]
    if not window:  # it went just now, or became shorter
        raise _unstored()
    position = place.first + _at(window, second + LATER.total_seconds())
    start = window[position - place.first]["start"]
    return replace(place, first=position, last=position, start=start, matches=())


def _unstored() -> NotFound:
    return NotFound(
        "This is not among what is remembered.",
        "What is said is stored some seconds after. What a podcast said that was playing, or "
        "what was forgotten, is not.",
    )


def _second(hit: Mapping[str, Any], at: datetime) -> float | None:
    """The second of its document at which something began, if that lies within the hit."""
    if hit["said_at"] is None or hit["start"] is None:
        return None
    after = (at - datetime.fromisoformat(hit["said_at"])).total_seconds()
    second: float = hit["start"] + after
    late = LATER.total_seconds()
    return second if -late <= after and second <= hit["end"] + late else None


def _at(segments: Sequence[Mapping[str, Any]], second: float) -> int:
    """The last segment that begins by a second; the first, where none does."""
    begun = [n for n, each in enumerate(segments) if (each["start"] or 0.0) <= second]
    return max(begun, default=0)

"""Asking the memory a question: what threads do for the notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from memex.errors import NotFound
from tui.findings import Place, cited
from tui.memory import Memory
from tui.text import cut

if TYPE_CHECKING:
    from memex.wire import Json

QUOTE: Final = 300
"""Characters of a quote by which its place is looked for, where no trace tells it."""
HITS: Final = 10
"""Hits that are shown of why an answer is as it is."""


def located(memory: Memory, answer: Mapping[str, Any]) -> list[Place]:
    """What an answer cites, with the segments in which it stands: the trace knows them; where
    none is kept they are searched for in the document.
    """
    places = list(cited(answer["citations"]))
    known = {each["n"]: each for each in _traced(memory, answer.get("trace"))}
    return [
        replace(place, first=known[place.n]["first"], last=known[place.n]["last"])
        if place.n in known
        else _searched(memory, place)
        for place in places
    ]


def _traced(memory: Memory, trace: int | None) -> Sequence[Mapping[str, Any]]:
    """What a trace knows of the citations; nothing, where there is none, or none any more."""
    if trace is None:
        return ()
    try:
        citations: Sequence[Mapping[str, Any]] = memory.trace(str(trace))["citations"]
    except NotFound:
        return ()
    return citations


def after(answer: Mapping[str, Any] | None) -> Json | None:
    """What the next question comes after: an answer, where there is one."""
    from memex.wire import turn_of  # noqa: PLC0415 (a screen is up before it is imported)

    return turn_of(answer) if answer else None


def _searched(memory: Memory, place: Place) -> Place:
    from memex.protocols import Filters  # noqa: PLC0415 (as above)

    within = Filters(document_id=place.document)
    found = memory.search(place.text[:QUOTE], 1, within, segments=True, trace=False)
    first, last = next(iter(found["segments"]), (0, 0))
    return replace(place, first=first, last=last)


def why(trace: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A trace as headings and texts: the times, the hits and which list found them, what the
    model was told and wrote.
    """
    times = "  ".join(f"{name} {ms:.0f} ms" for name, ms in trace["timings"].items())
    said = [("Understood as", trace["understood"])] if trace.get("understood") else []
    said.append(("Times", times))
    said.append(("Passages that were read", "\n".join(map(_hit, islice(trace["hits"], HITS)))))
    if trace["citations"]:
        said.append(("Quoted", "\n".join(map(_hit, trace["citations"]))))
    for exchange in trace["exchanges"]:
        said += [(f"Told: {each['role']}", each["content"]) for each in exchange["messages"]]
        said.append(("Wrote", exchange["output"] or "(nothing)"))
    if not trace["exchanges"]:
        said.append(("The model", "was not asked."))
    return said


def _hit(hit: Mapping[str, Any]) -> str:
    ranks: Sequence[str] = [f"{name} {rank}" for name, rank in hit["ranks"].items()]
    text = " ".join(hit["text"].split())
    return f"{hit['n']:2} {hit['title']} ({', '.join(ranks)}; {hit['score']:.2f}): {cut(text, 110)}"

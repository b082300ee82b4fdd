"""Asking the memory for hits: what threads do for the search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from memex.errors import InvalidRequest
from tui.findings import Findings, Place, findings_of
from tui.memory import Memory

LIMIT: Final = 20
"""Hits of a search."""
EARLIER: Final = 200
"""Traces that are looked through for earlier queries."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    text: str
    settled: bool = False
    """Whether it was asked for, so that it leaves a trace; else it is typed on."""


def search(memory: Memory, query: Query) -> Findings:
    """The hits of a query."""
    found = memory.search(query.text, LIMIT, segments=True, trace=query.settled)
    return findings_of(found, offered(found["facets"]))


def offered(facets: Mapping[str, Mapping[str, int]]) -> list[tuple[str, int]]:
    """Chips that narrow a search, with their counts."""
    from memex.commands.search import chips  # noqa: PLC0415 (the client comes with it)

    return [(words, int(count)) for words, _, count in (x.rpartition(" ") for x in chips(facets))]


def label(memory: Memory, findings: Findings, place: Place, verdict: str | None) -> Findings:
    """Call a hit right or wrong. A search that was only typed leaves its trace first.

    Raises `InvalidRequest` where no traces are kept, or something else is found by now.
    """
    settled = findings
    if settled.trace is None:
        settled = search(memory, Query(findings.query, settled=True))
    if settled.trace is None:
        raise InvalidRequest(
            "What is right cannot be noted: no traces are kept.",
            "`[traces] enabled` in the configuration turns them on.",
        )
    there = settled.places[place.n - 1 : place.n]
    if [(each.document, each.first) for each in there] != [(place.document, place.first)]:
        raise InvalidRequest("Something else is found by now.", "Search again.")
    memory.label(str(settled.trace), verdict, mark=str(place.n))
    return settled


def earlier(memory: Memory) -> list[str]:
    """Earlier queries and questions, newest first, each once. They are the traces that the
    memory keeps: what is forgotten there is forgotten here.
    """
    return list(once(trace["query"] for trace in memory.traces(EARLIER)))


def saved(memory: Memory) -> list[str]:
    """The saved queries, newest first."""
    return [search["query"] for search in memory.saved_searches()]


def keep(memory: Memory, query: str) -> bool:
    """Save a query, or save it no longer; whether it is saved now."""
    wanted = " ".join(query.split())
    ids = [search["id"] for search in memory.saved_searches() if search["query"] == wanted]
    if not ids:
        memory.save_search(wanted)
        return True
    memory.remove_searches(*ids)
    return False


def once(queries: Iterable[str]) -> dict[str, None]:
    """Each once, in order, on one line."""
    return dict.fromkeys(" ".join(query.split()) for query in queries)

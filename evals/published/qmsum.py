"""QMSum: meetings with queries; `train.jsonl` (a meeting a line) or single meetings as JSON.

Zhong et al., QMSum: A new benchmark for query-based multi-domain meeting summarization,
NAACL 2021 (MIT). Evidence is every turn of a query's relevant spans, whose ends belong to
them; queries about the whole meeting have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.published.form import Published, QueryRow, UnitRow, read_json, read_lines


def read(files: Sequence[Path]) -> Published:
    """The meetings with their queries."""
    meetings = [named for path in files for named in _meetings(path)]
    return Published(
        units=tuple(unit for name, meeting in meetings for unit in _units(name, meeting)),
        queries=tuple(query for name, meeting in meetings for query in _queries(name, meeting)),
    )


def _meetings(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Meetings by name; in JSON Lines they have none and are counted."""
    if path.suffix != ".jsonl":
        yield path.stem, read_json(path)
        return
    for at, meeting in enumerate(read_lines(path)):
        yield f"{path.stem}-{at}", meeting


def _units(name: str, meeting: Mapping[str, Any]) -> Iterator[UnitRow]:
    for at, turn in enumerate(meeting["meeting_transcripts"]):
        yield UnitRow(
            id=f"{name}/{at}",
            group=name,
            kind="meeting",
            session=name,
            pos=at,
            text=turn["content"],
            title=name,
            speaker=turn["speaker"],
        )


def _queries(name: str, meeting: Mapping[str, Any]) -> Iterator[QueryRow]:
    turns = range(len(meeting["meeting_transcripts"]))
    for at, query in enumerate(meeting.get("general_query_list", [])):
        yield QueryRow(
            f"{name}/g{at}", name, query["query"], (), "general-summary", (query["answer"],)
        )
    for at, query in enumerate(meeting["specific_query_list"]):
        spans = [(int(first), int(last)) for first, last in query["relevant_text_span"]]
        relevant = [turn for turn in turns if any(first <= turn <= last for first, last in spans)]
        yield QueryRow(
            id=f"{name}/s{at}",
            group=name,
            query=query["query"],
            evidence=tuple(f"{name}/{turn}" for turn in relevant),
            category="specific",
            answers=(query["answer"],),
        )

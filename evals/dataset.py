"""The data that evals read: corpora with questions, and recordings with transcripts.

A recall set is a folder with `corpus.jsonl.gz` (the smallest units that can be
cited: a turn, a paragraph, an abstract) and `queries.jsonl` (questions with the
ids of the units that answer them). A set of recordings is a manifest
`NAME.jsonl` with one recording a line, audio paths relative to its folder.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from memex.errors import InvalidRequest

CORPUS: Final = "corpus.jsonl.gz"
QUERIES: Final = "queries.jsonl"
SCOPES: Final = ("pooled", "group")
"""Where a question is asked: of the whole set, or of its own conversation."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest stretch that evidence can point at."""

    id: str
    group: str
    """One conversation, meeting or article."""
    session: str
    """One sitting of the group."""
    kind: str
    """"conversation", "meeting", "podcast", "reading" or "asr-reading"."""
    title: str
    """Empty where the corpus has none."""
    time: datetime | None
    speaker: str | None
    text: str
    """May be empty: a turn in which nothing intelligible was said."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the units that answer it."""

    id: str
    group: str
    text: str
    evidence: frozenset[str]
    """Unit ids; never empty."""
    category: str


@dataclass(frozen=True, slots=True)
class RecallSet:
    """One corpus with its answerable questions."""

    name: str
    units: tuple[Unit, ...]
    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody speaks; turns may overlap."""

    start: float
    """Seconds from the start of the recording."""
    end: float
    """Seconds from the start of the recording."""
    speaker: str


@dataclass(frozen=True, slots=True)
class Recording:
    """One sound file of a manifest."""

    id: str
    path: Path
    seconds: float
    text: str | None
    """What is said in it, whole; empty where nothing is said, None where nobody
    wrote it down or only its beginning was."""
    condition: str = ""
    """What noise was mixed in, where the set has several."""
    speaker: str = ""
    """Who speaks in it, where that is one person."""
    turns: tuple[Turn, ...] = ()
    """Who speaks when, where several do."""


def find_sets(folder: Path) -> list[Path]:
    """The recall sets in a folder, itself included, that have questions.

    Raises `InvalidRequest` where there is none.
    """
    candidates = [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]
    found = [path for path in candidates if _is_set(path)]
    if not found:
        raise InvalidRequest(
            f"{folder} holds no set of questions.",
            f"Name a folder with {CORPUS} and {QUERIES}, or a folder of such folders.",
        )
    return found


def _is_set(folder: Path) -> bool:
    return (folder / CORPUS).is_file() and (folder / QUERIES).is_file()


def read_recall_set(folder: Path, limit: int | None = None) -> RecallSet:
    """Read one set: the whole corpus and the first `limit` questions that count.

    A question counts when it is answerable and has evidence. Raises
    `InvalidRequest` for a malformed file or evidence that the corpus lacks.
    """
    units = read_units(folder)
    queries = _queries(folder / QUERIES)[:limit]
    known = {unit.id for unit in units}
    for query in queries:
        if not query.evidence <= known:
            missing = ", ".join(sorted(query.evidence - known))
            raise InvalidRequest(f"{folder}: the evidence {missing} of {query.id} is not in it.")
    return RecallSet(name=folder.name, units=units, queries=queries)


def read_units(folder: Path) -> tuple[Unit, ...]:
    """The corpus of a set, in its order. Raises `InvalidRequest` for a malformed file."""
    path = folder / CORPUS
    try:
        return tuple(_unit(row) for row in _rows(path))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"{path} is not a corpus: {error!r}.") from error


def read_recordings(folder: Path, name: str) -> list[Recording]:
    """The recordings of the manifest `NAME.jsonl` in a folder.

    Raises `InvalidRequest` for a malformed or absent manifest or absent sound.
    """
    manifest = folder / f"{name}.jsonl"
    if not manifest.is_file():
        names = ", ".join(sorted(path.stem for path in folder.glob("*.jsonl"))) or "none"
        raise InvalidRequest(f"{folder} has no set “{name}”.", f"It has: {names}.")
    try:
        found = [_recording(folder, row) for row in _rows(manifest)]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"{manifest} is not a manifest: {error!r}.") from error
    for recording in found:
        if not recording.path.is_file():
            raise InvalidRequest(f"{manifest} names {recording.path}, which is not there.")
    return found


def _rows(path: Path) -> Iterator[Mapping[str, object]]:
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.") from error
    for line in content.splitlines():
        row = json.loads(line)
        if not isinstance(row, dict):
            raise TypeError(f"{line[:40]!r} is no object")
        yield row


def _unit(row: Mapping[str, object]) -> Unit:
    time = row.get("time")
    return Unit(
        id=str(row["id"]),
        group=str(row["group"]),
        session=str(row["session"]),
        kind=str(row["kind"]),
        title=str(row.get("title") or ""),
        time=datetime.fromisoformat(str(time)).replace(tzinfo=UTC) if time else None,
        speaker=str(row["speaker"]) if row.get("speaker") else None,
        text=str(row["text"]).strip(),
    )


def _queries(path: Path) -> tuple[Query, ...]:
    try:
        return tuple(_query(row) for row in _rows(path) if row["answerable"] and row["evidence"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"{path} is not a file of questions: {error!r}.") from error


def _query(row: Mapping[str, object]) -> Query:
    evidence = row["evidence"]
    if not isinstance(evidence, list):
        raise TypeError(f"the evidence of {row['id']} is no list")
    return Query(
        id=str(row["id"]),
        group=str(row["group"]),
        text=str(row["query"]),
        evidence=frozenset(map(str, evidence)),
        category=str(row.get("category") or ""),
    )


def _recording(folder: Path, row: Mapping[str, object]) -> Recording:
    text = None if row.get("partial") else row.get("text")
    return Recording(
        id=str(row["id"]),
        path=folder / str(row["audio"]),
        seconds=float(str(row["seconds"])),
        text=None if text is None else str(text),
        condition=str(row.get("condition") or ""),
        speaker=str(row.get("speaker") or ""),
        turns=tuple(_turns(row.get("turns") or [])),
    )


def _turns(rows: object) -> Iterator[Turn]:
    if not isinstance(rows, list):
        raise TypeError("turns are no list")
    for row in rows:
        yield Turn(float(row["start"]), float(row["end"]), str(row["speaker"]))

"""The data that evals read: corpora with questions, and recordings with transcripts.

A recall set is a folder with `corpus.jsonl.gz`, or `corpus.jsonl` (the smallest units
that can be cited: a turn, a paragraph, an abstract), and `queries.jsonl` (questions with
the ids of the units that answer them). A set of recordings is a manifest
`NAME.jsonl` with one recording a line, audio paths relative to its folder.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from memex.errors import InvalidRequest

CORPUS: Final = "corpus.jsonl.gz"
PLAIN_CORPUS: Final = "corpus.jsonl"
"""What the corpus of a small set may be called, uncompressed."""
QUERIES: Final = "queries.jsonl"
HELD_OUT: Final = "test"
"""The half of a set that nothing is learnt from, where a set has halves."""
LEARNT: Final = 7
"""Tenths that may be learnt from of a set that has no halves."""
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
    answer: str = ""
    """For people to read; empty where the set has none."""
    answers: tuple[str, ...] = ()
    """All that count as right, `answer` among them."""
    asked_at: datetime | None = None
    """What "now" is to the question, in the zone of the corpus's times; None where no
    moment is said."""
    split: str = ""
    """"train" or "test", where the set has two halves."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """A question that counts but could not be scored: it is no zero, and in no mean."""

    id: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecallSet:
    """One corpus with the questions that are scored, and how many are not."""

    name: str
    units: tuple[Unit, ...]
    queries: tuple[Query, ...]
    unscored: tuple[Unscored, ...] = ()
    """Their evidence is not in the corpus."""
    unanswerable: int = 0
    """Questions that the corpus does not answer."""
    without_evidence: int = 0
    """Answerable questions that point at nothing ("summarise the meeting")."""


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


def held_out(queries: Sequence[Query]) -> frozenset[str]:
    """The ids of those that nothing may be learnt from: the half for tests, or, where a set has
    no halves, three tenths of what it asks about (of its questions, where that is one thing),
    by their hashes.
    """
    groups = {query.group for query in queries}
    return frozenset(
        query.id
        for query in queries
        if (
            query.split == HELD_OUT
            if query.split
            else _tenth(query.group if len(groups) > 1 else query.id) >= LEARNT
        )
    )


def kept_back(queries: Sequence[Query]) -> frozenset[str]:
    """The ids of those that a second learner is not taught by, so that it can be told what the
    first one's word is worth: what is `held_out`, and of a set with halves three tenths of the
    other one, by their hashes.
    """
    return held_out(queries).union(
        query.id for query in queries if query.split and _tenth(query.id) >= LEARNT
    )


def _tenth(name: str) -> int:
    digest = hashlib.md5(name.encode(), usedforsecurity=False)
    return int(digest.hexdigest(), 16) % 10


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
    return _corpus(folder).is_file() and (folder / QUERIES).is_file()


def _corpus(folder: Path) -> Path:
    """Where its corpus lies, or ought to."""
    plain = folder / PLAIN_CORPUS
    return plain if plain.is_file() else folder / CORPUS


def read_recall_set(folder: Path, limit: int | None = None) -> RecallSet:
    """Read one set: the whole corpus and the first `limit` questions that count.

    A question counts when it is answerable and has evidence; it cannot be scored where
    the corpus lacks some of that. Raises `InvalidRequest` for a malformed file.
    """
    units = read_units(folder)
    path = folder / QUERIES
    try:
        rows = list(_rows(path))
        answerable = [row for row in rows if row["answerable"]]
        labelled = [row for row in answerable if row["evidence"]]
        asked = [_query(row) for row in labelled][:limit]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"{path} is not a file of questions: {error!r}.") from error
    known = {unit.id for unit in units}
    return RecallSet(
        name=folder.name,
        units=units,
        queries=tuple(query for query in asked if query.evidence <= known),
        unscored=tuple(
            Unscored(query.id, query.text, f"not in the corpus: {', '.join(sorted(missing))}")
            for query in asked
            if (missing := query.evidence - known)
        ),
        unanswerable=len(rows) - len(answerable),
        without_evidence=len(answerable) - len(labelled),
    )


def read_traps(folder: Path) -> tuple[Query, ...]:
    """The questions of a set that its corpus does not answer; their evidence, where they have
    any, is what they were twisted from. Raises `InvalidRequest` for a malformed file.
    """
    path = folder / QUERIES
    try:
        return tuple(_query(row) for row in _rows(path) if not row["answerable"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"{path} is not a file of questions: {error!r}.") from error


def read_units(folder: Path) -> tuple[Unit, ...]:
    """The corpus of a set, in its order. Raises `InvalidRequest` for a malformed file."""
    path = _corpus(folder)
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
    return Unit(
        id=str(row["id"]),
        group=str(row["group"]),
        session=str(row["session"]),
        kind=str(row["kind"]),
        title=str(row.get("title") or ""),
        time=_time(row.get("time")),
        speaker=str(row["speaker"]) if row.get("speaker") else None,
        text=str(row["text"]).strip(),
    )


def _time(value: object) -> datetime | None:
    """A local time, as if the place were at UTC."""
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC) if value else None


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
        answer=str(row.get("answer") or ""),
        answers=tuple(map(str, _list(row.get("answers")) or filter(None, [row.get("answer")]))),
        asked_at=_time(row.get("asked_at")),
        split=str(row.get("split") or ""),
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


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

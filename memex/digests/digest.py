"""The digest of a day, a week, or a name: what was decided, promised, said and read.

Each line is a sentence as it stands, with its source; rules choose (`sorting`, `quoting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from memex.digests.naming import name_of
from memex.digests.page import Moment, alike, candidates, moment_of
from memex.digests.places import COLUMNS, CURRENT, Source, known_people, places, rows_of, source_of
from memex.digests.quoting import Candidate, Told, every, newest, ranked, shortened, telling
from memex.digests.sorting import sort_of
from memex.library import Library

GROUPS: Final = ("decided", "promised", "said", "read")
"""In the order in which they are told."""
DAYS: Final[Mapping[str, tuple[int, int]]] = {
    "today": (0, 1),
    "yesterday": (-1, 0),
    "week": (-6, 1),
}
"""From which day to which, counted from today; the last is no longer part of it."""
LONGEST: Final = timedelta(days=1)
"""Of a recording: one that began so long before a time may reach into it."""
OPENING: Final = 20
"""Segments among which the first sentence of a document is looked for."""
SEGMENTS: Final = 20_000
"""Of what was heard and written in a time, that are looked through, the newest documents first."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of one sort."""

    moments: tuple[Moment, ...]
    """Newest first."""
    more: int
    """Others there were."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What there is of a day, a week or a name."""

    name: str | None
    """As it is known; None for a day or a week."""
    since: datetime | None
    until: datetime | None
    groups: Mapping[str, Group]
    """One for each of `GROUPS`."""
    near: tuple[str, ...] = ()
    """Names like it, where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class _Line:
    candidate: Candidate
    source: Source
    text: str


def digest_of_days(which: str, now: datetime, library: Library, most: int) -> Digest:
    """Of one of `DAYS`; `now` is aware, in the user's zone. So many lines of a sort, at most."""
    first, last = (
        (now + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        for days in DAYS[which]
    )
    heard = list(_said_between(first, last, library))
    read = [
        line for source in _read_between(first, last, library) for line in _opening(source, library)
    ]
    return Digest(None, first, last, _grouped(heard, read, most))


def digest_of_name(asked: str, library: Library, most: int) -> Digest:
    """Of a person or topic, at any time."""
    known = known_people(library)
    name = name_of(asked, known)
    found = places(name, library)
    sources = {one.source.id: one.source for one in found}
    lines = [
        _Line(one, sources[one.document_id], shortened(one.told.text, name))
        for one in candidates(name, found, library)
    ]
    read: dict[str, _Line] = {}
    for line in sorted(lines, key=lambda line: -line.candidate.score):
        if not line.source.heard:
            read.setdefault(line.source.id, line)
    near = () if found else tuple(alike(asked, known, library))
    return Digest(name.text, None, None, _grouped(lines, list(read.values()), most), near)


def _grouped(lines: Sequence[_Line], read: Sequence[_Line], most: int) -> dict[str, Group]:
    """Each line in one group: what was decided or promised is not told as said or read, too."""
    found: dict[str, list[_Line]] = {group: [] for group in GROUPS}
    told: set[tuple[str, int, int]] = set()
    for line in lines:
        sort = sort_of(line.candidate.told.text) if line.source.ours else None
        if sort is None and line.source.heard:
            found["said"].append(line)
        elif sort is not None:
            found[sort].append(line)
            told.add(_key(line))
    found["read"] = [line for line in read if _key(line) not in told]
    return {group: _group(found[group], most) for group in GROUPS}


def _key(line: _Line) -> tuple[str, int, int]:
    told = line.candidate.told
    return line.source.id, told.position, told.offset


def _group(lines: Iterable[_Line], most: int) -> Group:
    """The best of some lines, newest first."""
    by_key = {_key(line): line for line in lines}
    best = ranked(line.candidate for line in by_key.values())
    shown = [
        by_key[one.document_id, one.told.position, one.told.offset] for one in newest(best[:most])
    ]
    moments = tuple(moment_of(line.candidate, line.source, line.text) for line in shown)
    return Group(moments, len(best) - len(moments))


def _said_between(since: datetime, until: datetime, library: Library) -> Iterator[_Line]:
    """The sentences that were heard, or written by somebody one has to do with, in a time."""
    rows = rows_of(
        library,
        f"SELECT {COLUMNS} FROM documents AS d WHERE {CURRENT}"  # noqa: S608 (constants)
        " AND created_at >= ? AND created_at < ? ORDER BY created_at DESC",
        _text(since - LONGEST),
        _text(until),
    )
    left = SEGMENTS
    for source in map(source_of, rows):
        if left <= 0:
            return
        if source.heard or source.ours:
            segments = library.segments(source.id)
            left -= len(segments)
            for told in every(segments, 0, source.language):
                line = _line(told, source)
                if line and since <= line.candidate.order[0] < until:
                    yield line


def _read_between(since: datetime, until: datetime, library: Library) -> list[Source]:
    """What was read in a time, and is no recording; the newest, where it is very much."""
    rows = rows_of(
        library,
        f"SELECT {COLUMNS} FROM documents AS d WHERE {CURRENT}"  # noqa: S608 (constants)
        " AND kind NOT IN ('audio', 'video') AND added_at >= ? AND added_at < ?"
        " ORDER BY added_at DESC LIMIT 1000",
        _text(since),
        _text(until),
    )
    return [source_of(row) for row in rows]


def _opening(source: Source, library: Library) -> list[_Line]:
    """The first sentence of a document that says something, by when the document was read."""
    told = list(every(library.segments(source.id, 0, OPENING), 0, source.language))
    lines = [line for line in (_line(one, source, source.added_at) for one in told) if line]
    full = [line for line in lines if line.candidate.score >= 0]
    return (full or lines)[:1]


def _line(told: Told, source: Source, at: datetime | None = None) -> _Line | None:
    """A sentence as a line; None for a heading, or what has no word."""
    value = telling(told.text)
    if value is None or (told.segment.heading or "").endswith(told.segment.text):
        return None
    when = at or source.said_at(told.start) or source.added_at
    order = (when, source.id, told.position)
    return _Line(Candidate(told, source.id, order, value), source, shortened(told.text))


def _text(time: datetime) -> str:
    """A time as the library has it."""
    return time.astimezone(UTC).isoformat()

"""Traces: what was asked, what was shown for it, and what the user thinks of that.

Of what was shown a trace has the places; only an answer's prompt, which a trace has as the
model got it, is text of documents. A trace goes with the first document that it shows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, get_args

from memex.database import Database
from memex.errors import InvalidRequest, NotFound
from memex.protocols import NO_FILTERS, Filters, Message

Kind = Literal["search", "ask"]
Verdict = Literal["right", "wrong"]
List = Literal["hits", "citations"]

MOST_SHOWN: Final = 100
"""Hits of a search that its trace has."""
MOST_NOTE: Final = 2_000
"""Characters of a note."""
_TIMES: Final = frozenset({"since", "until"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage that was served, or the part of one that was cited."""

    n: int
    """As it was shown: the rank of a hit, the number of a citation, from 1."""
    passage_id: str
    document_id: str
    first: int
    """Position of its first segment in the document, as that was then."""
    last: int
    """Position of its last segment (inclusive)."""
    score: float
    ranks: Mapping[str, int]
    """Which list of candidates had it at which rank, from 1."""
    verdict: Verdict | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a language model was told, and what it wrote, before any check."""

    messages: tuple[Message, ...]
    output: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One query."""

    id: int
    kind: Kind
    query: str
    asked_at: datetime
    filters: Filters = NO_FILTERS
    timings: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds by stage."""
    hits: tuple[Shown, ...] = ()
    """What the stages of recall served, best first."""
    citations: tuple[Shown, ...] = ()
    """What the answer cites, in the order of its numbers."""
    exchanges: tuple[Exchange, ...] = ()
    answer: str | None = None
    """None for a search, and where the answer broke off."""
    found: bool | None = None
    verdict: Verdict | None = None
    """Of the whole: the answer, or all that was found."""
    note: str = ""
    bearing: Mapping[str, float] | None = None
    """What spoke for an answer, and how probable one was; None for a search."""
    understood: str | None = None
    """What a follow-up was understood as."""

    @property
    def asked(self) -> str:
        """The question as it stands by itself."""
        return self.understood or self.query

    @property
    def right(self) -> tuple[Shown, ...]:
        """What the user called right; where that is the whole answer, what it cites."""
        named = tuple(x for x in (*self.citations, *self.hits) if x.verdict == "right")
        if named or self.verdict != "right" or self.answer is None:
            return named
        return tuple(x for x in self.citations if f"[{x.n}]" in self.answer and not x.verdict)

    @property
    def documents(self) -> set[str]:
        """Those that it shows."""
        return {shown.document_id for shown in (*self.hits, *self.citations)}


@dataclass(frozen=True, slots=True)
class Line:
    """A trace's line in a list."""

    id: int
    kind: Kind
    query: str
    asked_at: datetime
    hits: int
    found: bool | None
    verdict: Verdict | None
    marks: int
    """Hits and citations that were called right or wrong."""
    ms: float | None
    """Until all was there, in milliseconds."""


class Traces:
    """The traces of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def last_id(self) -> int:
        """The highest number that a trace ever had; 0 before the first."""
        row = self._database.one("SELECT seq FROM sqlite_sequence WHERE name = 'traces'")
        return int(row["seq"]) if row else 0

    def add(self, traces: Iterable[Trace]) -> None:
        """Store traces, but for those that show a document which is gone by now."""
        with self._database.transaction() as db:
            for trace in traces:
                if _are_here(db, trace.documents):
                    _insert(db, trace)

    def prune(self, keep: int, since: datetime) -> None:
        """Let go the oldest: all but so many, and those from before a moment."""
        too_old = (
            "id <= coalesce((SELECT id FROM traces ORDER BY id DESC LIMIT 1 OFFSET ?), 0)"
            " OR asked_at < ?"
        )
        values = (keep, _text(since))
        if self._database.one(f"SELECT 1 FROM traces WHERE {too_old} LIMIT 1", *values):  # noqa: S608 (above)
            with self._database.transaction() as db:
                db.execute(f"DELETE FROM traces WHERE {too_old}", values)  # noqa: S608 (above)

    def lines(self, limit: int) -> list[Line]:
        """The latest traces, newest first."""
        rows = self._database.all(
            "SELECT t.*, json_extract(timings, '$.total') AS ms,"
            " (SELECT count(*) FROM shown WHERE trace_id = t.id AND list = 'hits') AS hits,"
            " (SELECT count(verdict) FROM shown WHERE trace_id = t.id) AS marks"
            " FROM traces AS t ORDER BY id DESC LIMIT ?",
            limit,
        )
        return [_line(row) for row in rows]

    def trace(self, trace_id: int | None) -> Trace:
        """A trace, whole; None for the latest. Raises `NotFound`."""
        row = self._database.one(
            "SELECT * FROM traces WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC LIMIT 1", trace_id
        )
        if row is None:
            raise _missing(trace_id)
        shown = self._database.all("SELECT * FROM shown WHERE trace_id = ? ORDER BY n", row["id"])
        return _trace(row, shown)

    def whole(self) -> Iterator[Trace]:
        """All of them, oldest first."""
        yield from self._each(self._database.all("SELECT id FROM traces ORDER BY id"))

    def _each(self, rows: Iterable[sqlite3.Row]) -> Iterator[Trace]:
        for row in rows:
            try:
                yield self.trace(row["id"])
            except NotFound:  # forgotten meanwhile
                continue

    def marked(self) -> Iterator[Trace]:
        """Those in which something was called right or wrong, oldest first."""
        rows = self._database.all(
            "SELECT id FROM traces AS t WHERE verdict IS NOT NULL OR EXISTS (SELECT 1 FROM shown"
            " WHERE trace_id = t.id AND verdict IS NOT NULL) ORDER BY id"
        )
        yield from self._each(rows)

    def label(
        self,
        trace_id: int,
        verdict: Verdict | None,
        *,
        list_: List | None = None,
        n: int | None = None,
        note: str = "",
    ) -> None:
        """Call the whole right or wrong, or number `n` of a list; None takes that back.

        Without `list_` the number is what the user saw: a citation of an answer, a hit of a
        search or where nothing answers. Raises `NotFound`, `InvalidRequest`.
        """
        if verdict is not None and verdict not in get_args(Verdict):
            raise InvalidRequest(f"A verdict is one of {', '.join(get_args(Verdict))}.", "")
        if len(note) > MOST_NOTE:
            raise InvalidRequest(f"The note is too long (at most {MOST_NOTE:,} characters).", "")
        with self._database.transaction() as db:
            row = db.execute("SELECT found FROM traces WHERE id = ?", (trace_id,)).fetchone()
            if row is None:
                raise _missing(trace_id)
            if n is None:
                db.execute(
                    "UPDATE traces SET verdict = ?, note = ? WHERE id = ?",
                    (verdict, note, trace_id),
                )
                return
            chosen = list_ or ("citations" if row["found"] else "hits")
            changed = db.execute(
                "UPDATE shown SET verdict = ?, note = ? WHERE trace_id = ? AND list = ? AND n = ?",
                (verdict, note, trace_id, chosen, n),
            )
            if not changed.rowcount:
                raise NotFound(
                    f"Trace {trace_id} has no {chosen.removesuffix('s')} {n}.",
                    f"`memex trace show {trace_id}` has what there is.",
                )

    def forget(self, trace_ids: Iterable[int] | None = None) -> int:
        """Remove these, or all, from the bytes of the library, too; how many there were."""
        with self._database.transaction() as db:
            if trace_ids is None:
                count = db.execute("DELETE FROM traces").rowcount
            else:
                marks = [(each,) for each in trace_ids]
                count = db.executemany("DELETE FROM traces WHERE id = ?", marks).rowcount
        if count > 0:
            self._database.wipe()
        return max(count, 0)

    def own_texts(self) -> dict[int, str]:
        """What is in each trace that need not be in a document which it shows: what was
        asked and how that was understood, how it was narrowed, and the notes.
        """
        rows = self._database.all(
            "SELECT id, query || char(10) || coalesce(understood, '') || char(10) || filters"
            " || char(10) || note || coalesce((SELECT"
            " group_concat(char(10) || note, '') FROM shown WHERE trace_id = id), '') AS text"
            " FROM traces"
        )
        return {row["id"]: row["text"] for row in rows}

    def titles(self, document_ids: Iterable[str]) -> dict[str, str]:
        """What these documents are called."""
        rows = self._database.all(
            "SELECT id, title FROM documents WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(sorted(document_ids)),
        )
        return {row["id"]: row["title"] for row in rows}


def _missing(trace_id: int | None) -> NotFound:
    said = "There is no trace yet." if trace_id is None else f"There is no trace {trace_id}."
    return NotFound(said, "See `memex trace list`; a trace goes with the documents that it shows.")


def _are_here(db: sqlite3.Connection, document_ids: set[str]) -> bool:
    rows = db.execute(
        "SELECT count(*) FROM documents WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(document_ids)),),
    )
    return bool(rows.fetchone()[0] == len(document_ids))


def _insert(db: sqlite3.Connection, trace: Trace) -> None:
    exchanges = [
        [[[message.role, message.content] for message in exchange.messages], exchange.output]
        for exchange in trace.exchanges
    ]
    db.execute(
        "INSERT INTO traces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            trace.id,
            trace.kind,
            trace.query,
            _text(trace.asked_at),
            json.dumps(filters_to_json(trace.filters), ensure_ascii=False),
            json.dumps(dict(trace.timings)),
            json.dumps(exchanges, ensure_ascii=False),
            trace.answer,
            trace.found,
            trace.verdict,
            trace.note,
            json.dumps(dict(trace.bearing)) if trace.bearing is not None else None,
            trace.understood,
        ),
    )
    lists: dict[List, Sequence[Shown]] = {
        "hits": trace.hits[:MOST_SHOWN],
        "citations": trace.citations,
    }
    db.executemany(
        "INSERT INTO shown VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                trace.id,
                name,
                shown.n,
                shown.passage_id,
                shown.document_id,
                shown.first,
                shown.last,
                shown.score,
                json.dumps(dict(shown.ranks)),
                shown.verdict,
                shown.note,
            )
            for name, found in lists.items()
            for shown in found
        ),
    )


def filters_to_json(filters: Filters) -> dict[str, str]:
    """The filters that are set."""
    given = {name: value for name, value in asdict(filters).items() if value}
    times = {name: given[name].isoformat() for name in _TIMES & given.keys()}
    kinds = {"kinds": ", ".join(filters.kinds)} if filters.kinds else {}
    return {**given, **times, **kinds}


def _filters(text: str) -> Filters:
    given = json.loads(text)
    times = {name: datetime.fromisoformat(given[name]) for name in _TIMES & given.keys()}
    kinds = tuple(filter(None, given.pop("kinds", "").split(", ")))
    return Filters(**{**given, **times}, kinds=kinds)


def _trace(row: sqlite3.Row, shown: Iterable[sqlite3.Row]) -> Trace:
    lists: dict[str, list[Shown]] = {"hits": [], "citations": []}
    for each in shown:
        lists[each["list"]].append(_shown(each))
    return Trace(
        id=row["id"],
        kind=row["kind"],
        query=row["query"],
        asked_at=datetime.fromisoformat(row["asked_at"]),
        filters=_filters(row["filters"]),
        timings=json.loads(row["timings"]),
        hits=tuple(lists["hits"]),
        citations=tuple(lists["citations"]),
        exchanges=tuple(
            Exchange(tuple(Message(role, content) for role, content in messages), output)
            for messages, output in json.loads(row["exchanges"])
        ),
        answer=row["answer"],
        found=None if row["found"] is None else bool(row["found"]),
        verdict=row["verdict"],
        note=row["note"],
        bearing=json.loads(row["bearing"]) if row["bearing"] else None,
        understood=row["understood"],
    )


def _shown(row: sqlite3.Row) -> Shown:
    return Shown(
        n=row["n"],
        passage_id=row["passage_id"],
        document_id=row["document_id"],
        first=row["first"],
        last=row["last"],
        score=row["score"],
        ranks=json.loads(row["ranks"]),
        verdict=row["verdict"],
        note=row["note"],
    )


def _line(row: sqlite3.Row) -> Line:
    return Line(
        id=row["id"],
        kind=row["kind"],
        query=row["query"],
        asked_at=datetime.fromisoformat(row["asked_at"]),
        hits=row["hits"],
        found=None if row["found"] is None else bool(row["found"]),
        verdict=row["verdict"],
        marks=row["marks"],
        ms=row["ms"],
    )


def _text(time: datetime) -> str:
    """With the same digits always, so that text is compared as times are."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")

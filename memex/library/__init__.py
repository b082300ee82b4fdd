"""The library: every document that is remembered. It is the truth; the index is
made from it and can be made again.

A document has one or more copies: the files in which it was read. It is *current*
while one of them is live; when the last was edited it is *hidden*: kept, but no
longer found.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from memex.cases import Cases
from memex.database import Database
from memex.echoes import Echoes, note
from memex.errors import InvalidRequest, NotFound
from memex.feeds import Feeds
from memex.files import Files, settle
from memex.library.arrivals import Change, arrive, restate
from memex.library.rows import Entry, copy_of, entry_of, holding_of, segment_of, time_of
from memex.origins import Origins
from memex.people import People
from memex.retention import Holding
from memex.searches import Searches
from memex.tombstones import Tombstones
from memex.traces import Traces
from memex.types import GROWING, LIVE, RECOGNISED, SAID, Arrival, Copy, Document, Echo, Segment
from memex.vocabulary import Vocabulary, title_in, titled, words_in
from memex.weights import Weights

__all__ = ["Change", "Entry", "Library"]

LONGEST: Final = timedelta(days=1)
"""Of a live recording."""


class Library:
    """The documents in the SQLite file, and its other rooms: `files`, `feeds`,
    `echoes`, `origins`, `people`, `tombstones`, `traces`, `cases`,
    `searches`, `vocabulary`, `weights`.

    All methods raise `StorageError` when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        """Open, or create, the library at `path` and bring its schema up to date."""
        self.database = Database(path)
        self.files = Files(self.database)
        self.feeds = Feeds(self.database)
        self.echoes = Echoes(self.database)
        self.origins = Origins(self.database)
        self.vocabulary = Vocabulary(self.database)
        self.people = People(self.database, self.vocabulary)
        self.tombstones = Tombstones(self.database)
        self.traces = Traces(self.database)
        self.cases = Cases(self.database)
        self.searches = Searches(self.database)
        self.weights = Weights(self.database)

    def close(self) -> None:
        """Close the file; what was added is on disk already."""
        self.database.close()

    def add(self, *arrivals: Arrival, echoes: Iterable[Echo] = ()) -> list[Change]:
        """Store documents and the copies they came from, all or none; in their order.

        Of a text that is here already only the copy is noted. `echoes` are what else
        was heard in them.
        """
        with self.database.transaction() as db:
            words: Counter[str] = Counter()
            changes = [arrive(db, arrival, words) for arrival in arrivals]
            new = [
                a.document.title for a, change in zip(arrivals, changes, strict=True) if change.new
            ]
            self.vocabulary.change(db, words, titles=titled(new))
            note(db, echoes)
            return changes

    def add_copy(self, copy: Copy) -> Change:
        """Note another file of a document that is here. Raises `NotFound`."""
        with self.database.transaction() as db:
            known = db.execute("SELECT 1 FROM documents WHERE id = ?", (copy.document_id,))
            if known.fetchone() is None:
                raise NotFound(f"There is no document {copy.document_id}.", "See `memex list`.")
            return Change(new=False, hidden=settle(db, copy))

    def remove(self, *document_ids: str) -> None:
        """Remove documents with their segments and copies, all or none. Raises `NotFound`."""
        with self.database.transaction() as db:
            words: Counter[str] = Counter()
            titles: Counter[str] = Counter()
            for id_ in document_ids:
                words.subtract(words_in(db, id_))
                titles.subtract(title_in(db, id_))
                if not db.execute("DELETE FROM documents WHERE id = ?", (id_,)).rowcount:
                    raise NotFound(f"There is no document {id_}.", "See `memex list`.")
            self.vocabulary.change(db, words, titles=titles)

    def document(self, document_id: str) -> Document:
        """A document, whole. Raises `NotFound`."""
        row = self.database.one("SELECT * FROM documents WHERE id = ?", document_id)
        if row is None:
            raise NotFound(f"There is no document {document_id}.", "See `memex list`.")
        return Document(
            id=row["id"],
            kind=row["kind"],
            title=row["title"],
            uri=row["uri"],
            created_at=time_of(row["created_at"]),
            segments=tuple(self.segments(document_id)),
            author=row["author"],
            language=row["language"],
            duration=row["duration"],
            source=row["source"],
            attributes=json.loads(row["attributes"]),
        )

    def part(self, heard: Document, own: Document | None, echoes: Iterable[Echo]) -> bool:
        """Have a live document say what is its `own` only, and store what else was heard in
        it; where nothing is its own it goes. False where it says something else by now than
        `heard`, or is gone.
        """
        with self.database.transaction() as db:
            if not self.says(heard):
                return False
            note(db, echoes)
            if own is None:
                self.remove(heard.id)
            else:
                words: Counter[str] = Counter()
                restate(db, own, words)
                self.vocabulary.change(db, words)
            return True

    def segments(
        self, document_id: str, first: int = 0, last: int | None = None, *, words: bool = True
    ) -> list[Segment]:
        """The segments at the positions `first` to `last`, inclusive, in order; much quicker
        without their `words`.
        """
        rows = self.database.all(
            "SELECT * FROM segments WHERE document_id = ? AND position BETWEEN ? AND ?"
            " ORDER BY position",
            document_id,
            first,
            2**31 if last is None else last,
        )
        return [segment_of(row, words=words) for row in rows]

    def length(self, document_id: str) -> int:
        """How many segments a document has."""
        row = self.database.one(
            "SELECT count(*) AS segments FROM segments WHERE document_id = ?", document_id
        )
        return int(row["segments"]) if row else 0

    def heard(self, since: datetime, until: datetime, most: int = -1) -> list[Document]:
        """The current documents that were heard live between two moments, or in part: all, or
        so many.
        """
        rows = self.database.all(
            "SELECT id FROM documents WHERE created_at BETWEEN ? AND ?"
            " AND julianday(created_at) + coalesce(duration, 0) / 86400 >= julianday(?)"
            " AND json_extract(attributes, '$.source') IN (SELECT value FROM json_each(?))"
            " AND EXISTS (SELECT 1 FROM copies WHERE document_id = id AND replaced_at IS NULL)"
            " LIMIT ?",
            (since - LONGEST).astimezone(UTC).isoformat(),
            until.astimezone(UTC).isoformat(),
            since.astimezone(UTC).isoformat(),
            json.dumps(sorted(LIVE)),
            most,
        )
        return [self.document(row["id"]) for row in rows]

    def recently_read(self, characters: int) -> Iterator[tuple[datetime, Document]]:
        """The current documents whose words were written, by their authors or in a
        transcript, and when they were read; newest first, until they come to so many
        characters.
        """
        rows = self.database.all(
            "SELECT id, added_at FROM documents WHERE substr(source, 1, ?) != ?"
            " AND EXISTS (SELECT 1 FROM copies WHERE document_id = id AND replaced_at IS NULL)"
            " ORDER BY added_at DESC, rowid DESC",
            len(RECOGNISED),
            RECOGNISED,
        )
        for row in rows:
            with suppress(NotFound):  # forgotten meanwhile
                document = self.document(row["id"])
                yield datetime.fromisoformat(row["added_at"]), document
                characters -= sum(len(segment.text) for segment in document.segments)
            if characters <= 0:
                return

    def language(self, document_id: str) -> str | None:
        """The language of a document, where it is known."""
        row = self.database.one("SELECT language FROM documents WHERE id = ?", document_id)
        return row["language"] if row else None

    def speakers(self, document_id: str) -> list[str]:
        """Who speaks in a document, of those that have a name."""
        rows = self.database.all(
            "SELECT DISTINCT speaker FROM segments WHERE document_id = ? AND trim(speaker) <> ''",
            document_id,
        )
        return [row["speaker"] for row in rows]

    def entries(self, kind: str | None = None, *, hidden: bool = False) -> list[Entry]:
        """The catalogue, newest first; with `hidden`, older versions too."""
        rows = self.database.all(
            "SELECT *,"
            " (SELECT count(*) FROM segments WHERE document_id = documents.id) AS segments,"
            " (SELECT count(*) FROM copies WHERE document_id = documents.id"
            "   AND replaced_at IS NULL) AS copies"
            " FROM documents WHERE (?1 IS NULL OR kind = ?1) AND (?2 OR copies > 0)"
            " ORDER BY added_at DESC, rowid DESC",
            kind,
            hidden,
        )
        return [entry_of(row) for row in rows]

    def ids(self) -> set[str]:
        """The ids of all current documents: those that are to be found."""
        rows = self.database.all(
            "SELECT DISTINCT document_id FROM copies WHERE replaced_at IS NULL"
        )
        return {row["document_id"] for row in rows}

    def grows(self, document_id: str) -> bool:
        """Whether a document is here of which more is to come."""
        row = self.database.one(
            "SELECT 1 FROM documents WHERE id = ? AND json_extract(attributes, ?) IS NOT NULL",
            document_id,
            f"$.{GROWING}",
        )
        return row is not None

    def says(self, document: Document) -> bool:
        """Whether a document that was heard live still says what it says here."""
        row = self.database.one(
            "SELECT json_extract(attributes, ?) AS said FROM documents WHERE id = ?",
            f"$.{SAID}",
            document.id,
        )
        return row is not None and row["said"] == document.attributes.get(SAID)

    def has(self, document_id: str) -> bool:
        """Whether a document is here, hidden or not."""
        return self.database.one("SELECT 1 FROM documents WHERE id = ?", document_id) is not None

    def current(self, document_id: str) -> bool:
        """Whether a document is here and not hidden."""
        return document_id in self.among((document_id,))

    def among(self, document_ids: Iterable[str]) -> set[str]:
        """Those of these documents that are current."""
        rows = self.database.all(
            "SELECT DISTINCT document_id FROM copies WHERE replaced_at IS NULL"
            " AND document_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(document_ids)),
        )
        return {row["document_id"] for row in rows}

    def places(self, document_ids: Iterable[str]) -> dict[str, str]:
        """Where these documents lie now, as URIs."""
        rows = self.database.all(
            "SELECT id, uri FROM documents WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(list(document_ids)),
        )
        return {row["id"]: row["uri"] for row in rows}

    def uris(self, document_ids: Iterable[str]) -> set[str]:
        """Where these documents lie and lay, and where else they can be had (their "link")."""
        rows = self.database.all(
            "WITH wanted AS (SELECT value AS id FROM json_each(?))"
            " SELECT uri FROM documents JOIN wanted USING (id)"
            " UNION SELECT uri FROM copies WHERE document_id IN wanted"
            " UNION SELECT json_extract(attributes, '$.link') FROM documents JOIN wanted USING (id)"
            "  WHERE json_extract(attributes, '$.link') IS NOT NULL",
            json.dumps(list(document_ids)),
        )
        return {row["uri"] for row in rows}

    def find(self, prefix: str) -> str:
        """The id of the one document whose id begins so. Raises `NotFound`, `InvalidRequest`."""
        rows = self.database.all(
            "SELECT id FROM documents WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2", prefix
        )
        if not rows or not prefix:
            raise NotFound(f"There is no document {prefix!r}.", "See `memex list`.")
        if len(rows) > 1:
            raise InvalidRequest(f"Several documents begin with {prefix!r}.", "Name more of it.")
        return str(rows[0]["id"])

    def selected(
        self,
        ids: Sequence[str] = (),
        *,
        source: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        matching: str | None = None,
    ) -> list[Entry]:
        """Documents that fit all of what is given, with their older and newer versions.

        `source` is a folder's or file's URI, a URL's beginning, or a kind of source
        ("microphone"); the times are of `created_at`; `matching` is text of theirs or of
        their title, in any case and however it is spaced. With nothing given, none.
        """
        tests = {
            "id IN (SELECT value FROM json_each(?))": json.dumps(list(ids)) if ids else None,
            "(EXISTS (SELECT 1 FROM copies WHERE document_id = d.id AND lies_in(uri, ?))"
            " OR lies_in(json_extract(attributes, '$.link'), ?)"
            " OR json_extract(attributes, '$.source') = ?)": source,
            "created_at >= ?": since.astimezone(UTC).isoformat() if since else None,
            "created_at < ?": until.astimezone(UTC).isoformat() if until else None,
            "(says(title, ?) OR says((SELECT group_concat(text, ' ') FROM (SELECT text FROM"
            " segments WHERE document_id = d.id ORDER BY position)), ?))": matching,
        }
        asked = {test: value for test, value in tests.items() if value is not None}
        if not asked:
            return []
        values = [value for test, value in asked.items() for _ in range(test.count("?"))]
        rows = self.database.all(
            f"SELECT d.id FROM documents AS d WHERE {' AND '.join(asked)}",  # noqa: S608 (above)
            *values,
        )
        wanted = {row["id"] for row in rows}
        wanted |= {version for id_ in wanted for version in self.versions(id_)}
        return [entry for entry in self.entries(hidden=True) if entry.id in wanted]

    def versions(self, document_id: str) -> set[str]:
        """The documents that lay in the same places before or after."""
        rows = self.database.all(
            "SELECT DISTINCT other.document_id AS id FROM copies JOIN copies AS other USING (uri)"
            " WHERE copies.document_id = ?",
            document_id,
        )
        return {row["id"] for row in rows}

    def copies(self, document_id: str) -> list[Copy]:
        """The files in which a document was seen, oldest first."""
        rows = self.database.all(
            "SELECT * FROM copies WHERE document_id = ? ORDER BY added_at, uri", document_id
        )
        return [copy_of(row) for row in rows]

    def holdings(self, home: str, audio: str) -> list[Holding]:
        """What retention may have a say in: documents that were received, and those of
        which a sound is kept. `home` is the data directory's URI, `audio` that of its sounds.
        """
        rows = self.database.all(
            "SELECT id, d.title, d.added_at, c.uri, c.added_at AS kept_at,"
            " coalesce(json_extract(attributes, '$.source'), '') AS origin,"
            " coalesce(json_extract(attributes, '$.consent'), '') AS consent,"
            " c.replaced_at IS NULL AND c.missing_since IS NULL"
            "  AND c.uri > ?2 || '/' AND c.uri < ?2 || '0' AS sound,"  # "0" comes after "/"
            " substr(c.uri, 1, 5) = 'file:'"
            "  AND NOT (c.uri > ?1 || '/' AND c.uri < ?1 || '0') AS own"
            " FROM documents AS d JOIN copies AS c ON c.document_id = d.id"
            " WHERE origin != '' OR consent != '' OR id IN (SELECT document_id FROM copies"
            "  WHERE uri > ?2 || '/' AND uri < ?2 || '0')"
            " ORDER BY d.added_at, id, c.added_at",
            home,
            audio,
        )
        found: dict[str, list[sqlite3.Row]] = {}
        for row in rows:
            found.setdefault(row["id"], []).append(row)
        return [holding_of(each) for each in found.values()]

    def copies_of_bytes(self, sha256: str) -> list[Copy]:
        """The copies with exactly these bytes, oldest first."""
        rows = self.database.all(
            "SELECT * FROM copies WHERE sha256 = ? ORDER BY added_at, uri", sha256
        )
        return [copy_of(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Number of current documents of each kind."""
        rows = self.database.all(
            "SELECT kind, count(*) AS n FROM documents WHERE EXISTS (SELECT 1 FROM copies"
            " WHERE document_id = documents.id AND replaced_at IS NULL)"
            " GROUP BY kind ORDER BY kind"
        )
        return {row["kind"]: row["n"] for row in rows}

    def last(self) -> dict[str, str | None]:
        """When something was last heard ("heard") and read ("read"), ISO 8601."""
        row = self.database.one(
            "SELECT max(added_at) FILTER (WHERE kind IN ('audio', 'video')) AS heard,"
            " max(added_at) FILTER (WHERE kind NOT IN ('audio', 'video')) AS read FROM documents"
        )
        assert row is not None
        return {"heard": row["heard"], "read": row["read"]}

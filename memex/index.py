"""The index: passages with their vectors, in LanceDB. A cache of the library.

The only module that knows lancedb. A table belongs to one identity (how
documents are cut, which model embeds them): another identity is another table,
so that a new model's vectors can be made while the old table is still searched.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import FTS, BTree, IvfRq

from memex import passages
from memex.errors import DiskFull, IndexDamaged, MemexError, StorageError
from memex.protocols import NO_FILTERS, Filters
from memex.types import Passage

if TYPE_CHECKING:
    from memex.protocols import Vectors

SCHEMA_VERSION: Final = 1
VECTOR_INDEX_FROM: Final = 5_000
"""Rows from which on vectors get an index; an exact scan is fast enough before."""
VECTOR_BITS: Final = 8
"""Bits of each component in the vector index: 40 MB for 100,000 passages, where the
vectors take 150 MB (`docs/decisions/vector-index.md`)."""
INDEX_CACHE: Final = 128 << 20
"""Bytes of index that stay in memory."""
METADATA_CACHE: Final = 32 << 20
"""Bytes of what LanceDB keeps about its files."""
STALE_ROWS: Final = 2_000
"""Rows outside the indices that are worth folding in."""
LONGEST_READ: Final = 30.0
"""Seconds that a purge waits for searches under way."""
READ_ROWS: Final = 1_000
"""Rows read at a time where all are read."""
_SOURCE: Final = re.compile(r", /\S+:\d+:\d+$")
"""Where in its source LanceDB noticed an error."""
PROBES: Final = 20
"""IVF partitions read for a query: all of them up to about 160,000 passages."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the rows of a table depend on besides the documents."""

    model: str
    """The embedder's name and revision."""
    dimension: int
    passages: int = passages.VERSION
    schema: int = SCHEMA_VERSION
    generation: int = 0
    """Raised by each rebuild, so that the old table serves until the new one is whole."""

    @property
    def table(self) -> str:
        """The table's name."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"passages-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in a candidate list, without its text."""

    id: str
    score: float
    """BM25, or (nearly) the cosine; comparable within one list."""
    row: int
    """Where it lies in the table until that is compacted: the quick way to its text."""

    @property
    def document_id(self) -> str:
        """The document that it belongs to."""
        return self.id.partition(":")[0]


class Index:
    """One table of passages. Methods may be called from several threads."""

    def __init__(self, directory: Path, identity: Identity) -> None:
        """Open, or create, the table of `identity`. Raises `IndexDamaged`, `StorageError`."""
        self.identity = identity
        self.directory = directory
        self._writing = threading.RLock()
        self._tidying = threading.RLock()
        self._reads = _Reads()
        with reading(self):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            session = lancedb.Session(INDEX_CACHE, METADATA_CACHE)
            database: Any = lancedb.connect(directory, session=session)
            if _identity(self._note()) == identity:
                self._table: Any = database.open_table(identity.table)
            else:  # or a crash came before it was whole
                drop(directory, identity)
                self._table = _create(database, identity)
                draft = self._note().with_suffix(".tmp")
                draft.write_text(json.dumps(asdict(identity)), encoding="utf-8")
                draft.rename(self._note())

    def _note(self) -> Path:
        return self.directory / f"{self.identity.table}.json"

    def __len__(self) -> int:
        return int(self._table.count_rows())

    def add(self, rows: Sequence[Passage], vectors: Vectors | None) -> None:
        """Add the passages of a document, all or none.

        `vectors` has shape (len(rows), dimension); None where the model that
        made this table is not at hand: such rows are found by their words only.
        """
        if rows:
            with writing(self), self._writing:
                self._table.add(self._columns(rows, vectors))

    def replace(
        self, document_ids: Sequence[str], rows: Sequence[Passage], vectors: Vectors | None
    ) -> None:
        """Put passages in the place of what is there of these documents: at every moment
        the ones or the others are found, but for where there are no vectors (merging takes
        none). Otherwise as `add`.
        """
        if not rows or vectors is None:
            self.remove(*document_ids)
            self.add(rows, vectors)
            return
        names = ", ".join(map(_quoted, document_ids))
        with writing(self), self._writing:
            (
                self._table.merge_insert("id")
                .when_matched_update_all()
                .when_not_matched_insert_all()
                .when_not_matched_by_source_delete(f"document_id IN ({names})")
                .execute(self._columns(rows, vectors))
            )

    def _columns(self, rows: Sequence[Passage], vectors: Vectors | None) -> Any:  # noqa: ANN401
        columns: dict[str, Any] = {
            name: [getattr(row, name) for row in rows] for name in Passage.__slots__
        }
        columns["indexed"] = [passages.indexed_text(row) for row in rows]
        columns["vector"] = [None] * len(rows) if vectors is None else _listed(vectors)
        return pa.table(columns, schema=self._table.schema)

    def remove(self, *document_ids: str) -> None:
        """Remove the passages of documents: no search finds them. See `purge`."""
        names = ", ".join(map(_quoted, document_ids))
        with writing(self), self._writing:
            self._table.delete(f"document_id IN ({names})")

    def documents(self) -> set[str]:
        """The ids of the documents that have passages here. Raises `IndexDamaged`."""
        with reading(self), self._reads.one():
            rows = self._table.search().select(["document_id"]).limit(len(self) or 1).to_arrow()
        return set(pa.compute.unique(rows["document_id"]).to_pylist())

    def lexical(self, query: str, limit: int, filters: Filters = NO_FILTERS) -> list[Candidate]:
        """The passages that score best by BM25, best first. Raises `IndexDamaged`."""
        found = self._table.search(query, query_type="fts", fts_columns="indexed")
        rows = self._narrowed(found, limit, filters, "_score")
        return [Candidate(row["id"], row["_score"], row["_rowid"]) for row in rows]

    def nearest(
        self, vector: Vectors, limit: int, filters: Filters = NO_FILTERS
    ) -> list[Candidate]:
        """The passages nearest to a unit vector of shape (dimension,), nearest first. Raises
        `IndexDamaged`.
        """
        found = self._table.search(vector).distance_type("dot").nprobes(PROBES)
        rows = self._narrowed(found, limit, filters, "_distance")
        return [Candidate(row["id"], 1 - row["_distance"], row["_rowid"]) for row in rows]

    def _narrowed(
        self,
        found: Any,  # noqa: ANN401 (untyped library)
        limit: int,
        filters: Filters,
        score: str,
    ) -> list[dict[str, Any]]:
        condition = _condition(filters)
        if condition:
            found = found.where(condition, prefilter=True)
        with reading(self), self._reads.one():
            rows = found.limit(limit).select(["id", score]).with_row_id(True).to_arrow()
        return list(rows.to_pylist())

    def passages(self, rows: Mapping[str, int]) -> dict[str, Passage]:
        """The passages of these ids; one that is gone is left out.

        `rows` has the row in which each was found. A row that was moved since then
        is nowhere (its number is not given again): it is looked up by its id.
        """
        with reading(self), self._reads.one():
            return self._passages(rows)

    def _passages(self, rows: Mapping[str, int]) -> dict[str, Passage]:
        names = list(Passage.__slots__)
        taken = self._table.take_row_ids(list(rows.values())).select(names).to_arrow().to_pylist()
        moved = rows.keys() - {row["id"] for row in taken}
        if moved:
            condition = f"id IN ({', '.join(map(_quoted, moved))})"
            found = self._table.search().where(condition).select(names).limit(len(moved))
            taken += found.to_arrow().to_pylist()
        return {row["id"]: Passage(**row) for row in taken}

    def optimise(self) -> None:
        """Fold new rows into the indices, build those that are due, drop old versions.

        Takes seconds on 100,000 passages; searches go on meanwhile. Raises `IndexDamaged`.
        """
        with self._tidying:
            if "vector_idx" not in self._built() and len(self) >= VECTOR_INDEX_FROM:
                self._index_vectors()
            with reading(self):
                self._table.optimize(cleanup_older_than=timedelta(minutes=1))

    def purge(self) -> None:
        """Take what was removed off the disk: rows, words and vectors, old versions.

        LanceDB only marks rows as deleted, and its indices keep what they had of
        them (`docs/decisions/forgetting.md`). Searches go on; `add` and `remove`
        wait while the rows are written anew, 4 to 8 s of the 18 s or more that 100,000
        passages take. Killed in the middle, the table is whole and the next purge does the rest.
        """
        with writing(self), self._tidying:
            with self._writing:
                self._drop_deleted_rows()
            _index_columns(self._table)
            self._drop_old_files()
            if not self._vectors_are_live():
                self._table.drop_index("vector_idx")
                if len(self) >= VECTOR_INDEX_FROM:
                    self._index_vectors()
                self._drop_old_files()

    def _drop_deleted_rows(self) -> None:
        """Write each file anew that holds rows which are marked as deleted."""
        files = self._table.to_lance().optimize
        files.compact_files(materialize_deletions=True, materialize_deletions_threshold=0.0)
        self._table.checkout_latest()

    def _drop_old_files(self) -> None:
        """Fold new rows into the indices, and drop all files but those of the newest version."""
        with self._writing:
            self._table.optimize()
            self._reads.wait_for_earlier(LONGEST_READ)
            self._table.to_lance().cleanup_old_versions(timedelta(0), delete_unverified=True)

    def _vectors_are_live(self) -> bool:
        """Whether the vector index has no codes of rows that are gone.

        It keeps them where all rows of a file were removed.
        """
        from lance.file import LanceFileReader  # noqa: PLC0415 (20 MB that only a purge needs)

        with self._writing:
            rows = self._table.search().with_row_id(True).select(["_rowid"]).limit(len(self) or 1)
            live = rows.to_arrow()["_rowid"].combine_chunks()
            table = self.directory / f"{self.identity.table}.lance"
            for file in table.glob("_indices/*/auxiliary.idx"):
                reader = LanceFileReader(str(file), columns=["_rowid"]).read_all()
                coded = reader.to_table()["_rowid"]
                if not pa.compute.all(pa.compute.is_in(coded, value_set=live)).as_py():
                    return False
        return True

    def _built(self) -> set[str]:
        return {index.name for index in self._table.list_indices()}

    def _index_vectors(self) -> None:
        config = IvfRq(distance_type="dot", num_bits=VECTOR_BITS)
        self._table.create_index("vector", config=config)

    def stale(self) -> int:
        """Rows that are not yet in the indices."""
        return max(
            (
                self._table.index_stats(index.name).num_unindexed_rows
                for index in self._table.list_indices()
            ),
            default=0,
        )

    def rows(self) -> Iterator[tuple[list[Passage], list[float | None]]]:
        """All rows, some at a time: passages, and the norms of their vectors (None where
        a row has none). Raises `IndexDamaged`.
        """
        names = list(Passage.__slots__)
        with reading(self):
            found = self._table.search().select([*names, "vector"]).limit(len(self) or 1)
            for batch in found.to_batches(READ_ROWS):
                column = batch.column("vector")
                vectors = column.flatten().to_numpy(zero_copy_only=False)
                norms = iter(np.linalg.norm(vectors.reshape(-1, self.identity.dimension), axis=1))
                yield (
                    [Passage(**row) for row in batch.select(names).to_pylist()],
                    [
                        float(next(norms)) if valid else None
                        for valid in column.is_valid().to_pylist()
                    ],
                )


class _Reads:
    """Counts the searches under way, so that their files are not taken from them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way: Counter[int] = Counter()
        self._era = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """For the time of a search."""
        with self._changed:
            era = self._era
            self._under_way[era] += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way[era] -= 1
                self._changed.notify_all()

    def wait_for_earlier(self, seconds: float) -> None:
        """Wait until those that have begun before this moment are done, no longer than so."""
        with self._changed:
            self._under_way += Counter()  # drops zeros
            earlier = list(self._under_way)
            self._era += 1
            self._changed.wait_for(
                lambda: not any(self._under_way[era] for era in earlier), seconds
            )


def identities(directory: Path) -> list[Identity]:
    """The identities of the tables that are there, oldest first. A table whose note is
    damaged counts as not there.
    """
    notes = sorted(directory.glob("passages-*.json"), key=lambda path: path.stat().st_mtime)
    found = []
    for note in notes:
        identity = _identity(note)
        if identity is None:
            _log.warning("%s is not whole: removed", note)
            note.unlink(missing_ok=True)
        else:
            found.append(identity)
    return found


def _identity(note: Path) -> Identity | None:
    """What stands in a note; None where it is not whole."""
    try:
        return Identity(**json.loads(note.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def drop(directory: Path, identity: Identity) -> None:
    """Remove a table."""
    (directory / f"{identity.table}.json").unlink(missing_ok=True)
    shutil.rmtree(directory / f"{identity.table}.lance", ignore_errors=True)


def sweep(directory: Path, identity: Identity) -> None:
    """Remove all tables but this one, and what was set aside."""
    for other in identities(directory):
        if other != identity:
            drop(directory, other)
    for table in directory.glob("passages-*.lance"):
        if table.stem != identity.table:
            shutil.rmtree(table, ignore_errors=True)
    shutil.rmtree(_aside(directory), ignore_errors=True)


def set_aside(directory: Path) -> None:
    """Make room for a new index where a damaged one lies. `sweep` removes it when the
    new one is whole. Raises `StorageError`.
    """
    aside = _aside(directory)
    try:
        shutil.rmtree(aside, ignore_errors=True)
        directory.rename(aside)
    except OSError as error:
        raise _storage_error(directory, error) from error


def _aside(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.damaged")


@contextmanager
def reading(index: Index) -> Iterator[None]:
    """Whatever LanceDB makes of damaged files is an `IndexDamaged`; a full disk is itself."""
    try:
        yield
    except MemexError:
        raise
    except Exception as error:  # panics of its Rust among them, of no public class
        told = _storage_error(index.directory, error)
        if isinstance(told, DiskFull):
            raise told from error
        raise IndexDamaged(told.message, "`memex verify` makes it again.") from error


@contextmanager
def writing(index: Index) -> Iterator[None]:
    """Whatever keeps LanceDB from writing is a `StorageError`."""
    try:
        yield
    except MemexError:
        raise
    except Exception as error:  # as in `reading`
        raise _storage_error(index.directory, error) from error


def _create(database: Any, identity: Identity) -> Any:  # noqa: ANN401 (untyped library)
    text, number = pa.string(), pa.int32()
    columns: Mapping[str, pa.DataType] = {
        "id": text,
        "document_id": text,
        "text": text,
        "title": text,
        "kind": text,
        "uri": text,
        "first": number,
        "last": number,
        "start": pa.float64(),
        "end": pa.float64(),
        "said_at": pa.timestamp("us", tz="UTC"),
        "speaker": text,
        "page": number,
        "heading": text,
        "indexed": text,
        "vector": pa.list_(pa.float32(), identity.dimension),
    }
    table = database.create_table(identity.table, schema=pa.schema(list(columns.items())))
    _index_columns(table)
    return table


def _index_columns(table: Any) -> None:  # noqa: ANN401 (untyped library)
    """Make the indices of the columns, in place of older ones; not that of the vectors."""
    table.create_index("indexed", config=FTS(stem=True, remove_stop_words=True))
    table.create_index("id", config=BTree())
    table.create_index("document_id", config=BTree())


def _listed(vectors: Vectors) -> Any:  # noqa: ANN401 (untyped library)
    """Vectors, shape (rows, dimension), as a column."""
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])


def _condition(filters: Filters) -> str:
    """The filters as LanceDB's SQL."""
    parts = [
        filters.kind and f"kind = {_quoted(filters.kind)}",
        filters.since and f"said_at >= {_timestamp(filters.since)}",
        filters.until and f"said_at < {_timestamp(filters.until)}",
        filters.speaker and f"contains(lower(speaker), {_quoted(filters.speaker.lower())})",
        filters.document_id and f"document_id = {_quoted(filters.document_id)}",
    ]
    return " AND ".join(part for part in parts if part)


def _timestamp(time: datetime) -> str:
    return f"timestamp '{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _storage_error(directory: Path, error: Exception) -> StorageError:
    if "No space left" in str(error) or "disk is full" in str(error):
        return DiskFull(f"No room is left on the disk of {directory}.", "Make room and try again.")
    said = _SOURCE.sub("", (str(error) or type(error).__name__).splitlines()[0])
    return StorageError(
        f"The index {directory} cannot be used: {said}.",
        "Mend its permissions, or rebuild it with `memex reindex`.",
    )

"""The index: passages with their vectors, in LanceDB. A cache of the library.

The only module that knows lancedb. A table belongs to one identity (how
documents are cut, which model embeds them): another identity is another table,
so that a new model's vectors can be made while the old table is still searched.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lancedb
import pyarrow as pa
from lancedb.index import FTS, BTree, IvfRq

from memex import passages
from memex.errors import DiskFull, StorageError
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
PROBES: Final = 20
"""IVF partitions read for a query: all of them up to about 160,000 passages."""


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
        """Open, or create, the table of `identity`. Raises `StorageError`."""
        self.identity = identity
        self._directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            session = lancedb.Session(INDEX_CACHE, METADATA_CACHE)
            database: Any = lancedb.connect(directory, session=session)
            if identity.table in database.list_tables().tables:
                self._table: Any = database.open_table(identity.table)
            else:
                self._table = _create(database, identity)
                self._note().write_text(json.dumps(asdict(identity)), encoding="utf-8")
        except (OSError, RuntimeError, ValueError) as error:
            raise _storage_error(directory, error) from error

    def _note(self) -> Path:
        return self._directory / f"{self.identity.table}.json"

    def __len__(self) -> int:
        return int(self._table.count_rows())

    def add(self, rows: Sequence[Passage], vectors: Vectors | None) -> None:
        """Add the passages of a document, all or none.

        `vectors` has shape (len(rows), dimension); None where the model that
        made this table is not at hand: such rows are found by their words only.
        """
        if not rows:
            return
        schema = self._table.schema
        columns: dict[str, Any] = {
            name: [getattr(row, name) for row in rows] for name in Passage.__slots__
        }
        columns["indexed"] = [passages.indexed_text(row) for row in rows]
        columns["vector"] = [None] * len(rows) if vectors is None else list(vectors)
        try:
            self._table.add(pa.table(columns, schema=schema))
        except (OSError, RuntimeError) as error:
            raise _storage_error(self._directory, error) from error

    def remove(self, document_id: str) -> None:
        """Remove the passages of a document."""
        self._table.delete(f"document_id = {_quoted(document_id)}")

    def documents(self) -> set[str]:
        """The ids of the documents that have passages here."""
        rows = self._table.search().select(["document_id"]).limit(len(self) or 1).to_arrow()
        return set(pa.compute.unique(rows["document_id"]).to_pylist())

    def lexical(self, query: str, limit: int, filters: Filters = NO_FILTERS) -> list[Candidate]:
        """The passages that score best by BM25, best first."""
        found = self._table.search(query, query_type="fts", fts_columns="indexed")
        rows = self._narrowed(found, limit, filters, "_score")
        return [Candidate(row["id"], row["_score"], row["_rowid"]) for row in rows]

    def nearest(
        self, vector: Vectors, limit: int, filters: Filters = NO_FILTERS
    ) -> list[Candidate]:
        """The passages nearest to a unit vector of shape (dimension,), nearest first."""
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
        rows = found.limit(limit).select(["id", score]).with_row_id(True).to_arrow()
        return list(rows.to_pylist())

    def passages(self, rows: Mapping[str, int]) -> dict[str, Passage]:
        """The passages of these ids; one that is gone is left out.

        `rows` has the row in which each was found. A row that was moved since then
        is nowhere (its number is not given again): it is looked up by its id.
        """
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

        Takes seconds on 100,000 passages; searches go on meanwhile.
        """
        built = {index.name for index in self._table.list_indices()}
        if "vector_idx" not in built and len(self) >= VECTOR_INDEX_FROM:
            config = IvfRq(distance_type="dot", num_bits=VECTOR_BITS)
            self._table.create_index("vector", config=config)
        self._table.optimize(cleanup_older_than=timedelta(minutes=1))

    def stale(self) -> int:
        """Rows that are not yet in the indices."""
        return max(
            (
                self._table.index_stats(index.name).num_unindexed_rows
                for index in self._table.list_indices()
            ),
            default=0,
        )


def identities(directory: Path) -> list[Identity]:
    """The identities of the tables that are there, oldest first."""
    notes = sorted(directory.glob("passages-*.json"), key=lambda path: path.stat().st_mtime)
    return [Identity(**json.loads(note.read_text(encoding="utf-8"))) for note in notes]


def drop(directory: Path, identity: Identity) -> None:
    """Remove a table."""
    (directory / f"{identity.table}.json").unlink(missing_ok=True)
    shutil.rmtree(directory / f"{identity.table}.lance", ignore_errors=True)


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
    table.create_index("indexed", config=FTS(stem=True, remove_stop_words=True))
    table.create_index("id", config=BTree())
    table.create_index("document_id", config=BTree())
    return table


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
    return StorageError(
        f"The index {directory} cannot be used: {str(error).splitlines()[0]}.",
        "Mend its permissions, or rebuild it with `memex reindex`.",
    )

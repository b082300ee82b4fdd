"""The index: passages with their vectors, in LanceDB. A cache of the library.

The only package that knows lancedb. A table belongs to one identity (how
documents are cut, which model embeds them): another identity is another table,
so that a new model's vectors can be made while the old table is still searched.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import IvfRq

from memex import passages
from memex.index.columns import create, index_columns, listed, matching, narrowing, quoted
from memex.index.faults import reading, writing
from memex.index.reads import Reads
from memex.index.tables import Identity, drop, identities, noted, set_aside, sweep
from memex.protocols import NO_FILTERS, Filters
from memex.types import Passage

if TYPE_CHECKING:
    from memex.protocols import Vectors

__all__ = ["Candidate", "Identity", "Index", "identities", "reading", "set_aside", "sweep"]

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
PROBES: Final = 20
"""IVF partitions read for a query: all of them up to about 160,000 passages."""


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
        self._reads = Reads()
        note = identity.note(directory)
        with reading(directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            session = lancedb.Session(INDEX_CACHE, METADATA_CACHE)
            database: Any = lancedb.connect(directory, session=session)
            if noted(note) == identity:
                self._table: Any = database.open_table(identity.table)
            else:  # or a crash came before it was whole
                drop(directory, identity)
                self._table = create(database, identity)
                draft = note.with_suffix(".tmp")
                draft.write_text(json.dumps(asdict(identity)), encoding="utf-8")
                draft.rename(note)

    def __len__(self) -> int:
        return int(self._table.count_rows())

    def add(self, rows: Sequence[Passage], vectors: Vectors | None) -> None:
        """Add the passages of a document, all or none.

        `vectors` has shape (len(rows), dimension); None where the model that
        made this table is not at hand: such rows are found by their words only.
        """
        if rows:
            with writing(self.directory), self._writing:
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
        names = ", ".join(map(quoted, document_ids))
        with writing(self.directory), self._writing:
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
        columns["vector"] = [None] * len(rows) if vectors is None else listed(vectors)
        return pa.table(columns, schema=self._table.schema)

    def remove(self, *document_ids: str) -> None:
        """Remove the passages of documents: no search finds them. See `purge`."""
        names = ", ".join(map(quoted, document_ids))
        with writing(self.directory), self._writing:
            self._table.delete(f"document_id IN ({names})")

    def documents(self) -> set[str]:
        """The ids of the documents that have passages here. Raises `IndexDamaged`."""
        with reading(self.directory), self._reads.one():
            rows = self._table.search().select(["document_id"]).limit(len(self) or 1).to_arrow()
        return set(pa.compute.unique(rows["document_id"]).to_pylist())

    def lexical(self, query: str, limit: int, filters: Filters = NO_FILTERS) -> list[Candidate]:
        """The passages that score best by BM25, best first. Raises `IndexDamaged`."""
        return self.lexical_with(query, {}, limit, filters)

    def lexical_with(
        self,
        query: str,
        others: Mapping[str, float],
        limit: int,
        filters: Filters = NO_FILTERS,
    ) -> list[Candidate]:
        """As `lexical`, where other words count too: a passage that has all words of one of
        the `others` scores so many times its BM25 more. One search, whatever their number.
        Raises `IndexDamaged`.
        """
        asked = matching(query, others)
        found = self._table.search(asked, query_type="fts", fts_columns="indexed")
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
        condition = narrowing(filters)
        if condition:
            found = found.where(condition, prefilter=True)
        with reading(self.directory), self._reads.one():
            rows = found.limit(limit).select(["id", score]).with_row_id(True).to_arrow()
        return list(rows.to_pylist())

    def passages(self, rows: Mapping[str, int]) -> dict[str, Passage]:
        """The passages of these ids; one that is gone is left out.

        `rows` has the row in which each was found. A row that was moved since then
        is nowhere (its number is not given again): it is looked up by its id.
        """
        with reading(self.directory), self._reads.one():
            return self._passages(rows)

    def _passages(self, rows: Mapping[str, int]) -> dict[str, Passage]:
        names = list(Passage.__slots__)
        taken = self._table.take_row_ids(list(rows.values())).select(names).to_arrow().to_pylist()
        moved = rows.keys() - {row["id"] for row in taken}
        if moved:
            condition = f"id IN ({', '.join(map(quoted, moved))})"
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
            with reading(self.directory):
                self._table.optimize(cleanup_older_than=timedelta(minutes=1))

    def purge(self) -> None:
        """Take what was removed off the disk: rows, words and vectors, old versions.

        LanceDB only marks rows as deleted, and its indices keep what they had of
        them (`docs/decisions/forgetting.md`). Searches go on; `add` and `remove`
        wait while the rows are written anew, 4 to 8 s of the 18 s or more that 100,000
        passages take. Killed in the middle, the table is whole and the next purge does the rest.
        """
        with writing(self.directory), self._tidying:
            with self._writing:
                self._drop_deleted_rows()
            index_columns(self._table)
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
        with reading(self.directory):
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

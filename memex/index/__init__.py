"""The index: passages with their vectors, in LanceDB. A cache of the library.

The only package that knows lancedb. A table belongs to one identity (how
documents are cut, which model embeds them): another identity is another table,
so that a new model's vectors can be made while the old table is still searched.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lancedb
import numpy as np
import pyarrow as pa

from memex import folding, passages
from memex.index.columns import create, index_columns, listed, meant, narrowing, quoted, said
from memex.index.faults import reading, writing
from memex.index.reads import Reads
from memex.index.tables import Identity, drop, identities, noted, set_aside, sweep
from memex.protocols import NO_FILTERS, Filters
from memex.types import Passage

if TYPE_CHECKING:
    from memex.protocols import Vectors

__all__ = ["Candidate", "Identity", "Index", "identities", "reading", "set_aside", "sweep"]

PROBES: Final = 48
"""Partitions that are read for a query, the nearest: all of them up to 390,000 passages."""
ALL: Final = 1_000_000
"""Partitions where filters narrow: what they leave may lie anywhere."""
MEASURED: Final = 30
"""Candidates, the nearest, whose scores are measured by their vectors themselves."""
DEEP: Final = 1_000
"""Rows of each list where two are added up."""
INDEX_CACHE: Final = 128 << 20
"""Bytes of index that stay in memory, at least."""
INDEX_ROW: Final = 640
"""Bytes of index for a row: all of it stays in memory."""
METADATA_CACHE: Final = 32 << 20
"""Bytes of what LanceDB keeps about its files."""
LONGEST_READ: Final = 30.0
"""Seconds that a purge waits for searches under way."""
READ_ROWS: Final = 1_000
"""Rows read at a time where all are read."""
_PASSAGE: Final = Passage.__slots__
"""The columns of a passage."""


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
            if noted(note) != identity:  # or a crash came before it was whole
                drop(directory, identity)
                create(lancedb.connect(directory), identity)
                draft = note.with_suffix(".tmp")
                draft.write_text(json.dumps(asdict(identity)), encoding="utf-8")
                draft.rename(note)
            self._cache = 0
            self._table: Any = self._opened(INDEX_CACHE)
            self._has_signs = "signs" in self._table.schema.names
            """A table of an older schema, which is searched while another is made, has none."""
            self._freshen()

    @property
    def path(self) -> Path:
        """Where the table lies."""
        return self.directory / f"{self.identity.table}.lance"

    def _opened(self, cache: int) -> Any:  # noqa: ANN401 (untyped library)
        """The table, with so many bytes for its indices."""
        self._cache = cache
        session = lancedb.Session(cache, METADATA_CACHE)
        return lancedb.connect(self.directory, session=session).open_table(self.identity.table)

    def _freshen(self) -> None:
        """Search the newest version, with room for its indices."""
        with self._writing:  # or what is written meanwhile goes by a handle that is put away
            self._table.checkout_latest()
            needed = len(self) * INDEX_ROW
            if needed > self._cache:
                self._table = self._opened(needed + needed // 4)
            self._approximate = folding.VECTOR_INDEX in self._built()

    def __len__(self) -> int:
        return int(self._table.count_rows())

    def add(
        self, rows: Sequence[Passage], vectors: Vectors | None, signs: Sequence[bytes] = ()
    ) -> None:
        """Add the passages of a document, all or none.

        `vectors` has shape (len(rows), dimension); None where the model that
        made this table is not at hand: such rows are found by their words only.
        `signs` has those of each row (`memex.tokens`), where the model tells them.
        """
        if rows:
            with writing(self.directory), self._writing:
                self._table.add(self._columns(rows, vectors, signs))

    def replace(
        self,
        document_ids: Sequence[str],
        rows: Sequence[Passage],
        vectors: Vectors | None,
        signs: Sequence[bytes] = (),
    ) -> None:
        """Put passages in the place of what is there of these documents: at every moment
        the ones or the others are found, but for where there are no vectors (merging takes
        none). Otherwise as `add`.
        """
        if not rows or vectors is None:
            self.remove(*document_ids)
            self.add(rows, vectors, signs)
            return
        names = ", ".join(map(quoted, document_ids))
        with writing(self.directory), self._writing:
            (
                self._table.merge_insert("id")
                .when_matched_update_all()
                .when_not_matched_insert_all()
                .when_not_matched_by_source_delete(f"document_id IN ({names})")
                .execute(self._columns(rows, vectors, signs))
            )

    def _columns(
        self, rows: Sequence[Passage], vectors: Vectors | None, signs: Sequence[bytes]
    ) -> Any:  # noqa: ANN401 (untyped library)
        columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _PASSAGE}
        columns["indexed"] = [passages.indexed_text(row) for row in rows]
        columns["vector"] = [None] * len(rows) if vectors is None else listed(vectors)
        if self._has_signs:
            columns["signs"] = signs or [None] * len(rows)
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
        if not others:
            matching = self._matching(said(query), limit, filters, ["id"])
            return [Candidate(row["id"], row["_score"], row["_rowid"]) for row in matching]
        scores: Counter[int] = Counter()
        for asked in (said(query), meant(others)):
            for row in self._matching(asked, max(limit, DEEP), filters, []):
                scores[row["_rowid"]] += row["_score"]
        best = dict(scores.most_common(limit))
        with reading(self.directory), self._reads.one():
            rows = self._taken(list(best), "id")
        names = dict(zip(rows["_rowid"].to_pylist(), rows["id"].to_pylist(), strict=True))
        return [Candidate(names[row], score, row) for row, score in best.items() if row in names]

    def _matching(
        self,
        asked: Any,  # noqa: ANN401 (untyped library)
        limit: int,
        filters: Filters,
        columns: Sequence[str],
    ) -> list[dict[str, Any]]:
        found = self._table.search(asked, query_type="fts", fts_columns="indexed")
        return self._narrowed(found, limit, narrowing(filters), [*columns, "_score"])

    def nearest(
        self,
        vector: Vectors,
        limit: int,
        filters: Filters = NO_FILTERS,
        *,
        exact: bool = False,
    ) -> list[Candidate]:
        """The passages nearest to a unit vector of shape (dimension,), nearest first; all are
        looked at where it shall be `exact`. Raises `IndexDamaged`.
        """
        condition = narrowing(filters)
        probes = ALL if condition else PROBES
        found = self._table.search(vector).distance_type("dot").nprobes(probes)
        if exact:
            found = found.bypass_vector_index()
        rows = self._narrowed(found, limit, condition, ["id", "_distance"])
        near = [Candidate(row["id"], 1 - row["_distance"], row["_rowid"]) for row in rows]
        if self._approximate and not exact:
            near[:MEASURED] = self._measured(vector, near[:MEASURED])
            near.sort(key=lambda candidate: -candidate.score)
        return near

    def _measured(self, vector: Vectors, near: Sequence[Candidate]) -> list[Candidate]:
        """The same with their cosines; one whose row was moved meanwhile stays as it is."""
        with reading(self.directory), self._reads.one():
            rows = self._taken([each.row for each in near], "vector")
        vectors = rows["vector"].combine_chunks().flatten().to_numpy()
        cosines = (vectors.reshape(-1, self.identity.dimension) @ vector).tolist()
        found = dict(zip(rows["_rowid"].to_pylist(), cosines, strict=True))
        return [replace(each, score=found.get(each.row, each.score)) for each in near]

    def _taken(self, rows: Sequence[int], column: str) -> Any:  # noqa: ANN401 (untyped library)
        """A column of these rows, in any order, with their numbers; what is gone is left out."""
        return self._table.take_row_ids(list(rows)).select([column]).with_row_id().to_arrow()

    def _narrowed(
        self,
        found: Any,  # noqa: ANN401 (untyped library)
        limit: int,
        condition: str,
        columns: Sequence[str],
    ) -> list[dict[str, Any]]:
        if condition:
            found = found.where(condition, prefilter=True)
        with reading(self.directory), self._reads.one():
            rows = found.limit(limit).select(list(columns)).with_row_id(True).to_arrow()
        return list(rows.to_pylist())

    def passages(self, rows: Mapping[str, int]) -> dict[str, Passage]:
        """The passages of these ids; one that is gone is left out.

        `rows` has the row in which each was found. A row that was moved since then
        is nowhere (its number is not given again): it is looked up by its id.
        """
        return {row["id"]: Passage(**row) for row in self._rows(rows, _PASSAGE)}

    def read(self, rows: Mapping[str, int]) -> dict[str, tuple[Passage, bytes]]:
        """The same with the signs of each; empty where it has none."""
        columns = [*_PASSAGE, "signs"] if self._has_signs else _PASSAGE
        found = {}
        for row in self._rows(rows, columns):
            signs = row.pop("signs", None) or b""
            found[row["id"]] = Passage(**row), signs
        return found

    def named(self, ids: Collection[str]) -> dict[str, Passage]:
        """The passages of these ids, looked up; one that is gone is left out."""
        with reading(self.directory), self._reads.one():
            return {row["id"]: Passage(**row) for row in self._looked_up(ids, _PASSAGE)}

    def _rows(self, rows: Mapping[str, int], columns: Sequence[str]) -> list[dict[str, Any]]:
        with reading(self.directory), self._reads.one():
            taken = self._table.take_row_ids(list(rows.values())).select(list(columns))
            found: list[dict[str, Any]] = taken.to_arrow().to_pylist()
            moved = rows.keys() - {row["id"] for row in found}
            return found + self._looked_up(moved, columns)

    def _looked_up(self, ids: Collection[str], columns: Sequence[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        condition = f"id IN ({', '.join(map(quoted, ids))})"
        found = self._table.search().where(condition).select(list(columns))
        return list(found.limit(len(ids)).to_arrow().to_pylist())

    def optimise(self) -> None:
        """Fold new rows into the indices, build those that are due, drop old versions.

        A tenth of a second for some hundred rows, a minute where the vectors of a million are
        indexed; searches and writes go on meanwhile. Raises `IndexDamaged`.
        """
        with self.tidied(), reading(self.directory):
            folding.optimise(self._table.to_lance())

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """While files and indices are made anew, here or by another process: one at a time."""
        with self._tidying, reading(self.directory):
            self._table.checkout_latest()
            yield
            self._freshen()

    def check(self) -> None:
        """Read every index whole. Raises `IndexDamaged`."""
        with reading(self.directory), self._reads.one():
            for name in self._built():
                self._table.prewarm_index(name)

    def wants_vectors(self) -> bool:
        """Whether the vectors have no index, and are too many to be without. Raises
        `IndexDamaged`.
        """
        with reading(self.directory):
            return not self._approximate and len(self) >= folding.VECTOR_INDEX_FROM

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
                self._table.drop_index(folding.VECTOR_INDEX)
                self._drop_old_files()

    def _drop_deleted_rows(self) -> None:
        """Write each file anew that holds rows which are marked as deleted."""
        files = self._table.to_lance().optimize
        files.compact_files(
            target_rows_per_fragment=folding.FILES[-1][0],
            materialize_deletions=True,
            materialize_deletions_threshold=0.0,
        )
        self._table.checkout_latest()

    def _drop_old_files(self) -> None:
        """Fold new rows into the indices, and drop all files but those of the newest version."""
        with self._writing:
            self._table.checkout_latest()
            folding.tidy(self._table.to_lance())
            self._freshen()
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
            for file in self.path.glob("_indices/*/auxiliary.idx"):
                reader = LanceFileReader(str(file), columns=["_rowid"]).read_all()
                coded = reader.to_table()["_rowid"]
                if not pa.compute.all(pa.compute.is_in(coded, value_set=live)).as_py():
                    return False
        return True

    def _built(self) -> set[str]:
        return {index.name for index in self._table.list_indices()}

    def stale(self) -> int:
        """Rows that are not yet in the indices. Raises `IndexDamaged`."""
        with reading(self.directory):
            names = self._built()
            return max((self._table.index_stats(n).num_unindexed_rows for n in names), default=0)

    def rows(self) -> Iterator[tuple[list[Passage], list[float | None]]]:
        """All rows, some at a time: passages, and the norms of their vectors (None where
        a row has none). Raises `IndexDamaged`.
        """
        names = list(_PASSAGE)
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

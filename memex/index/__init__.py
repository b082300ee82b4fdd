"""The index: passages with their vectors, in LanceDB. A cache of the library.

The only package that knows LanceDB, which writes, and the Lance beneath it, which searches in
half the time (`docs/decisions/vector-index.md`). A table belongs to one identity (how
documents are cut, which model embeds them): another identity is another table,
so that a new model's vectors can be made while the old table is still searched.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lance
import numpy as np
import pyarrow as pa

from memex import folding
from memex.index.columns import listed, passages_in, quoted, row_columns, whole
from memex.index.faults import reading, writing
from memex.index.reads import Reads
from memex.index.snapshot import Candidate, Row, Snapshot
from memex.index.tables import Identity, drop, identities, noted, set_aside, sweep
from memex.types import Passage

if TYPE_CHECKING:
    from memex.index.writer import Writer
    from memex.protocols import Vectors

__all__ = [
    "Candidate",
    "Identity",
    "Index",
    "Row",
    "Snapshot",
    "identities",
    "reading",
    "set_aside",
    "sweep",
]

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


class Index:
    """One table of passages. Methods may be called from several threads."""

    def __init__(self, directory: Path, identity: Identity) -> None:
        """Open, or create, the table of `identity`. Raises `IndexDamaged`, `StorageError`."""
        self.identity = identity
        self.directory = directory
        self._writing = threading.RLock()
        self._tidying = threading.RLock()
        self._reads = Reads()
        self._writer: Writer | None = None
        note = identity.note(directory)
        with reading(directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if noted(note) != identity:  # or a crash came before it was whole
                drop(directory, identity)
                self._make()
                draft = note.with_suffix(".tmp")
                draft.write_text(json.dumps(asdict(identity)), encoding="utf-8")
                draft.rename(note)
            self._session = _session(INDEX_CACHE)
            self._cache = INDEX_CACHE
            self._data = self._newest()
            self._freshen()

    @property
    def path(self) -> Path:
        """Where the table lies."""
        return self.directory / f"{self.identity.table}.lance"

    def _make(self) -> None:
        from memex.index.writer import create  # noqa: PLC0415 (see there)

        create(self.directory, self.identity)

    @contextmanager
    def _written(self) -> Iterator[Writer]:
        """What writes; what it has written is found from then on."""
        with writing(self.directory), self._writing:
            self._writer = self._writer or self._writer_of_its_own()
            yield self._writer
            self._data = self._newest()

    def _writer_of_its_own(self) -> Writer:
        from memex.index.writer import Writer  # noqa: PLC0415 (see there)

        return Writer(self.directory, self.identity)

    def _newest(self) -> lance.LanceDataset:
        return lance.dataset(self.path, session=self._session)

    def _freshen(self) -> None:
        """Search the newest version, with room for its indices."""
        with self._writing:  # or what is written meanwhile is not found
            self._data = self._newest()
            needed = len(self) * INDEX_ROW
            if needed > self._cache:
                self._cache = needed + needed // 4
                self._session = _session(self._cache)
                self._data = self._newest()
            self._approximate = folding.VECTOR_INDEX in self._built()

    def __len__(self) -> int:
        return self._data.count_rows()

    def add(
        self, rows: Sequence[Passage], vectors: Vectors | None, signs: Sequence[bytes] = ()
    ) -> None:
        """Add the passages of a document, all or none.

        `vectors` has shape (len(rows), dimension); None where the model that
        made this table is not at hand: such rows are found by their words only.
        `signs` has those of each row (`memex.tokens`), where the model tells them.
        """
        if rows:
            with self._written() as writer:
                writer.add(self._columns(rows, vectors, signs))

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
        with self._written() as writer:
            writer.replace(_of(document_ids), self._columns(rows, vectors, signs))

    def _columns(
        self, rows: Sequence[Passage], vectors: Vectors | None, signs: Sequence[bytes]
    ) -> pa.Table:
        """As they are written into this table, which may be an older one, that is searched while
        another is made.
        """
        none = [None] * len(rows)
        columns = {
            **row_columns(rows),
            "vector": none if vectors is None else listed(vectors),
            "signs": signs or none,
        }
        schema = self._data.schema
        return pa.table({name: columns[name] for name in schema.names}, schema=schema)

    def remove(self, *document_ids: str) -> None:
        """Remove the passages of documents: no search finds them. See `purge`."""
        with self._written() as writer:
            writer.remove(_of(document_ids))

    def documents(self) -> set[str]:
        """The ids of the documents that have passages here. Raises `IndexDamaged`."""
        with self._read() as data:
            rows = data.to_table(columns=["document_id"])
        return set(pa.compute.unique(rows["document_id"]).to_pylist())

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What is there now, to be searched."""
        with self._reads.one():
            yield Snapshot(self._data, self.directory, approximate=self._approximate)

    def named(self, ids: Collection[str]) -> dict[str, Passage]:
        """The passages of these ids; one that is gone is left out. Raises `IndexDamaged`."""
        if not ids:
            return {}
        condition = f"id IN ({', '.join(map(quoted, ids))})"
        with self._read() as data:
            rows = data.to_table(columns=whole(data.schema.names), filter=condition)
        return {passage.id: passage for passage in passages_in(rows)}

    @contextmanager
    def _read(self) -> Iterator[lance.LanceDataset]:
        """The newest version, whose files stay as long as it is read. Raises `IndexDamaged`."""
        with reading(self.directory), self._reads.one():
            yield self._data

    def optimise(self) -> None:
        """Fold new rows into the indices, build those that are due, drop old versions.

        A tenth of a second for some hundred rows, a minute where the vectors of a million are
        indexed; searches and writes go on meanwhile. Raises `IndexDamaged`.
        """
        with self.tidied():
            folding.optimise(self._newest())

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """While files and indices are made anew, here or by another process: one at a time."""
        with self._tidying, reading(self.directory):
            yield
            self._freshen()

    def check(self) -> None:
        """Read every index whole. Raises `IndexDamaged`."""
        with self._read() as data:
            for name in self._built():
                data.prewarm_index(name)

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
            self._writer_of_its_own().index_columns()  # others write meanwhile
            self._drop_old_files()
            if not self._vectors_are_live():
                self._newest().drop_index(folding.VECTOR_INDEX)
                self._drop_old_files()

    def _drop_deleted_rows(self) -> None:
        """Write each file anew that holds rows which are marked as deleted."""
        self._newest().optimize.compact_files(
            target_rows_per_fragment=folding.FILES[-1][0],
            materialize_deletions=True,
            materialize_deletions_threshold=0.0,
        )

    def _drop_old_files(self) -> None:
        """Fold new rows into the indices, and drop all files but those of the newest version."""
        with self._writing:
            folding.tidy(self._newest())
            self._freshen()
            self._reads.wait_for_earlier(LONGEST_READ)
            self._newest().cleanup_old_versions(timedelta(0), delete_unverified=True)

    def _vectors_are_live(self) -> bool:
        """Whether the vector index has no codes of rows that are gone.

        It keeps them where all rows of a file were removed.
        """
        from lance.file import LanceFileReader  # noqa: PLC0415 (20 MB that only a purge needs)

        with self._writing:
            rows = self._newest().to_table(columns=[], with_row_id=True)
            live = rows["_rowid"].combine_chunks()
            for file in self.path.glob("_indices/*/auxiliary.idx"):
                reader = LanceFileReader(str(file), columns=["_rowid"]).read_all()
                coded = reader.to_table()["_rowid"]
                if not pa.compute.all(pa.compute.is_in(coded, value_set=live)).as_py():
                    return False
        return True

    def _built(self) -> set[str]:
        return {index.name for index in self._data.describe_indices()}

    def stale(self) -> int:
        """Rows that are not yet in the indices. Raises `IndexDamaged`."""
        with reading(self.directory):
            told = [self._data.stats.index_stats(name) for name in self._built()]
            return max((each["num_unindexed_rows"] for each in told), default=0)

    def rows(self) -> Iterator[tuple[list[Passage], list[float | None]]]:
        """All rows, some at a time: passages, and the norms of their vectors (None where
        a row has none). Raises `IndexDamaged`.
        """
        with reading(self.directory):
            names = whole(self._data.schema.names)
            for batch in self._data.to_batches([*names, "vector"], batch_size=READ_ROWS):
                column = batch.column("vector")
                vectors = column.flatten().to_numpy(zero_copy_only=False)
                norms = iter(np.linalg.norm(vectors.reshape(-1, self.identity.dimension), axis=1))
                yield (
                    list(passages_in(batch)),
                    [
                        float(next(norms)) if valid else None
                        for valid in column.is_valid().to_pylist()
                    ],
                )


def _of(document_ids: Sequence[str]) -> str:
    """The passages of documents, as LanceDB's SQL."""
    return f"document_id IN ({', '.join(map(quoted, document_ids))})"


def _session(cache: int) -> Any:  # noqa: ANN401 (its class has no public type)
    """What keeps so many bytes of a table's indices in memory, whatever its version."""
    return lance.Session(cache, METADATA_CACHE)  # type: ignore[attr-defined]  # lance imports it

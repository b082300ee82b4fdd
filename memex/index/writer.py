"""Writing into a table, and making one: LanceDB. Importing it takes 1.4 s of a core and 100 MB,
which who only searches can do without.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import lancedb
import pyarrow as pa
from lancedb.index import FTS, BTree

from memex.index.tables import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping


def create(directory: Path, identity: Identity) -> None:
    """Make the table of an identity, empty, with its indices; that of the vectors comes later."""
    text = pa.string()
    columns: Mapping[str, pa.DataType] = {
        "id": text,
        "document_id": text,
        "kind": text,
        "said_at": pa.timestamp("us", tz="UTC"),
        "speaker": text,
        "passage": text,
        "indexed": text,
        "vector": pa.list_(pa.float32(), identity.dimension),
        "signs": pa.binary(),
    }
    database = lancedb.connect(directory)
    table = database.create_table(identity.table, schema=pa.schema(list(columns.items())))
    _index_columns(table)


def _index_columns(table: Any) -> None:  # noqa: ANN401 (untyped library)
    table.create_index("indexed", config=FTS(stem=True, remove_stop_words=True))
    table.create_index("id", config=BTree())
    table.create_index("document_id", config=BTree())


class Writer:
    """One table, to be written into, by one thread at a time. Raises whatever LanceDB does."""

    def __init__(self, directory: Path, identity: Identity) -> None:
        self._table: Any = lancedb.connect(directory).open_table(identity.table)

    def add(self, rows: pa.Table) -> None:
        """Add rows, all or none."""
        self._newest().add(rows)

    def replace(self, condition: str, rows: pa.Table) -> None:
        """Put rows in the place of those under a condition, at one blow."""
        (
            self._newest()
            .merge_insert("id")
            .when_matched_update_all()
            .when_not_matched_insert_all()
            .when_not_matched_by_source_delete(condition)
            .execute(rows)
        )

    def remove(self, condition: str) -> None:
        """Mark the rows under a condition as deleted."""
        self._newest().delete(condition)

    def index_columns(self) -> None:
        """Make the indices of the columns, in place of older ones; not that of the vectors."""
        _index_columns(self._newest())

    def _newest(self) -> Any:  # noqa: ANN401 (untyped library)
        """The table as another process may have left it."""
        self._table.checkout_latest()
        return self._table

"""The columns of a table, their indices, and conditions on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from lancedb.index import FTS, BTree
from lancedb.query import BooleanQuery, FullTextOperator, MatchQuery, Occur

from memex.index.tables import Identity
from memex.protocols import Filters

if TYPE_CHECKING:
    from memex.protocols import Vectors


def create(database: Any, identity: Identity) -> Any:  # noqa: ANN401 (untyped library)
    """Make the table of an identity, empty, with its indices; that of the vectors comes later."""
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
        "signs": pa.binary(),
    }
    table = database.create_table(identity.table, schema=pa.schema(list(columns.items())))
    index_columns(table)
    return table


def index_columns(table: Any) -> None:  # noqa: ANN401 (untyped library)
    """Make the indices of the columns, in place of older ones; not that of the vectors."""
    table.create_index("indexed", config=FTS(stem=True, remove_stop_words=True))
    table.create_index("id", config=BTree())
    table.create_index("document_id", config=BTree())


def listed(vectors: Vectors) -> Any:  # noqa: ANN401 (untyped library)
    """Vectors, shape (rows, dimension), as a column."""
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])


def said(query: str) -> MatchQuery:
    """What has words of a query. By itself, since this alone is searched without looking at
    every passage that has one of them.
    """
    match: Any = MatchQuery  # mypy does not see the defaults of its fields
    asked: MatchQuery = match(query, "indexed")
    return asked


def meant(others: Mapping[str, float]) -> MatchQuery | BooleanQuery:
    """What has all words of one of the `others`: these with their weights."""
    match: Any = MatchQuery
    each = [
        match(words, "indexed", boost=weight, operator=FullTextOperator.AND)
        for words, weight in others.items()
    ]
    return each[0] if len(each) == 1 else BooleanQuery([(Occur.SHOULD, one) for one in each])


def narrowing(filters: Filters) -> str:
    """The filters as LanceDB's SQL."""
    parts = [
        filters.kinds and f"kind IN ({', '.join(map(quoted, filters.kinds))})",
        filters.since and f"said_at >= {_timestamp(filters.since)}",
        filters.until and f"said_at < {_timestamp(filters.until)}",
        filters.speaker and f"contains(lower(speaker), {quoted(filters.speaker.lower())})",
        filters.document_id and f"document_id = {quoted(filters.document_id)}",
    ]
    return " AND ".join(part for part in parts if part)


def _timestamp(time: datetime) -> str:
    return f"timestamp '{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"


def quoted(text: str) -> str:
    """A text as LanceDB's SQL."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"

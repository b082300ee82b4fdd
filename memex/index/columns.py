"""What the columns of a table are filled with, and what is asked of them.

What a search gives back of a passage stands in one column, as JSON: to read fourteen takes
three times as long. Beside it are those by which passages are looked up and narrowed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from lance.query import BooleanQuery, FullTextOperator, MatchQuery, Occur

from memex import passages
from memex.protocols import Filters
from memex.types import Passage

if TYPE_CHECKING:
    from memex.protocols import Vectors

FIELDS: Final = Passage.__slots__
"""The columns of a passage, in tables of before it was one."""


def row_columns(rows: Sequence[Passage]) -> dict[str, Any]:
    """Passages as columns, those of older tables among them; not their vectors and signs."""
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in FIELDS}
    columns["indexed"] = [passages.indexed_text(row) for row in rows]
    columns["passage"] = [_packed(row) for row in rows]
    return columns


def whole(names: Collection[str]) -> list[str]:
    """Those of a table's columns that have what there is to be read of a passage, and its signs."""
    return [name for name in ("passage", "signs") if name in names] + (
        [] if "passage" in names else list(FIELDS)
    )


def passages_in(rows: pa.Table | pa.RecordBatch) -> Iterable[Passage]:
    """What stands in rows of which the `whole` columns were read."""
    if "passage" in rows.schema.names:
        return map(_unpacked, rows.column("passage").to_pylist())
    return (Passage(**row) for row in rows.select(FIELDS).to_pylist())


def _packed(passage: Passage) -> str:
    fields = {name: value for name, value in asdict(passage).items() if value is not None}
    return json.dumps(fields, default=datetime.isoformat, ensure_ascii=False)


def _unpacked(text: str) -> Passage:
    fields = json.loads(text)
    if said_at := fields.get("said_at"):
        fields["said_at"] = datetime.fromisoformat(said_at)
    return Passage(**fields)


def listed(vectors: Vectors) -> Any:  # noqa: ANN401 (untyped library)
    """Vectors, shape (rows, dimension), as a column."""
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])


def said(query: str) -> MatchQuery:
    """What has words of a query. By itself, since this alone is searched without looking at
    every passage that has one of them.
    """
    return MatchQuery(query, "indexed")


def meant(others: Mapping[str, float]) -> MatchQuery | BooleanQuery:
    """What has all words of one of the `others`: these with their weights."""
    each = [
        MatchQuery(words, "indexed", boost=weight, operator=FullTextOperator.AND)
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
        filters.documents is not None and _among(filters.documents),
    ]
    return " AND ".join(part for part in parts if part)


def _among(documents: Collection[str]) -> str:
    return f"document_id IN ({', '.join(map(quoted, documents))})" if documents else "FALSE"


def _timestamp(time: datetime) -> str:
    return f"timestamp '{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"


def quoted(text: str) -> str:
    """A text as LanceDB's SQL."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"

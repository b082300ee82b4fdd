"""An index, looked into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lance
import lancedb

from memex.index import Index
from memex.protocols import NO_FILTERS, Filters
from memex.types import Passage


def by_words(
    index: Index,
    query: str,
    limit: int = 10,
    filters: Filters = NO_FILTERS,
    others: Mapping[str, float] | None = None,
) -> list[Passage]:
    """The passages of the lexical list."""
    with index.snapshot() as rows:
        return rows.passages(rows.lexical(query, limit, filters, others))


def by_sense(
    index: Index,
    vector: Any,  # noqa: ANN401 (an array)
    limit: int = 10,
    filters: Filters = NO_FILTERS,
    *,
    exact: bool = False,
) -> list[Passage]:
    """The passages of the list by vectors."""
    with index.snapshot() as rows:
        return rows.passages(rows.nearest(vector, limit, filters, exact=exact))


def table(index: Index) -> Any:  # noqa: ANN401 (untyped library)
    """Its table, as LanceDB has it; what is written there is found when it was optimised."""
    return lancedb.connect(index.directory).open_table(index.identity.table)


def dataset(index: Index) -> lance.LanceDataset:
    """The same, as Lance has it."""
    return lance.dataset(index.path)

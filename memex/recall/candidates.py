"""The second stage: lists of candidates, each by its own evidence."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Final

from memex.index import Candidate, Snapshot
from memex.protocols import Filters, Tokens

if TYPE_CHECKING:
    from memex.protocols import Vectors

DEPTH: Final = 100
"""Candidates of each list."""


def lexical(
    rows: Snapshot,
    query: str,
    others: Mapping[str, float],
    filters: Filters,
    limit: int = DEPTH,
) -> list[Candidate]:
    """By the words of the query, and by `others` with what each is worth: BM25, best first."""
    return rows.lexical(query, limit, filters, others)


def vector(
    rows: Snapshot, embedding: Vectors, filters: Filters, limit: int = DEPTH
) -> list[Candidate]:
    """By its sense: cosine with the query's embedding, nearest first."""
    return rows.nearest(embedding, limit, filters)


def gather(
    rows: Snapshot,
    embedding: Future[tuple[Vectors, Tokens | None]] | None,
    query: str,
    others: Mapping[str, float],
    filters: Filters,
    executor: Executor,
    limit: int = DEPTH,
) -> dict[str, list[Candidate]]:
    """All lists, side by side. Without an embedding there is only the lexical one."""
    by_words = executor.submit(lexical, rows, query, others, filters, limit)
    by_sense = vector(rows, embedding.result()[0], filters, limit) if embedding else []
    return {"lexical": by_words.result(), "vector": by_sense}

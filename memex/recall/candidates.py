"""The second stage: lists of candidates, each by its own evidence."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Final

from memex.index import Candidate, Index
from memex.protocols import Embedder, Filters

DEPTH: Final = 100
"""Candidates of each list."""


def lexical(
    index: Index,
    query: str,
    others: Mapping[str, float],
    filters: Filters,
    limit: int = DEPTH,
) -> list[Candidate]:
    """By the words of the query, and by `others` with what each is worth: BM25, best first."""
    return index.lexical_with(query, others, limit, filters)


def vector(
    index: Index, embedder: Embedder, query: str, filters: Filters, limit: int = DEPTH
) -> list[Candidate]:
    """By its sense: cosine of the embeddings, nearest first."""
    if not query.strip():
        return []
    return index.nearest(embedder.encode_query(query), limit, filters)


def gather(
    index: Index,
    embedder: Embedder | None,
    query: str,
    others: Mapping[str, float],
    filters: Filters,
    executor: Executor,
    limit: int = DEPTH,
) -> dict[str, list[Candidate]]:
    """All lists, side by side. Without an embedder there is only the lexical one."""
    by_words = executor.submit(lexical, index, query, others, filters, limit)
    by_sense = vector(index, embedder, query, filters, limit) if embedder else []
    return {"lexical": by_words.result(), "vector": by_sense}

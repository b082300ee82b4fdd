"""Recall: candidates, fusion, serving; one stage a module.

(A ranker is to come, and with it the use of `understand` and `spelling`: `docs/architecture.md`.)
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Final

from memex.index import Index
from memex.protocols import Embedder, Filters
from memex.recall.candidates import DEPTH, gather
from memex.recall.fuse import fuse
from memex.recall.serve import serve
from memex.types import Hit

SPARE: Final = 10
"""Passages fetched beyond the limit, to take the places of near-duplicates."""


def recall(
    index: Index,
    embedder: Embedder | None,
    query: str,
    *,
    limit: int,
    filters: Filters,
    executor: Executor,
) -> list[Hit]:
    """The passages that answer the query best, best first, at most `limit`.

    `executor` runs the candidate lists side by side.
    """
    lists = gather(index, embedder, query, filters, executor, max(DEPTH, limit))
    wanted = fuse(lists)[: limit + SPARE]
    rows = {candidate.id: candidate.row for found in lists.values() for candidate in found}
    return serve(wanted, index.passages({fused.id: rows[fused.id] for fused in wanted}), limit)


__all__ = ["recall"]

"""A version of a table, to be searched: nothing in it moves, and its files stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lance
import pyarrow as pa

from memex.index.columns import meant, narrowing, passages_in, said, whole
from memex.index.faults import reading
from memex.protocols import NO_FILTERS, Filters
from memex.types import Passage

if TYPE_CHECKING:
    from lance.query import FullTextQuery

    from memex.protocols import Vectors

PROBES: Final = 64
"""Partitions that are read for a query, the nearest: all of them up to 520,000 passages."""
ALL: Final = 1_000_000
"""Partitions where filters narrow: what they leave may lie anywhere."""
MEASURED: Final = 30
"""Candidates, the nearest, whose scores are measured by their vectors themselves."""
DEEP: Final = 1_000
"""Rows of each list where two are added up."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in a candidate list, not read yet."""

    row: int
    """Where it lies in this version of the table."""
    score: float
    """BM25, or (nearly) the cosine; comparable within one list."""


@dataclass(frozen=True, slots=True)
class Row:
    """A passage that was read."""

    passage: Passage
    signs: bytes
    """Of its words (`memex.tokens`); empty where it has none."""


class Snapshot:
    """Methods may be called from several threads; each raises `IndexDamaged`."""

    def __init__(self, data: lance.LanceDataset, directory: Path, *, approximate: bool) -> None:
        """Of the index in a directory; `approximate` where its vectors have an index."""
        self._data = data
        self._directory = directory
        self._approximate = approximate

    def lexical(
        self,
        query: str,
        limit: int,
        filters: Filters = NO_FILTERS,
        others: Mapping[str, float] | None = None,
    ) -> list[Candidate]:
        """The passages that score best by BM25, best first. One that has all words of one of the
        `others` scores so many times its BM25 more.
        """
        if not others:
            rows = self._matching(said(query), limit, filters)
            return [Candidate(row, score) for row, score in rows.items()]
        scores: Counter[int] = Counter()
        for asked in (said(query), meant(others)):
            scores.update(self._matching(asked, max(limit, DEEP), filters))
        return [Candidate(row, score) for row, score in scores.most_common(limit)]

    def _matching(self, asked: FullTextQuery, limit: int, filters: Filters) -> dict[int, float]:
        return self._listed("_score", limit, narrowing(filters), full_text_query=asked)

    def nearest(
        self,
        vector: Vectors,
        limit: int,
        filters: Filters = NO_FILTERS,
        *,
        exact: bool = False,
    ) -> list[Candidate]:
        """The passages nearest to a unit vector of shape (dimension,), nearest first; all are
        looked at where it shall be `exact`.
        """
        condition = narrowing(filters)
        asked = {
            "column": "vector",
            "q": vector,
            "k": limit,
            "metric": "dot",
            "nprobes": ALL if condition else PROBES,
            "use_index": not exact,
        }
        rows = self._listed("_distance", limit, condition, nearest=asked)
        near = [Candidate(row, 1 - distance) for row, distance in rows.items()]
        if self._approximate and not exact:
            near[:MEASURED] = self._measured(vector, near[:MEASURED])
            near.sort(key=lambda candidate: -candidate.score)
        return near

    def _measured(self, vector: Vectors, near: Sequence[Candidate]) -> list[Candidate]:
        """The same with their cosines."""
        rows = self._taken([each.row for each in near], ["vector"])
        vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(-1, len(vector))
        cosines = dict(zip(rows["_rowid"].to_pylist(), (vectors @ vector).tolist(), strict=True))
        return [replace(each, score=cosines[each.row]) for each in near]

    def read(self, rows: Iterable[int]) -> dict[int, Row]:
        """What stands in some rows."""
        names = whole(self._data.schema.names)
        there = self._taken(list(rows), names)
        signs = there["signs"].to_pylist() if "signs" in names else [b""] * len(there)
        return {
            row: Row(passage, of_it or b"")
            for row, passage, of_it in zip(
                there["_rowid"].to_pylist(), passages_in(there), signs, strict=True
            )
        }

    def passages(self, found: Sequence[Candidate]) -> list[Passage]:
        """Those of a candidate list, in its order."""
        there = self.read(each.row for each in found)
        return [there[each.row].passage for each in found]

    def _listed(
        self,
        score: str,
        limit: int,
        condition: str,
        **asked: Any,  # noqa: ANN401 (what Lance searches by)
    ) -> dict[int, float]:
        """Rows with their scores, best first."""
        with reading(self._directory):
            found = self._data.scanner(
                [score], condition or None, limit, prefilter=True, with_row_id=True, **asked
            ).to_table()
        return dict(zip(found["_rowid"].to_pylist(), found[score].to_pylist(), strict=True))

    def _taken(self, rows: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Columns of these rows, in any order, with their numbers."""
        wanted = f"_rowid IN ({', '.join(map(str, rows))})" if rows else "FALSE"
        with reading(self._directory):
            return self._data.to_table(columns=list(columns), filter=wanted, with_row_id=True)

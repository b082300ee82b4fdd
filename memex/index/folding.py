"""Keeping a table quick: few files, and few indices that have all of its rows.

Each write is a file of its own, and its rows are in no index until they are folded in.
LanceDB's own `optimize` makes the whole full-text index again each time (22 s of a core
where there are a million rows). Here new rows get small indices beside the large ones,
and those are merged as they grow (`docs/decisions/vector-index.md`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

os.environ.setdefault("LANCE_INCLUDE_VECTOR_CENTROIDS", "false")  # or it warns each time

KEPT: Final = timedelta(minutes=10)
"""How long files are kept that the newest version has no use for: somebody may read them."""
GROWTH: Final = 4
"""An index is merged with the newer ones once they have a share of one in so many of its rows."""
FILES: Final = ((256, 1), (4_096, 16), (65_536, 16))
"""Rows of the files that smaller ones are made into, and how many of these are left alone."""


def clean(dataset: Any) -> None:  # noqa: ANN401 (untyped library)
    """Remove the files of old versions."""
    dataset.cleanup_old_versions(KEPT)


def compact(dataset: Any) -> None:  # noqa: ANN401 (untyped library)
    """Make few files of many small ones."""
    for rows, few in FILES:
        if sum(file.physical_rows < rows for file in dataset.get_fragments()) > few:
            dataset.optimize.compact_files(target_rows_per_fragment=rows)


def fold(dataset: Any, name: str) -> None:  # noqa: ANN401 (untyped library)
    """Take the rows that an index does not have yet into it."""
    told = dataset.stats.index_stats(name)
    new = told["num_unindexed_rows"]
    if new:
        merged = outgrown(told["num_indexed_rows_per_delta"], new)
        dataset.optimize.optimize_indices(index_names=[name], num_indices_to_merge=merged)


def rows_of_a_partition(dataset: Any) -> float:  # noqa: ANN401 (untyped library)
    """Rows of a partition of the vector index, in the mean; 0 where there is none."""
    if not any(index.name == "vector_idx" for index in dataset.describe_indices()):
        return 0.0
    parts = dataset.stats.index_stats("vector_idx")["indices"]
    return float(dataset.count_rows() / parts[0]["num_partitions"])


def outgrown(sizes: Sequence[int], new: int) -> int:
    """How many of the newest parts of an index are merged with `new` rows.

    `sizes` are the rows of each, oldest first. Each part that is left is more than
    `GROWTH` times as large as all that are newer, so there are few, and a row is written
    again a few times only.
    """
    merged = 0
    for size in reversed(sizes):
        if size > GROWTH * new:
            break
        merged, new = merged + 1, new + size
    return merged

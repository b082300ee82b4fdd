"""Keeping a table quick: few files, and few indices that have all of its rows.

Each write is a file of its own, and its rows are in no index until they are folded in.
LanceDB's own `optimize` makes the whole full-text index again each time (22 s of a core
where there are a million rows). Here new rows get small indices beside the large ones,
and those are merged as they grow (`docs/decisions/vector-index.md`).

This module is a program, too: what folds in the background (`memex.index.upkeep`) starts
often, and importing LanceDB, which it can do without, takes as long as a fold.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("LANCE_INCLUDE_VECTOR_CENTROIDS", "false")  # or it warns each time

VECTOR_INDEX: Final = "vector_idx"
"""Its name."""
VECTOR_INDEX_FROM: Final = 5_000
"""Rows from which on vectors get an index; an exact scan is fast enough before."""
VECTOR_BITS: Final = 7
"""Bits of each component in the vector index: 34 MB for 100,000 passages, where the
vectors take 150 MB (`docs/decisions/vector-index.md`)."""
PARTITION_ROWS: Final = 8_192
"""Rows of a partition of the vector index when it is made."""
OVERGROWN: Final = 4
"""It is made again when its partitions have so many times as many."""
KEPT: Final = timedelta(minutes=10)
"""How long files are kept that the newest version has no use for: somebody may read them."""
GROWTH: Final = 4
"""An index is merged with the newer ones once they have a share of one in so many of its rows."""
FILES: Final = ((256, 1), (4_096, 16), (65_536, 16))
"""Rows of the files that smaller ones are made into, and how many of these are left alone."""


def optimise(dataset: Any) -> None:  # noqa: ANN401 (untyped library)
    """Drop old versions, make few files, build the vector index where it is due, and take new
    rows into the others. Each step is whole: killed, the rest is done the next time.
    """
    clean(dataset)
    tidy(dataset)


def tidy(dataset: Any) -> None:  # noqa: ANN401 (untyped library)
    """`optimise`, but for the old versions."""
    if _vectors_are_due(dataset):
        index_vectors(dataset)
    compact(dataset)
    for index in dataset.describe_indices():
        newest = dataset.checkout_version(dataset.latest_version)
        fold(newest, index.name)


def index_vectors(dataset: Any) -> None:  # noqa: ANN401 (untyped library)
    """Make the index of the vectors (again)."""
    dataset.create_index(
        "vector",
        "IVF_RQ",
        name=VECTOR_INDEX,
        metric="dot",
        replace=True,
        num_bits=VECTOR_BITS,
        target_partition_size=PARTITION_ROWS,
    )


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


def _vectors_are_due(dataset: Any) -> bool:  # noqa: ANN401 (untyped library)
    """Whether their index is missing, or its partitions have become too large."""
    rows: int = dataset.count_rows()
    if not any(index.name == VECTOR_INDEX for index in dataset.describe_indices()):
        return rows >= VECTOR_INDEX_FROM
    parts = dataset.stats.index_stats(VECTOR_INDEX)["indices"]
    return rows > OVERGROWN * PARTITION_ROWS * int(parts[0]["num_partitions"])


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


def main(arguments: Sequence[str]) -> None:
    """The process that folds: the folder of a table. It ends when its standard input does."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(19)
    (table,) = arguments
    import lance  # noqa: PLC0415 (what only folds elsewhere has a table from LanceDB)

    optimise(lance.dataset(Path(table)))


def _end_with_parent() -> None:
    while os.read(0, 1):  # not `sys.stdin`, whose lock would be held at the end
        pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])

"""New rows get into the indices without the large ones being made again."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from memex import folding
from memex.folding import GROWTH, outgrown
from memex.index import Identity, Index, snapshot
from memex.passages import split
from memex.protocols import Filters
from memex.types import Passage
from tests.documents import document
from tests.index.looking import by_sense, by_words, dataset

DIMENSION = 32


def rows(first: int, count: int) -> list[Passage]:
    kinds = ("note", *["mail"] * 19)
    numbers = range(first, first + count)
    return [split(document(f"Word{n} among others.", kind=kinds[n % 20]))[0] for n in numbers]


def vectors(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    drawn = np.random.default_rng(0).normal(size=(count, DIMENSION)).astype(np.float32)
    unit: np.ndarray[tuple[int, int], np.dtype[np.float32]] = drawn / np.linalg.norm(
        drawn, axis=1, keepdims=True
    )
    return unit


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """2,000 rows, with an index of vectors of many partitions."""
    monkeypatch.setattr(folding, "VECTOR_INDEX_FROM", 1_000)
    monkeypatch.setattr(folding, "PARTITION_ROWS", 256)
    made = Index(tmp_path, Identity("random", DIMENSION))
    made.add(rows(0, 2_000), vectors(2_500)[:2_000])
    made.optimise()
    return made


def parts(index: Index) -> list[int]:
    told = dataset(index).stats.index_stats("indexed_idx")
    return list(told["num_indexed_rows_per_delta"])


def test_new_rows_get_an_index_beside_the_large_one(index: Index) -> None:
    large = {file.parent for file in index.directory.rglob("part_*_invert.lance")}
    for first in (2_000, 2_020, 2_040):
        index.add(rows(first, 20), vectors(2_500)[first : first + 20])
        index.optimise()
    assert index.stale() == 0
    assert parts(index) == [2_000, 60]
    assert all(folder.exists() for folder in large)
    assert by_words(index, "word2041", 3)[0].id == rows(2_041, 1)[0].id
    assert by_sense(index, vectors(2_500)[2_059], 3)[0].id == rows(2_059, 1)[0].id


def test_an_index_is_merged_when_what_is_new_is_a_share_of_it(index: Index) -> None:
    index.add(rows(2_000, 500), vectors(2_500)[2_000:])
    index.optimise()
    assert parts(index) == [2_500]
    found = {one.id for one in by_words(index, "word1 word2499", 3)}
    assert found == {rows(1, 1)[0].id, rows(2_499, 1)[0].id}


def test_however_much_comes_an_index_has_few_parts() -> None:
    sizes: list[int] = []
    written = 0
    for _ in range(5_000):
        merged = outgrown(sizes, 200)
        kept = len(sizes) - merged
        sizes = [*sizes[:kept], sum(sizes[kept:]) + 200]
        written += sizes[-1]
        assert len(sizes) <= 8
        assert all(old > GROWTH * new for old, new in itertools.pairwise(sizes))
    assert sum(sizes) == 1_000_000
    assert written < 60 * 1_000_000  # a row is written again some tens of times


def test_the_nearest_are_found_exactly_also_where_a_filter_leaves_few(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "PROBES", 6)  # of eight partitions
    for filters in (Filters(), Filters(kinds=("note",))):
        shares = []
        for query in vectors(2_500)[2_000:2_100]:
            found = {one.id for one in by_sense(index, query, 100, filters)[:10]}
            exact = {one.id for one in by_sense(index, query, 10, filters, exact=True)}
            assert len(exact) == 10
            shares.append(len(found & exact) / 10)
        # Random vectors are harder than real ones; where a filter narrows, all are looked at.
        assert np.mean(shares) >= (0.99 if filters.kinds else 0.8)


def test_many_small_files_become_few(index: Index) -> None:
    for first in range(2_000, 2_040):
        index.add(rows(first, 1), vectors(2_500)[first : first + 1])
    assert len(dataset(index).get_fragments()) > 40
    index.optimise()
    assert len(dataset(index).get_fragments()) == 2
    assert len(index) == 2_040
    assert by_words(index, "word2039", 3)[0].id == rows(2_039, 1)[0].id

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from evals.bm25 import Bm25
from evals.corpus import Part, parts
from evals.dataset import Query, RecallSet, Unit, find_sets, read_recall_set
from evals.recall import as_row, comparisons, measure
from evals.searchers import Searcher
from memex.types import Passage


class InOrder:
    """Ranks the passages as they stand in the corpus."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages

    def search(self, query: str, limit: int) -> Sequence[Passage]:
        return self.passages[:limit]


@contextmanager
def two_methods(part: Part) -> Iterator[Mapping[str, Searcher]]:
    yield {"bm25": Bm25(part.passages), "memex": InOrder(part.passages)}


def unit(group: str, session: str, at: int, text: str) -> Unit:
    return Unit(f"{session}/{at}", group, session, "reading", "", None, None, text)


def query(group: str, text: str, *evidence: str) -> Query:
    return Query(f"{group}/{text}", group, text, frozenset(evidence), "factoid")


def small_set() -> RecallSet:
    units = (
        unit("g", "a", 0, "A dog barked at the postman."),
        unit("g", "b", 0, "The harpsichord was tuned in March."),
        unit("h", "c", 0, "We sailed around the island."),
        unit("h", "c", 1, ""),
    )
    queries = (
        query("g", "when was the harpsichord tuned", "b/0"),
        query("h", "who sailed", "c/0", "c/1"),
    )
    return RecallSet("small", units, queries)


def test_pooled_searches_everything_at_once() -> None:
    result = measure(small_set(), "pooled", two_methods)
    assert (result.n, result.passages) == (2, 3)
    assert result.rows["bm25"].values("recall@1") == [1, 1]
    assert result.rows["memex"].values("MRR") == pytest.approx([1 / 2, 1 / 3])
    assert result.rows["memex"].values("recall@5") == [1, 1]


def test_group_searches_only_the_questions_own() -> None:
    result = measure(small_set(), "group", two_methods)
    assert (result.n, result.passages) == (2, 3)
    assert result.rows["memex"].values("MRR") == pytest.approx([1 / 2, 1])


def test_a_unit_without_text_belongs_to_the_one_before() -> None:
    part = next(part for part in parts(small_set(), "group") if part.queries[0].group == "h")
    (passage,) = part.passages
    assert part.units(passage) == {"c/0", "c/1"}


def test_figures_are_written_with_words_and_comparisons() -> None:
    result = measure(small_set(), "pooled", two_methods)
    row = as_row(result)
    assert row["words_per_hit"] == {"bm25": pytest.approx(5.5), "memex": pytest.approx(17 / 3)}
    difference = comparisons(result)["memex - bm25"]["nDCG@10"]
    assert difference["low"] <= difference["mean"] < 0


def test_real_set_has_its_published_size_and_every_unit_is_covered(shared: Path) -> None:
    names = [folder.name for folder in find_sets(shared / "recall")]
    assert "locomo" in names
    assert "changelog" not in names  # it has no questions
    data = read_recall_set(shared / "recall" / "locomo")
    assert (len(data.units), len(data.queries)) == (2773, 744)
    (part,) = parts(data, "pooled")
    covered = frozenset().union(*map(part.units, part.passages))
    assert covered == {one.id for one in data.units}


def test_bm25_finds_what_it_is_known_to_find(shared: Path) -> None:
    # A figure of hit@10 86 is on record for other cuts of the same sessions.
    data = read_recall_set(shared / "recall" / "locomo")
    (part,) = parts(data, "pooled")
    searcher = Bm25(part.passages)
    found = sum(
        any(part.units(hit) & query.evidence for hit in searcher.search(query.text, 10))
        for query in data.queries
    )
    assert found / len(data.queries) > 0.8

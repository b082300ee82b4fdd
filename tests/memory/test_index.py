from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.index import Identity, Index
from memex.passages import split
from memex.protocols import Filters
from memex.testing import DIMENSION, WordLengths
from memex.types import Document
from tests.documents import BREAD, ESSAY, TALK

EMBEDDER = WordLengths()


@pytest.fixture
def index(tmp_path: Path) -> Index:
    index = Index(tmp_path, Identity("word-lengths", DIMENSION))
    for document in (ESSAY, BREAD, TALK):
        add(index, document)
    return index


def add(index: Index, document: Document) -> None:
    passages = split(document)
    index.add(passages, EMBEDDER.encode_documents([passage.text for passage in passages]))


def test_found_by_words_inflected_and_in_any_case(index: Index) -> None:
    assert index.lexical("BAKING loaves", 10)[0].document_id == BREAD.id


def test_found_by_the_title_which_is_not_part_of_the_text(index: Index) -> None:
    (passage,) = split(BREAD)
    assert "bread" not in passage.text.lower()
    assert index.lexical("bread", 10)[0].document_id == BREAD.id


def test_found_before_and_after_optimising(index: Index) -> None:
    before = index.lexical("memex desk", 10)
    index.optimise()
    assert [c.id for c in index.lexical("memex desk", 10)] == [c.id for c in before]
    assert index.stale() == 0


def test_nearest_has_the_cosine(index: Index) -> None:
    (passage,) = split(BREAD)
    nearest = index.nearest(EMBEDDER.encode_query(passage.text), 3)
    assert nearest[0].document_id == BREAD.id
    assert nearest[0].score == pytest.approx(1.0, abs=1e-5)
    assert nearest == sorted(nearest, key=lambda candidate: -candidate.score)


def test_a_passage_comes_back_as_it_was(index: Index) -> None:
    (passage,) = split(TALK)
    assert index.passages([passage.id, "gone:0"]) == {passage.id: passage}


@pytest.mark.parametrize(
    ("filters", "documents"),
    [
        (Filters(kind="audio"), {TALK.id}),
        (Filters(since=datetime(2026, 2, 1, tzinfo=UTC), kind="note"), {ESSAY.id}),
        (Filters(until=datetime(2026, 2, 1, tzinfo=UTC)), {BREAD.id}),
        (Filters(speaker="ben"), {TALK.id}),
        (Filters(document_id=BREAD.id), {BREAD.id}),
        (Filters(kind="it's not a kind"), set()),
    ],
)
def test_filters_narrow_both_lists(index: Index, filters: Filters, documents: set[str]) -> None:
    by_sense = index.nearest(EMBEDDER.encode_query("a b c"), 10, filters)
    by_words = index.lexical("rose loaf memex", 10, filters)
    assert {candidate.document_id for candidate in by_sense} == documents
    assert {candidate.document_id for candidate in by_words} == documents


@pytest.mark.parametrize("query", ["", "  ", "the of and", 'AND ("', "*", "a" * 5000, "\x00", "🦊"])
def test_odd_queries_find_nothing_and_break_nothing(index: Index, query: str) -> None:
    assert index.lexical(query, 10) == []


def test_a_removed_document_is_not_found(index: Index) -> None:
    index.remove(BREAD.id)
    assert index.lexical("loaf", 10) == []
    assert index.documents() == {ESSAY.id, TALK.id}


def test_rows_without_vectors_are_found_by_their_words(tmp_path: Path) -> None:
    index = Index(tmp_path, Identity("absent", DIMENSION))
    index.add(split(BREAD), None)
    assert index.lexical("loaf", 10)[0].document_id == BREAD.id
    assert index.nearest(EMBEDDER.encode_query("a"), 10) == []

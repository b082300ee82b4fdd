from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import lancedb
import numpy as np
import pytest

from memex import folding
from memex.index import Identity, Index, identities
from memex.passages import split
from memex.protocols import NO_FILTERS, Filters
from memex.testing import DIMENSION, WordLengths
from memex.types import Document
from tests.documents import BREAD, ESSAY, TALK, document

EMBEDDER = WordLengths()


@pytest.fixture
def index(tmp_path: Path) -> Index:
    index = Index(tmp_path, Identity("word-lengths", DIMENSION))
    for remembered in (ESSAY, BREAD, TALK):
        add(index, remembered)
    return index


def add(index: Index, document: Document) -> None:
    passages = split(document)
    index.add(passages, EMBEDDER.encode_documents([passage.text for passage in passages]))


def test_found_by_words_inflected_and_in_any_case(index: Index) -> None:
    assert index.lexical("BAKING loaves", 10)[0].document_id == BREAD.id


def test_a_query_in_quotes_is_searched_by_its_words(index: Index) -> None:
    assert index.lexical('"baking loaves"', 10) == index.lexical("baking loaves", 10) != []


def test_found_by_the_title_which_is_not_part_of_the_text(index: Index) -> None:
    (passage,) = split(BREAD)
    assert "bread" not in passage.text.lower()
    assert index.lexical("bread", 10)[0].document_id == BREAD.id


def test_found_before_and_after_optimising(index: Index) -> None:
    before = index.lexical("memex desk", 10)
    index.optimise()
    assert [c.id for c in index.lexical("memex desk", 10)] == [c.id for c in before]
    assert index.stale() == 0


def test_signs_come_back_as_they_were_also_when_their_row_moved(index: Index) -> None:
    (passage,) = split(TALK)
    rows = {each.id: each.row for each in index.lexical("roses", 10)}
    assert index.read(rows) == {passage.id: (passage, b"")}
    index.replace([TALK.id], [passage], EMBEDDER.encode_documents([passage.text]), [b"\x00\xff"])
    rows = {each.id: each.row for each in index.lexical("roses", 10)}
    assert index.read({**rows, "gone:0": 99}) == {passage.id: (passage, b"\x00\xff")}
    index.optimise()
    assert index.read(rows) == {passage.id: (passage, b"\x00\xff")}
    assert index.read({}) == {}


def test_a_table_from_before_there_were_signs_is_searched_and_written(index: Index) -> None:
    lancedb.connect(index.directory).open_table(index.identity.table).drop_columns(["signs"])
    older = Index(index.directory, index.identity)
    (passage,) = split(TALK)
    older.replace([TALK.id], [passage], EMBEDDER.encode_documents([passage.text]), [b"\x00"])
    rows = {each.id: each.row for each in older.lexical("roses", 10)}
    assert older.read(rows) == {passage.id: (passage, b"")}


def test_nearest_has_the_cosine(index: Index) -> None:
    (passage,) = split(BREAD)
    nearest = index.nearest(EMBEDDER.encode_query(passage.text), 3)
    assert nearest[0].document_id == BREAD.id
    assert nearest[0].score == pytest.approx(1.0, abs=1e-5)
    assert nearest == sorted(nearest, key=lambda candidate: -candidate.score)


def test_a_passage_comes_back_as_it_was_also_when_its_row_moved(index: Index) -> None:
    (passage,) = split(TALK)
    found = index.lexical("roses", 10)
    rows = {candidate.id: candidate.row for candidate in found}
    assert rows.keys() == {passage.id}
    assert index.passages(rows) == {passage.id: passage}
    index.optimise()
    assert index.lexical("roses", 10)[0].row != rows[passage.id]
    assert index.passages(rows) == {passage.id: passage}
    assert index.passages({**rows, "gone:0": 99}) == {passage.id: passage}
    assert index.passages({}) == {}


@pytest.mark.parametrize(
    ("filters", "documents"),
    [
        (Filters(kinds=("audio",)), {TALK.id}),
        (Filters(since=datetime(2026, 2, 1, tzinfo=UTC), kinds=("note",)), {ESSAY.id}),
        (Filters(until=datetime(2026, 2, 1, tzinfo=UTC)), {BREAD.id}),
        (Filters(speaker="ben"), {TALK.id}),
        (Filters(document_id=BREAD.id), {BREAD.id}),
        (Filters(kinds=("it's not a kind",)), set()),
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


def test_the_vector_index_finds_what_an_exact_search_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "VECTOR_INDEX_FROM", 1_000)
    random = np.random.default_rng(0)
    dimension = 64
    index = Index(tmp_path, Identity("random", dimension))
    vectors = random.normal(size=(1_300, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kinds = ["note", "mail"]
    documents = [document(f"Text {n}.", kind=kinds[n % 2]) for n in range(len(vectors))]
    rows = [split(one)[0] for one in documents]

    def found(query: int, filters: Filters = NO_FILTERS) -> list[str]:
        return [candidate.id for candidate in index.nearest(vectors[query], 10, filters)]

    def exact(query: int, among: list[int]) -> list[str]:
        best = sorted(among, key=lambda n: -float(vectors[n] @ vectors[query]))
        return [rows[n].id for n in best[:10]]

    def shared(among: list[int], filters: Filters = NO_FILTERS) -> float:
        """Mean share of the ten nearest that are found, the nearest of all among them."""
        shares = []
        for query in range(20, 40):
            got, wanted = found(query, filters), exact(query, among)
            assert got[0] == wanted[0]
            assert len(got) == len(set(got)) == 10
            shares.append(len(set(got) & set(wanted)) / 10)
        return sum(shares) / len(shares)

    index.add(rows[:1_200], vectors[:1_200])
    index.optimise()
    assert "vector_idx" in {one.name for one in index._table.list_indices()}
    assert shared(list(range(1_200))) >= 0.9  # 0.945 to 0.99 in many runs

    index.add(rows[1_200:], vectors[1_200:])
    index.add(split(BREAD), None)
    index.remove(rows[0].document_id)
    there = list(range(1, 1_300))
    for _ in ("before", "after"):
        assert shared(there) >= 0.9
        assert rows[0].id not in found(0)
        mail = [n for n in there if n % 2]
        got = found(7, Filters(kinds=("mail",)))
        assert {one.kind for one in rows if one.id in got} == {"mail"}
        assert len(set(got) & set(exact(7, mail))) >= 8
        index.optimise()
    assert index.stale() == 0


def test_a_table_that_was_left_half_made_is_made_again(index: Index, tmp_path: Path) -> None:
    note = next(tmp_path.glob("passages-*.json"))
    note.write_text("", encoding="utf-8")  # a crash came before it was on the disk
    assert identities(tmp_path) == []
    again = Index(tmp_path, index.identity)
    assert len(again) == 0
    add(again, BREAD)
    assert again.lexical("loaf", 10)[0].document_id == BREAD.id
    assert identities(tmp_path) == [index.identity]


def test_other_words_count_with_their_weight_in_one_search(index: Index) -> None:
    plain = index.lexical("hypertext", 10)
    assert index.lexical_with("hypertext", {}, 10) == plain
    both = index.lexical_with("hypertext", {"loaf": 0.1}, 10)
    assert [found.document_id for found in both] == [ESSAY.id, BREAD.id]
    assert both[0].score == pytest.approx(plain[0].score)
    other = index.lexical_with("hypertext", {"loaf": 10.0}, 10)
    assert [found.document_id for found in other] == [BREAD.id, ESSAY.id]
    assert other[0].score == pytest.approx(100 * both[1].score, rel=1e-4)


def test_of_other_words_that_are_two_a_passage_has_both(index: Index) -> None:
    found = index.lexical_with("nothing", {"garden roses": 1.0}, 10)
    assert {each.document_id for each in found} == {TALK.id}
    assert index.lexical_with("nothing", {"garden loaf": 1.0}, 10) == []


def test_other_words_are_narrowed_too(index: Index) -> None:
    filters = Filters(kinds=("audio",))
    assert index.lexical_with("loaf", {"bread": 0.5}, 10, filters) == []


@pytest.mark.parametrize("word", ['"', "a AND b", "x:y", "o'brien", "ł"])
def test_odd_other_words_break_nothing(index: Index, word: str) -> None:
    assert index.lexical_with("hypertext", {word: 0.5}, 10)[0].document_id == ESSAY.id

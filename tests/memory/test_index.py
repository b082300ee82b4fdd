from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest

from memex import folding
from memex.index import Identity, Index, Row, identities
from memex.index.writer import Writer
from memex.passages import split
from memex.protocols import NO_FILTERS, Filters
from memex.testing import DIMENSION, WordLengths
from memex.types import Document
from tests.documents import BREAD, ESSAY, TALK, document
from tests.index.looking import by_sense, by_words, table

EMBEDDER = WordLengths()
BEFORE = {
    **dict.fromkeys(
        ("id", "document_id", "text", "title", "kind", "uri", "speaker", "heading", "indexed"),
        pa.string(),
    ),
    **dict.fromkeys(("first", "last", "page"), pa.int32()),
    **dict.fromkeys(("start", "end"), pa.float64()),
    "said_at": pa.timestamp("us", tz="UTC"),
    "vector": pa.list_(pa.float32(), DIMENSION),
}
"""The columns of the first schema."""


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
    assert by_words(index, "BAKING loaves", 10)[0].document_id == BREAD.id


def test_a_query_in_quotes_is_searched_by_its_words(index: Index) -> None:
    assert by_words(index, '"baking loaves"', 10) == by_words(index, "baking loaves", 10) != []


def test_found_by_the_title_which_is_not_part_of_the_text(index: Index) -> None:
    (passage,) = split(BREAD)
    assert "bread" not in passage.text.lower()
    assert by_words(index, "bread", 10)[0].document_id == BREAD.id


def test_found_before_and_after_optimising(index: Index) -> None:
    before = by_words(index, "memex desk", 10)
    index.optimise()
    assert [c.id for c in by_words(index, "memex desk", 10)] == [c.id for c in before]
    assert index.stale() == 0


def test_signs_come_back_as_they_were(index: Index) -> None:
    (passage,) = split(TALK)
    vectors = EMBEDDER.encode_documents([passage.text])
    index.replace([TALK.id], [passage], vectors, [b"\x00\xff"])
    for _ in ("before", "after"):
        with index.snapshot() as rows:
            (found,) = rows.lexical("roses", 10)
            assert rows.read([found.row]) == {found.row: Row(passage, b"\x00\xff")}
            assert rows.read([]) == {}
        index.optimise()


def test_a_table_of_an_older_schema_is_searched_and_written(index: Index) -> None:
    lancedb.connect(index.directory).create_table(
        index.identity.table, schema=pa.schema(list(BEFORE.items())), mode="overwrite"
    )
    Writer(index.directory, index.identity).index_columns()
    again = Index(index.directory, index.identity)
    (passage,) = split(TALK)
    again.replace([TALK.id], [passage], EMBEDDER.encode_documents([passage.text]), [b"\x00"])
    with again.snapshot() as rows:
        (found,) = rows.lexical("roses", 10)
        assert rows.read([found.row]) == {found.row: Row(passage, b"")}
    assert again.named([passage.id]) == {passage.id: passage}
    assert passage in [each for batch, _ in again.rows() for each in batch]


def test_nearest_has_the_cosine(index: Index) -> None:
    (passage,) = split(BREAD)
    asked = EMBEDDER.encode_query(passage.text)
    assert by_sense(index, asked)[0].document_id == BREAD.id
    with index.snapshot() as rows:
        nearest = rows.nearest(asked, 3)
    assert nearest[0].score == pytest.approx(1.0, abs=1e-5)
    assert nearest == sorted(nearest, key=lambda candidate: -candidate.score)


def test_a_passage_comes_back_as_it_was(index: Index) -> None:
    (passage,) = split(TALK)
    for _ in ("before", "after"):
        assert by_words(index, "roses") == [passage]
        assert index.named([passage.id, "gone:0"]) == {passage.id: passage}
        index.optimise()
    assert index.named([]) == {}


def test_a_snapshot_stays_as_it_was(index: Index) -> None:
    with index.snapshot() as rows:
        index.remove(BREAD.id)
        index.optimise()
        (found,) = rows.lexical("loaf", 10)
        assert rows.read([found.row])[found.row].passage.document_id == BREAD.id
    assert by_words(index, "loaf") == []


@pytest.mark.parametrize(
    ("filters", "documents"),
    [
        (Filters(kinds=("audio",)), {TALK.id}),
        (Filters(since=datetime(2026, 2, 1, tzinfo=UTC), kinds=("note",)), {ESSAY.id}),
        (Filters(until=datetime(2026, 2, 1, tzinfo=UTC)), {BREAD.id}),
        (Filters(speaker="ben"), {TALK.id}),
        (Filters(document_id=BREAD.id), {BREAD.id}),
        (Filters(documents=(BREAD.id, TALK.id)), {BREAD.id, TALK.id}),
        (Filters(documents=()), set()),
        (Filters(kinds=("it's not a kind",)), set()),
    ],
)
def test_filters_narrow_both_lists(index: Index, filters: Filters, documents: set[str]) -> None:
    near = by_sense(index, EMBEDDER.encode_query("a b c"), 10, filters)
    matching = by_words(index, "rose loaf memex", 10, filters)
    assert {passage.document_id for passage in near} == documents
    assert {passage.document_id for passage in matching} == documents


@pytest.mark.parametrize("query", ["", "  ", "the of and", 'AND ("', "*", "a" * 5000, "\x00", "🦊"])
def test_odd_queries_find_nothing_and_break_nothing(index: Index, query: str) -> None:
    assert by_words(index, query, 10) == []


def test_a_removed_document_is_not_found(index: Index) -> None:
    index.remove(BREAD.id)
    assert by_words(index, "loaf", 10) == []
    assert index.documents() == {ESSAY.id, TALK.id}


def test_rows_without_vectors_are_found_by_their_words(tmp_path: Path) -> None:
    index = Index(tmp_path, Identity("absent", DIMENSION))
    index.add(split(BREAD), None)
    assert by_words(index, "loaf", 10)[0].document_id == BREAD.id
    assert by_sense(index, EMBEDDER.encode_query("a"), 10) == []


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
        return [candidate.id for candidate in by_sense(index, vectors[query], 10, filters)]

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
    assert "vector_idx" in {one.name for one in table(index).list_indices()}
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
    assert by_words(again, "loaf", 10)[0].document_id == BREAD.id
    assert identities(tmp_path) == [index.identity]


def test_other_words_count_with_their_weight_in_one_search(index: Index) -> None:
    with index.snapshot() as rows:
        (plain,) = rows.lexical("hypertext", 10)
        assert rows.lexical("hypertext", 10, others={}) == [plain]
        first, second = rows.lexical("hypertext", 10, others={"loaf": 0.1})
        assert first == plain
        best, other = rows.lexical("hypertext", 10, others={"loaf": 10.0})
        assert (best.row, other) == (second.row, plain)
        assert best.score == pytest.approx(100 * second.score, rel=1e-4)
    assert [found.document_id for found in by_words(index, "hypertext", others={"loaf": 0.1})] == [
        ESSAY.id,
        BREAD.id,
    ]


def test_of_other_words_that_are_two_a_passage_has_both(index: Index) -> None:
    found = by_words(index, "nothing", others={"garden roses": 1.0})
    assert {each.document_id for each in found} == {TALK.id}
    assert by_words(index, "nothing", others={"garden loaf": 1.0}) == []


def test_other_words_are_narrowed_too(index: Index) -> None:
    filters = Filters(kinds=("audio",))
    assert by_words(index, "loaf", 10, filters, {"bread": 0.5}) == []


@pytest.mark.parametrize("word", ['"', "a AND b", "x:y", "o'brien", "ł"])
def test_odd_other_words_break_nothing(index: Index, word: str) -> None:
    assert by_words(index, "hypertext", others={word: 0.5})[0].document_id == ESSAY.id

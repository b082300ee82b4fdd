"""Recall as a memory serves it: what a query says decides what is found, and what comes first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from memex.errors import InvalidRequest
from memex.protocols import Filters
from memex.testing import WordLengths
from memex.types import Facets, Results, Snippet
from memex.wire import filters_from_json, filters_to_json, hit_from_json, hit_to_json
from tests.documents import BREAD, TALK, document
from tests.memory.test_forgetting import Notes

if TYPE_CHECKING:
    from memex.protocols import Vectors


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Notes]:
    made = Notes(tmp_path)
    yield made
    made.memex.close()


def found(notes: Notes, query: str, filters: Filters = Filters()) -> list[str]:  # noqa: B008 (frozen)
    return [hit.passage.document_id for hit in notes.memex.recall(query, filters=filters)]


@pytest.mark.parametrize("query", ["the zixomantik hern", "Brobdignovia", "brobding ovia"])
def test_a_misspelt_word_finds_what_was_meant(notes: Notes, query: str) -> None:
    note, _ = notes.write()
    assert found(notes, query)[0] == note.id


def test_a_chip_narrows(notes: Notes) -> None:
    both = {BREAD.id, TALK.id}
    assert set(found(notes, "rose loaf")) == both
    assert found(notes, "rose loaf kind:audio") == [TALK.id]
    assert found(notes, "rose loaf kind:podcast") == [TALK.id]
    assert found(notes, "rose loaf kind:note") == [BREAD.id]
    assert found(notes, "rose loaf from:Ben") == [TALK.id]
    assert found(notes, "loaf rose before:2026-03-01") == [BREAD.id]
    assert found(notes, "loaf rose since:2026-03-01") == [TALK.id]
    assert found(notes, "loaf rose since:2026-03-01 kind:note") == []


def test_a_chip_and_an_option_narrow_together(notes: Notes) -> None:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    assert found(notes, "loaf rose kind:note", Filters(since=march)) == []
    assert found(notes, "loaf rose since:2026-01-01", Filters(until=march)) == [BREAD.id]
    assert found(notes, "loaf rose since:2026-04-01", Filters(since=march)) == [TALK.id]


def test_filters_are_sent_as_they_are_set() -> None:
    kinds = ("audio", "mail")
    assert filters_from_json(filters_to_json(Filters(kinds=kinds))) == Filters(kinds=kinds)
    assert filters_to_json(Filters(origin="Walden")) == {"kinds": (), "origin": "Walden"}
    few = Filters(documents=(), since=datetime(2026, 3, 1, tzinfo=UTC))
    assert filters_from_json(json.loads(json.dumps(filters_to_json(few)))) == few
    with pytest.raises(InvalidRequest, match="kinds are a list"):
        filters_from_json({"kinds": "audio"})


def test_chips_alone_find_what_they_are_about(notes: Notes) -> None:
    assert found(notes, "kind:audio") == [TALK.id]


def test_a_time_in_plain_words_comes_first_and_hides_nothing(notes: Notes) -> None:
    words = "The heron stood in the reeds of the lake."
    years = {}
    for year in (2023, 2024, 2025):
        at = datetime(year, 5, 4, 12, 0, tzinfo=UTC)
        note = document(f"{words} {year - 1900}", created_at=at, uri=f"file:///notes/{year}.md")
        notes.remember(note, note.uri)
        years[year] = note.id
    for year, id_ in years.items():
        hits = found(notes, f"the heron in the reeds in May {year}")
        assert hits[0] == id_
        assert set(years.values()) <= set(hits)


def test_quoted_words_are_a_phrase(notes: Notes) -> None:
    """However often others say them apart."""
    for number in range(30):
        text = f"Rain on the rack, let it be cool; cut the loaf, cool it, let it rain {number}."
        note = document(text, uri=f"file:///notes/{number}.md")
        notes.remember(note, note.uri)
    assert found(notes, '"let it cool on a rack"')[0] == BREAD.id
    assert found(notes, "which loaf did we “let cool”, or was it “cool on a rack”?")[0] == BREAD.id


def test_a_search_tells_why_each_was_found_and_what_it_can_be_narrowed_by(notes: Notes) -> None:
    found = notes.memex.search("the loaf, and the roses")
    assert [hit.passage for hit in found.hits] == [
        hit.passage for hit in notes.memex.recall("the loaf, and the roses")
    ]
    bread, talk = (
        next(hit for hit in found.hits if hit.passage.document_id == each.id)
        for each in (BREAD, TALK)
    )
    assert bread.snippet == Snippet(
        "Bake the loaf at 230 degrees for forty minutes, the first twenty with the lid on.\n"
        "Let it cool on a rack before you cut it.",
        ((9, 13),),
    )
    assert talk.snippet is not None
    assert talk.snippet.text.startswith("Today we speak about the garden and its roses.")
    assert (talk.snippet.start, talk.snippet.end) == (2.0, 9.0)
    assert found.facets == Facets(
        kinds={"note": 1, "audio": 1},
        people={"Ada": 1, "Ben": 1},
        months={"2026-01": 1, "2026-05": 1},
        origins={BREAD.title: 1, TALK.title: 1},
        documents={BREAD.id: 1, TALK.id: 1},
    )
    assert hit_from_json(json.loads(json.dumps(hit_to_json(bread)))).snippet == bread.snippet


def test_a_misspelt_word_lights_what_was_meant(notes: Notes) -> None:
    notes.write()
    found = notes.memex.search("zixomantik").hits[0].snippet
    assert found is not None
    assert [found.text[start:end] for start, end in found.matches] == ["zyxomantic"]


def test_a_misspelt_word_is_embedded_as_it_was_meant(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    embed = WordLengths.encode_query

    def listening(embedder: WordLengths, text: str) -> Vectors:
        asked.append(text)
        return embed(embedder, text)

    monkeypatch.setattr(WordLengths, "encode_query", listening)
    notes.write()
    notes.memex.search("The zixomantik, was it a loaf?")
    assert asked == ["The zyxomantic, was it a loaf?"]


def test_facets_are_of_what_a_chip_leaves(notes: Notes) -> None:
    found = notes.memex.search("rose loaf kind:audio")
    assert found.facets.kinds == {"audio": 1}
    assert found.facets.people == {"Ada": 1, "Ben": 1}
    assert notes.memex.search("rose loaf kind:mail") == Results((), Facets())
    there = notes.memex.search(f'rose loaf in:"{TALK.title.lower()}"')
    assert there.facets.origins == {TALK.title: 1}
    assert notes.memex.search("rose loaf in:nowhere") == Results((), Facets())

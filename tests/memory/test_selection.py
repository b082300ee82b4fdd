"""What a forgetting is about: documents chosen by what they say, and where they lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memex.library import Library
from memex.types import Arrival
from tests.documents import BREAD, ESSAY, TALK, document
from tests.memory.test_library import copy_of

TRAVEL = document("Eine Überraschung:", "der blaue  Ordner\nlag im Zug.", title="Reise nach Ulm")
EPISODE = replace(TALK, attributes={"source": "podcast", "link": "https://example.org/show/1.mp3"})


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path / "library.db")
    for each in (ESSAY, BREAD, replace(TRAVEL, uri="file:///notes/travel.txt"), EPISODE):
        made.add(Arrival(each, copy_of(each)))
    return made


@pytest.mark.parametrize(
    "text",
    [
        "überraschung",
        "BLAUE ORDNER LAG",
        "überraschung: der",
        "reise NACH ulm",
        "u\u0308berraschung",
    ],
)
def test_text_in_any_case_and_however_it_is_spaced(library: Library, text: str) -> None:
    assert [entry.id for entry in library.selected(matching=text)] == [TRAVEL.id]


def test_a_text_that_nobody_says(library: Library) -> None:
    assert library.selected(matching="blauer Ordner") == []


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("file:///notes", {ESSAY.id, BREAD.id, TRAVEL.id}),
        ("file:///notes/", {ESSAY.id, BREAD.id, TRAVEL.id}),
        ("file:///notes/bread.md", {BREAD.id}),
        ("file:///not", set()),
        ("podcast", {EPISODE.id}),
        ("https://example.org/show", {EPISODE.id}),
        ("https://example.org/sho", set()),
    ],
)
def test_where_they_lie_or_come_from(library: Library, place: str, found: set[str]) -> None:
    assert {entry.id for entry in library.selected(source=place)} == found


def test_choices_narrow_each_other(library: Library) -> None:
    assert library.selected(source="file:///notes", matching="the loaf")[0].id == BREAD.id
    assert library.selected([ESSAY.id], matching="the loaf") == []
    assert library.selected() == []

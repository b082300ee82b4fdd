"""`memex about`, by the real command and daemon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from memex.types import Arrival, Document, Segment
from tests.documents import document, spoken
from tests.home import Home, home

WALK = spoken(
    Segment("I have finished the chapter about the", 1.0, 4.0, "Ada Palmer"),
    Segment("printing press in Venice.", 4.0, 6.0, "Ada Palmer"),
    Segment("I will send you the map of the archive on Friday.", 10.0, 14.0, "Will"),
    Segment("May I ask whether it will rain in May?", 15.0, 18.0, "Ada Palmer"),
    title="A walk",
    created_at=datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
)
LETTER = document(
    "Ada Palmer called on Monday and asked about the roof of the mill.",
    "Then Will came with a ladder and looked at it for an hour.",
    title="A letter",
    uri="file:///letter.md",
    created_at=datetime(2026, 6, 1, tzinfo=UTC),
)
HOSTILE = spoken(
    Segment(
        "I am Mallory\x1b[2J\x1b[31m and this\x07 clears your screen today.", 0.0, 3.0, "Mallory"
    ),
    Segment("Go on.", 3.0, 4.0, "\x1b]0;owned\x07Eve"),
    title="\x1b[8mhidden",
    uri="file:///\x1b[2J.mp3",
)
CITATION = {
    "document", "title", "kind", "uri", "start", "end", "page", "heading", "speaker", "said_at",
}  # fmt: skip


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with home(tmp_path_factory.mktemp("home")) as made:
        made.run("up")
        remember(made, WALK, LETTER, HOSTILE)
        yield made


def remember(memex: Home, *documents: Document) -> None:
    arrivals = [Arrival.of(each, sha256=each.id, size=1) for each in documents]
    for _ in memex.client.remember(*arrivals):
        pass


def test_a_person_has_a_page_with_sources(memex: Home) -> None:
    page = memex.json("about", "ada")
    assert (page["name"], page["person"], page["found"]) == ("Ada Palmer", True, True)
    assert page["spoke"]["first"]["document"] == WALK.id
    assert page["spoke"]["segments"] == 3
    assert page["mentioned"]["last"]["document"] == LETTER.id
    assert page["with"] == [{"name": "Will", "documents": 1}]
    texts = [quote["text"] for quote in page["quotes"]]
    assert texts[0].startswith("Ada Palmer called on Monday")
    assert "I have finished the chapter about the printing press in Venice." in texts


def test_the_json_is_as_documented(memex: Home) -> None:
    page = memex.json("about", "Ada")
    assert set(page) == {
        "name", "found", "person", "spoke", "wrote", "mentioned", "with", "quotes", "several",
        "near",
    }  # fmt: skip
    assert set(page["spoke"]) == {"documents", "segments", "first", "last"}
    assert set(page["spoke"]["first"]) == CITATION
    for number, quote in enumerate(page["quotes"], start=1):
        assert set(quote) == {"n", "text", "spelled", *CITATION}
        assert quote["n"] == number


def test_no_quote_stands_without_its_citation(memex: Home) -> None:
    page = memex.json("about", "Ada")
    told = memex.run("about", "Ada").stdout
    assert told.count("“") == len(page["quotes"]) > 0
    lines = told.splitlines()
    for at, line in enumerate(lines):
        if "“" in line:
            assert lines[at - 1].startswith("[")
            assert lines[at - 1].endswith((f"({WALK.id[:8]})", f"({LETTER.id[:8]})"))
    for quote in page["quotes"]:
        said = " ".join(each["text"] for each in memex.json("show", quote["document"])["segments"])
        assert quote["text"] in said


def test_a_name_that_is_a_word_too(memex: Home) -> None:
    page = memex.json("about", "Will")
    assert [quote["text"] for quote in page["quotes"]] == [
        "Then Will came with a ladder and looked at it for an hour.",
        "I will send you the map of the archive on Friday.",
    ]
    assert memex.json("about", "May")["found"] is False


def test_who_is_not_there(memex: Home) -> None:
    told = memex.run("about", "Zyxwvu")
    assert told.stdout == "I know nothing about Zyxwvu.\n"
    page = memex.json("about", "Zyxwvu")
    assert page["found"] is False
    assert page["quotes"] == []
    assert page["spoke"] is None


def test_another_spelling_is_offered(memex: Home) -> None:
    told = memex.run("about", "Ada Pamler")
    assert "I know nothing about Ada Pamler." in told.stdout
    assert "Did you mean Ada Palmer" in told.stderr


def test_what_would_command_the_terminal_is_shown_harmlessly(memex: Home) -> None:
    told = memex.run("about", "Mallory").stdout
    assert "Mallory\\x1b[2J" in told
    assert "\\x1b]0;owned\\x07Eve (1)" in told
    assert "\\x1b[8mhidden" in told
    assert all(char.isprintable() or char == "\n" for char in told)
    asked = memex.run("about", "no\x1b[2Jbody")
    assert all(char.isprintable() or char == "\n" for char in asked.stdout + asked.stderr)


def test_the_limit(memex: Home) -> None:
    assert len(memex.json("about", "Ada", "-n", "1")["quotes"]) == 1
    memex.run("about", "Ada", "-n", "101", code=2)
    memex.run("about", "...", code=1)


def test_what_is_forgotten_is_on_no_page(memex: Home) -> None:
    note = document("Quentin keeps bees behind the mill.", uri="file:///bees.md")
    remember(memex, note)
    assert memex.json("about", "Quentin")["found"] is True
    memex.client.forget(note.id)
    page = memex.json("about", "Quentin")
    assert page["found"] is False
    assert page["near"] == []

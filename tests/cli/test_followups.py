"""Follow-ups on the command line and over the socket, with the real models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memex.types import Answer, Turn
from tests.cli.test_commands import BREAD, NOTE
from tests.home import Home, home

WHO = "who published the essay As We May Think?"


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    notes = tmp_path_factory.mktemp("notes")
    (notes / "hypertext.md").write_text(NOTE, encoding="utf-8")
    (notes / "bread.txt").write_text(BREAD, encoding="utf-8")
    with home(tmp_path_factory.mktemp("home")) as made:
        made.run("add", notes)
        yield made


def test_a_follow_up_is_understood_by_the_last_question(memex: Home) -> None:
    first = memex.json("ask", WHO)
    memex.run("search", "loaf")  # a search is no question
    alone = memex.json("ask", "and when was that?")
    assert not alone["found"]
    number = memex.json("trace", "list")["traces"][2]["id"]
    after = memex.json("ask", "--after", str(number), "and when was that?", "--why")
    assert after["found"]
    assert after["question"] == "and when was that?"
    assert after["understood"].startswith(f"when was that ({WHO.rstrip('?')}")
    assert after["citations"][0]["document"] == first["citations"][0]["document"]
    assert after["trace"]["query"] == "and when was that?"
    assert after["trace"]["understood"] == after["understood"]
    told = memex.run("ask", "-c", "where?").stdout
    assert f"Understood as: where ({WHO.rstrip('?')}" in told
    assert "Understood as: where (" in memex.run("trace", "show", "last").stdout


def test_a_question_that_stands_by_itself_is_not_changed(memex: Home) -> None:
    question = "when does a loaf come out of the oven?"
    alone, after = memex.json("ask", question), memex.json("ask", "-c", question)
    assert after["understood"] is None
    assert {**after, "ms": 0} == {**alone, "ms": 0}


def test_a_client_says_what_it_follows(memex: Home) -> None:
    *_, first = memex.client.ask(WHO)
    assert isinstance(first, Answer)
    ids = tuple(citation.hit.passage.id for citation in first.citations)
    *_, found = memex.client.ask("and when was that?", after=Turn(WHO, first.text, ids))
    assert isinstance(found, Answer)
    assert found.understood is not None
    assert found.citations[0].hit.passage.id in ids
    gone = Turn(WHO, "Ted Turner published it. [1]", ("nothing:0",))
    *_, again = memex.client.ask("and when was that?", after=gone)
    assert isinstance(again, Answer)
    assert again.understood == f"when was that ({WHO.rstrip('?')})?"


def test_there_must_be_something_to_follow(tmp_path: Path) -> None:
    with home(tmp_path / "home") as made:
        assert "Ask one first." in made.run("ask", "-c", "when?", code=1).stderr
        assert "no trace 7" in made.run("ask", "--after", "7", "when?", code=1).stderr
        made.run("down")
        made.paths.config.write_text("[traces]\nenabled = false\n", encoding="utf-8")
        assert "[traces] enabled" in made.run("ask", "-c", "when?", code=1).stderr

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from memex.cli import COMMANDS, cli
from tests.home import Home, home

HIT = {
    "id", "document", "title", "kind", "uri", "text", "start", "end", "page", "heading",
    "speaker", "said_at", "score", "ranks",
}  # fmt: skip

NOTE = """---
title: A note on hypertext
---
Vannevar Bush published the essay As We May Think in The Atlantic in July 1945.
In it he describes the memex, a desk in which a person stores books and letters.
"""
BREAD = "Bake the loaf at 230 degrees for forty minutes, the first twenty with the lid on.\n"


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notes")
    (folder / "hypertext.md").write_text(NOTE, encoding="utf-8")
    (folder / "bread.txt").write_text(BREAD, encoding="utf-8")
    (folder / "picture.xyz").write_bytes(b"\x00\x01")
    return folder


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory, notes: Path) -> Iterator[Home]:
    with home(tmp_path_factory.mktemp("home")) as made:
        added = made.run("add", notes)
        assert "Starting memexd" in added.stderr
        yield made


def test_help_has_every_command_with_its_first_line() -> None:
    context = cli.make_context("memex", [], resilient_parsing=True)
    for name, said in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200).split(".")[0].split(",")[0]
        assert said


def test_add_says_what_became_of_each_file(memex: Home, notes: Path) -> None:
    items = memex.json("add", notes)["items"]
    assert {Path(item["path"]).name: item["state"] for item in items} == {
        "bread.txt": "known",
        "hypertext.md": "known",
    }


def test_the_same_bytes_elsewhere_are_a_copy(memex: Home, notes: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin.txt"
    twin.write_bytes((notes / "bread.txt").read_bytes())
    (item,) = memex.json("add", twin)["items"]
    assert item["state"] == "copy"
    assert item["message"].endswith("bread.txt")
    document = memex.json("show", item["document"][:10])
    assert len(document["copies"]) == 2


def test_the_same_text_in_another_container_is_a_copy(memex: Home, tmp_path: Path) -> None:
    page = tmp_path / "bread.html"
    page.write_text(f"<html><body><p>{BREAD}</p></body></html>", encoding="utf-8")
    (item,) = memex.json("add", page)["items"]
    assert item["state"] == "copy"


def test_search_prints_the_documented_json(memex: Home) -> None:
    found = memex.json("search", "loaf in the oven")
    assert set(found) == {"query", "hits", "facets", "ms"}
    assert all(set(hit) == {*HIT, "snippet"} for hit in found["hits"])
    assert list(found["facets"]) == ["kinds", "people", "months", "origins", "documents"]
    best = found["hits"][0]
    assert set(best["snippet"]) == {"text", "matches", "start", "end"}
    assert best["snippet"]["text"] == BREAD.strip()
    assert best["snippet"]["matches"] == [[9, 13]]
    assert found["facets"]["kinds"]["note"] >= 1
    assert found["facets"]["documents"][best["document"]] == 1
    assert "loaf" in best["text"]
    assert best["kind"] == "note"
    assert best["start"] is None
    assert datetime.fromisoformat(best["said_at"]).tzinfo is not None
    assert best["ranks"]["lexical"] == 1


def test_search_filters(memex: Home) -> None:
    assert memex.json("search", "loaf", "--kind", "audio")["hits"] == []
    assert memex.json("search", "loaf", "--until", "1990-01-01")["hits"] == []
    assert memex.json("search", "loaf", "--since", "1990-01-01")["hits"]
    memex.run("search", "loaf", "--kind", "nonsense", code=2)


def test_ask_answers_with_a_citation(memex: Home) -> None:
    answer = memex.json("ask", "who published the essay As We May Think?")
    assert set(answer) == {"question", "answer", "found", "citations", "understood", "ms"}
    assert answer["understood"] is None
    assert answer["found"] is True
    assert "Bush" in answer["answer"]
    assert "[1]" in answer["answer"]
    assert set(answer["citations"][0]) == {"n", "spelled", *HIT}
    assert "Vannevar Bush" in answer["citations"][0]["text"]


def test_ask_says_that_it_does_not_know(memex: Home) -> None:
    answer = memex.json("ask", "which submarine did the admiral prefer in the Baltic?")
    assert answer["found"] is False
    assert answer["citations"] == []


def test_a_question_whose_asker_went_away_does_not_block_the_next(memex: Home) -> None:
    question = "who published the essay As We May Think?"
    for _ in range(3):
        streaming = memex.client.ask(question)
        next(streaming)
        del streaming  # closes the connection
    assert memex.json("ask", question)["found"] is True


def test_list_and_show(memex: Home) -> None:
    documents = memex.json("list")["documents"]
    assert {document["title"] for document in documents} >= {"A note on hypertext"}
    shown = memex.run("show", documents[0]["id"][:8]).stdout
    assert documents[0]["title"] in shown


def test_play_of_a_note_is_refused(memex: Home) -> None:
    memex.run("search", "loaf")
    assert "not a recording" in memex.run("play", "1", code=1).stderr
    assert "no result 99" in memex.run("play", "99", code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ask", "x" * 100_000), "too long"),
        (("search", " "), "empty"),
        (("search", "a", "--limit", "0"), "between 1"),
        (("show", "nothing"), "no document"),
        (("add", "/does/not/exist"), "not there"),
    ],
)
def test_a_request_that_fails_says_why(memex: Home, arguments: tuple[str, ...], said: str) -> None:
    assert said in memex.run(*arguments, code=1).stderr


def test_a_file_of_no_known_kind_is_an_error_but_the_rest_goes_on(
    memex: Home, notes: Path, tmp_path: Path
) -> None:
    good = tmp_path / "good.txt"
    good.write_text("The heron stood in the reeds.", encoding="utf-8")
    items = memex.json("add", notes / "picture.xyz", good, code=1)["items"]
    assert {item["state"] for item in items} == {"failed", "remembered"}
    status = memex.json("status")
    assert any("picture.xyz" in failure["path"] for failure in status["failed"])


def test_an_odd_file_name_is_remembered_and_shown_harmless(memex: Home, tmp_path: Path) -> None:
    odd = tmp_path / "line\nbreak \x1b[31mred\x1b[0m 🦊.txt"
    odd.write_text("A kingfisher by the river.", encoding="utf-8")
    assert "\x1b[31m" not in memex.run("add", odd).stderr
    assert "\x1b[31m" not in memex.run("search", "kingfisher").stdout
    assert memex.json("search", "kingfisher")["hits"][0]["text"] == "A kingfisher by the river."


def test_no_start_forbids_starting(tmp_path: Path) -> None:
    with home(tmp_path / "new") as made:
        said = made.run("--no-start", "search", "a", code=1).stderr
        assert "memex up" in said
        assert made.json("status")["memexd"] is None


def test_an_empty_memex_answers_that_it_knows_nothing(tmp_path: Path) -> None:
    with home(tmp_path / "new") as made:
        assert made.json("search", "anything")["hits"] == []
        assert made.json("ask", "who was that?")["found"] is False
        assert "Nothing is remembered" in made.run("list").stderr


def test_a_second_daemon_is_refused_and_sigterm_ends_the_first(memex: Home) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "memex.server"],
        env=memex.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert "memex down" in second.stderr
    os.kill(memex.pid("memexd"), signal.SIGTERM)
    for _ in range(100):
        if not memex.paths.socket.exists():
            break
        time.sleep(0.1)
    assert not memex.paths.socket.exists()
    assert memex.json("search", "loaf")["hits"]  # a client starts it again


def test_completion_knows_the_commands(memex: Home) -> None:
    assert "_MEMEX_COMPLETE" in memex.run("completion", "bash").stdout

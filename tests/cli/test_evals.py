from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import BREAD, NOTE
from tests.home import Home, home

CASE = {"id", "query", "origin", "asked_at", "added_at", "evidence", "stale"}
BIRDS = (
    "The heron stood in the reeds of the lake for most of the morning, and Ada counted eleven"
    " cranes above the old mill before the rain set in and they all went home to the harbour.\n"
)


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    notes = tmp_path_factory.mktemp("notes")
    (notes / "hypertext.md").write_text(NOTE, encoding="utf-8")
    (notes / "bread.txt").write_text(BREAD, encoding="utf-8")
    (notes / "birds.txt").write_text(BIRDS, encoding="utf-8")
    with home(tmp_path_factory.mktemp("home")) as made:
        made.run("add", notes)
        yield made


def typed(memex: Home, said: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `memex` and type something."""
    return subprocess.run(
        [sys.executable, "-m", "memex.cli", *arguments],
        env=memex.environment,
        input=said,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_marked_result_becomes_a_case_that_is_measured(memex: Home, tmp_path: Path) -> None:
    memex.run("search", "how hot is the oven for a loaf")
    assert "needs a question and a passage" in memex.run("evals", "add", "last", code=1).stderr
    memex.run("right", "1")
    memex.run("evals", "add", "last")
    memex.run("evals", "add", "last", "--query", "temperature for baking bread")
    memex.run("ask", "who published the essay As We May Think?")
    memex.run("right")
    memex.run("evals", "add", "last")
    cases = memex.json("evals", "list")["cases"]
    assert all(set(case) == CASE for case in cases)
    assert [case["origin"] for case in cases] == ["search", "search", "ask"]
    assert not any(case["stale"] for case in cases)
    bread = memex.json("show", cases[0]["evidence"][0]["document"])
    assert "230 degrees" in bread["segments"][cases[0]["evidence"][0]["first"]]["text"]
    before = memex.json("trace", "list")["traces"]
    done = subprocess.run(
        [sys.executable, "-m", "evals", "own", "--json", str(tmp_path / "own.json")],
        env={**os.environ, **memex.environment, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "100.0" in done.stdout
    assert "oven" not in (tmp_path / "own.json").read_text(encoding="utf-8")
    assert memex.json("trace", "list")["traces"] == before  # measuring is no use
    memex.run("evals", "remove", *(str(case["id"]) for case in cases))
    assert memex.json("evals", "list")["cases"] == []
    assert "no such case" in memex.run("evals", "remove", "99", code=1).stderr


def test_drafts_count_once_the_user_says_so(memex: Home) -> None:
    """With the real small model, whatever it writes."""
    done = typed(memex, "e\nWhat did Ada see at the lake?\n", "evals", "mine", "-n", "1")
    assert done.returncode == 0, done.stderr
    assert "Does it count?" in done.stderr
    (case,) = memex.json("evals", "list")["cases"]
    assert (case["query"], case["origin"]) == ("What did Ada see at the lake?", "mined")
    assert typed(memex, "q\n", "evals", "mine").returncode == 0
    assert len(memex.json("evals", "list")["cases"]) == 1
    again = typed(memex, "n\n" * 20, "evals", "mine")
    assert again.returncode == 0, again.stderr
    over = typed(memex, "", "evals", "mine")
    assert "drafted already" in over.stderr
    assert "0 cases were added" in over.stderr


def test_a_case_goes_with_its_document(memex: Home) -> None:
    (hit, *_) = memex.json("search", "heron in the reeds")["hits"]
    memex.run("search", "heron in the reeds")
    memex.run("right", "1")
    memex.run("evals", "add", "last")
    memex.run("forget", hit["document"], "--verify", "--yes")
    left = memex.json("evals", "list")["cases"]
    assert "heron in the reeds" not in {case["query"] for case in left}

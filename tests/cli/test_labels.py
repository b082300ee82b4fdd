"""`memex evals label` and `memex evals judge`, through the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import BREAD, NOTE
from tests.cli.test_evals import typed
from tests.home import Home, home

ASKED = (
    "who published the essay As We May Think?",
    "how hot is the oven for the loaf?",
    "what is the memex?",
)
NOWHERE = "when did Brobdingovia win the zyxomantic regatta?"


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "hypertext.md").write_text(NOTE, encoding="utf-8")
    (notes / "bread.txt").write_text(BREAD, encoding="utf-8")
    with home(tmp_path / "home") as made:
        made.run("add", notes)
        for question in ASKED:
            made.run("ask", question)
        yield made


def labels(memex: Home) -> dict[str, tuple[str | None, str]]:
    """Verdict and critique by question."""
    lines = memex.json("trace", "list")["traces"]
    traces = [memex.json("trace", "show", str(line["id"])) for line in lines]
    return {each["query"]: (each["verdict"], each["note"]) for each in traces}


def test_answers_are_labelled_one_by_one_and_it_goes_on_later(memex: Home) -> None:
    memex.run("ask", NOWHERE)
    memex.run("search", "loaf")  # has no answer to label
    first = typed(memex, "maybe\ny\nn\nIt says more than the note.\n", "evals", "label")
    assert first.returncode == 0, first.stderr
    assert "1 of 4" in first.stdout
    assert "2 of 4" in first.stdout
    assert "3 of 4" in first.stdout  # shown, when the input ended
    assert "Is it right that nothing was found?" in first.stderr
    assert "Nearest to it" in first.stdout
    assert "A note on hypertext" in first.stdout
    assert "Type y, n, s or q." in first.stderr
    assert "2 labelled." in first.stderr
    said = labels(memex)
    assert said[NOWHERE] == ("right", "")
    assert said[ASKED[2]] == ("wrong", "It says more than the note.")
    assert said[ASKED[0]] == said[ASKED[1]] == (None, "")

    second = typed(memex, "s\nn  of another loaf \n", "evals", "label")
    assert "1 of 2" in second.stdout
    assert "1 labelled." in second.stderr
    assert labels(memex)[ASKED[0]] == ("wrong", "of another loaf")

    assert "1 of 1" in typed(memex, "q\n", "evals", "label", "--limit", "5").stdout
    again = typed(memex, "s\nn\n\nq\n", "evals", "label", "--again")
    assert "1 of 4" in again.stdout
    assert "so far: wrong, It says more than the note." in again.stderr
    assert labels(memex)[ASKED[2]] == ("wrong", "It says more than the note.")  # Enter keeps it
    assert "1 of 2" in typed(memex, "q\n", "evals", "label", "--again", "--limit", "2").stdout
    typed(memex, "y\n", "evals", "label")
    assert "has a label" in typed(memex, "", "evals", "label").stderr


def test_a_critique_is_forgotten_with_its_trace_and_with_a_document(memex: Home) -> None:
    typed(memex, "n the quixotrope is missing\ns\nn that is about bread\n", "evals", "label")
    assert {note for _, note in labels(memex).values()} == {
        "the quixotrope is missing", "", "that is about bread",
    }  # fmt: skip
    memex.run("trace", "forget", str(memex.json("trace", "list")["traces"][0]["id"]))
    assert "the quixotrope is missing" not in {note for _, note in labels(memex).values()}
    library = b"".join(file.read_bytes() for file in memex.path.rglob("*.db*"))
    assert b"that is about bread" in library
    assert b"quixotrope" not in library
    (hit, *_) = memex.json("search", "bake the loaf")["hits"]
    memex.run("forget", hit["document"], "--verify", "--yes")
    assert "that is about bread" not in {note for _, note in labels(memex).values()}
    library = b"".join(file.read_bytes() for file in memex.path.rglob("*.db*"))
    assert b"that is about bread" not in library


def test_the_small_model_judges_and_is_not_trusted(memex: Home) -> None:
    assert "memex evals label" in memex.run("evals", "judge", code=1).stderr
    typed(memex, "y\nn it is hotter\n", "evals", "label")
    shown = memex.run("evals", "judge").stdout
    assert "Cohen's kappa" in shown
    assert "Not trusted: it judged 2 labelled answers" in shown
    assert "Its verdicts are not counted." in shown
    told = memex.json("evals", "judge")
    (row,) = told["results"]
    assert told["eval"] == "judge"
    assert sum(row["labels"].values()) + row["silent"] == 2
    assert (row["trusted"], row["unlabelled"], row["right"], row["wrong"]) == (False, 1, None, None)
    assert not any(question in str(told) for question in ASKED)


def test_nothing_is_sent_before_it_was_said_where(memex: Home) -> None:
    """Nobody listens at that port: an attempt to send would be an error."""
    typed(memex, "y\nn\n\n", "evals", "label")
    where = ("--judge-url", "http://127.0.0.1:9/v1", "--judge-model", "large")
    declined = typed(memex, "n\n", "evals", "judge", *where)
    assert declined.returncode == 130
    assert "To http://127.0.0.1:9 (on this machine) go, for the model large" in declined.stderr
    assert "labels and critiques: 2;" in declined.stderr
    assert "does not answer" not in declined.stderr
    agreed = typed(memex, "y\n", "evals", "judge", *where)
    assert agreed.returncode == 1
    assert "http://127.0.0.1:9 does not answer" in agreed.stderr
    assert "only https leaves this machine" in (
        memex.run(
            "evals", "judge", "--judge-url", "http://example.org/v1", "--judge-model", "x", code=1
        ).stderr
    )
    memex.run("evals", "judge", "--judge-url", "https://example.org/v1", code=2)

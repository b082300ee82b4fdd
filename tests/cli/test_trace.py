from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import BREAD, NOTE
from tests.home import Home, home

LINE = {"id", "kind", "query", "asked_at", "hits", "found", "verdict", "marks", "ms"}
TRACE = {
    "id", "kind", "query", "asked_at", "filters", "timings", "hits", "citations", "exchanges",
    "answer", "found", "verdict", "note", "bearing", "understood",
}  # fmt: skip
SHOWN = {
    "n", "id", "document", "title", "first", "last", "text", "start", "score", "ranks", "verdict",
    "note",
}  # fmt: skip
HERON = "The zyxomantic heron stood in the reeds of Brobdingovia.\n"


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    notes = tmp_path_factory.mktemp("notes")
    (notes / "hypertext.md").write_text(NOTE, encoding="utf-8")
    (notes / "bread.txt").write_text(BREAD, encoding="utf-8")
    (notes / "heron.txt").write_text(HERON, encoding="utf-8")
    with home(tmp_path_factory.mktemp("home")) as made:
        made.run("add", notes)
        yield made


def latest(memex: Home) -> int:
    return int(memex.json("trace", "show", "last")["id"])


def test_a_search_is_listed_shown_and_marked(memex: Home) -> None:
    found = memex.run("search", "loaf in the oven", "--since", "1990-01-01")
    number = latest(memex)
    assert f"Trace {number}: `memex right 1`" in found.stderr
    line, *_ = memex.json("trace", "list")["traces"]
    assert set(line) == LINE
    assert (line["id"], line["kind"], line["query"]) == (number, "search", "loaf in the oven")
    memex.run("right", "1")
    memex.run("wrong", "2", "3", "--note", "about something else")
    memex.run("right")
    trace = memex.json("trace", "show", str(number))
    assert set(trace) == TRACE
    assert all(set(hit) == SHOWN for hit in trace["hits"])
    assert [hit["verdict"] for hit in trace["hits"]] == ["right", "wrong", "wrong"]
    assert trace["hits"][1]["note"] == "about something else"
    assert trace["verdict"] == "right"
    assert trace["filters"]["since"].startswith("1990-01-01")
    assert "loaf" in trace["hits"][0]["text"]
    assert trace["hits"][0]["ranks"]["lexical"] == 1
    shown = memex.run("trace", "show", str(number)).stdout
    assert "lexical:1" in shown
    assert "about something else" in shown
    assert "recall" in shown
    assert "loaf in the oven  3 marked" in memex.run("trace", "list").stdout


def test_an_answer_shows_its_prompt(memex: Home) -> None:
    asked = memex.run("ask", "who published the essay As We May Think?")
    trace = memex.json("trace", "show", "last")
    assert f"Trace {trace['id']}: `memex right 1`" in asked.stderr
    assert trace["kind"] == "ask"
    assert "Bush" in trace["answer"]
    (exchange, *_) = trace["exchanges"]
    assert [message["role"] for message in exchange["messages"]] == ["system", "user"]
    assert exchange["messages"][1]["content"].endswith("who published the essay As We May Think?")
    assert exchange["output"]
    assert "Vannevar Bush" in trace["citations"][0]["text"]
    shown = memex.run("trace", "show", "last").stdout
    assert "the model wrote" in shown
    memex.run("trace", "label", "last", "1", "right")
    memex.run("trace", "label", "last", "h2", "wrong")
    memex.run("trace", "label", "last", "wrong", "--note", "too short")
    trace = memex.json("trace", "show", "last")
    assert trace["citations"][0]["verdict"] == "right"
    assert [hit["verdict"] for hit in trace["hits"]][:2] == [None, "wrong"]
    assert (trace["verdict"], trace["note"]) == ("wrong", "too short")
    memex.run("trace", "label", "last", "none")
    assert memex.json("trace", "show", "last")["verdict"] is None


def test_why_tells_how_an_answer_came_about(memex: Home) -> None:
    told = memex.run("ask", "--why", "when does a loaf come out of the oven?").stdout
    assert "lexical:1" in told
    assert "probability 0." in told
    assert "Question: when does a loaf come out of the oven?" in told
    assert "recall" in told.splitlines()[-1]
    declined = memex.run("ask", "--why", "Which hotel did Tobias book in Lisbon?").stdout
    assert declined.startswith("I find nothing about that.\n\nNearest to it:\n 1 ")
    assert "probability 0." in declined
    told = memex.json("ask", "--why", "when does a loaf come out of the oven?")
    assert told["trace"]["exchanges"][0]["output"]
    assert "trace" not in memex.json("ask", "when does a loaf come out of the oven?")


def test_what_is_nearest_where_nothing_answers_can_be_marked(memex: Home) -> None:
    told = memex.run("ask", "Which hotel did Tobias book in Lisbon?")
    number = latest(memex)
    assert f"Trace {number}: `memex right 1`" in told.stderr
    memex.run("right", "1")
    trace = memex.json("trace", "show", str(number))
    assert [hit["verdict"] for hit in trace["hits"]][:2] == ["right", None]
    first = told.stdout.partition("Nearest to it:\n 1 ")[2]
    assert first.startswith(trace["hits"][0]["title"])


def test_what_is_typed_leaves_none(memex: Home) -> None:
    before = latest(memex)
    found = memex.client.search("loa", 3, trace=False)
    assert found["hits"]
    assert found["trace"] is None
    assert latest(memex) == before


def test_marks_are_of_what_was_shown_last_here(memex: Home) -> None:
    memex.run("search", "loaf")
    shown = latest(memex)
    memex.client.search("essay", 3)  # another client
    memex.run("wrong", "1")
    assert memex.json("trace", "show", str(shown))["hits"][0]["verdict"] == "wrong"
    assert "no hit 99" in memex.run("right", "99", code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["trace", "show", "99999"], 1, "no trace 99999"),
        (["trace", "show", "first"], 1, "no number"),
        (["trace", "label", "last", "1", "good"], 2, "right|wrong|none"),
        (["trace", "label", "last", "x", "right"], 1, "no number"),
        (["trace", "forget"], 2, "Say which"),
        (["trace", "forget", "99999"], 1, "no such trace"),
    ],
)
def test_what_makes_no_sense_is_refused(
    memex: Home, arguments: list[str], code: int, said: str
) -> None:
    memex.run("search", "loaf")
    assert said in memex.run(*arguments, code=code).stderr


def test_the_last_one_survives_a_clean_end(memex: Home) -> None:
    number = memex.client.search("asked just before the end", 3)["trace"]
    memex.run("down")
    assert memex.json("trace", "show", str(number))["query"] == "asked just before the end"
    assert stat.S_IMODE(memex.paths.library.stat().st_mode) == 0o600


def test_an_export_has_the_traces(memex: Home, tmp_path: Path) -> None:
    memex.run("search", "a loaf for the export")
    for _ in range(2):
        memex.run("export", tmp_path / "out")
        lines = (tmp_path / "out" / "traces.jsonl").read_text(encoding="utf-8").splitlines()
        traces = [json.loads(line) for line in lines]
        assert all(set(trace) == TRACE for trace in traces)
        assert traces[-1]["query"] == "a loaf for the export"
        assert len({trace["id"] for trace in traces}) == len(traces)


def test_an_export_has_the_saved_searches(memex: Home, tmp_path: Path) -> None:
    memex.run("searches", "save", "a loaf for the export kind:note")
    (saved,) = memex.client.saved_searches()
    for _ in range(2):  # it is brought up to date
        said = memex.run("export", tmp_path / "out").stdout
        assert "1 saved searches." in said
        lines = (tmp_path / "out" / "searches.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == [saved]
    memex.run("searches", "remove", str(saved["id"]))
    memex.run("export", tmp_path / "out")
    assert (tmp_path / "out" / "searches.jsonl").read_text(encoding="utf-8") == ""


def test_forgetting_a_document_takes_its_traces(memex: Home) -> None:
    (hit,) = memex.json("search", "heron in the reeds", "--limit", "1")["hits"]
    memex.run("ask", "where stood the zyxomantic heron?")
    memex.run("search", "zyxomantic", "--kind", "audio")
    numbers = {line["id"] for line in memex.json("trace", "list")["traces"]}
    memex.run("searches", "save", "zyxomantic kind:note")
    told = memex.run("forget", hit["document"], "--verify", "--yes").stderr
    assert "1 saved search with their words went, too." in told
    assert memex.client.saved_searches() == []
    left = {line["id"] for line in memex.json("trace", "list")["traces"]}
    assert len(numbers - left) >= 3
    assert not any(b"zyxomantic" in file.read_bytes() for file in memex.path.glob("library.db*"))
    assert "no trace" in memex.run("right", code=1).stderr


def test_traces_are_forgotten(memex: Home) -> None:
    memex.run("search", "a loaf of Sprankledoff")
    memex.run("search", "loaf")
    number = latest(memex)
    memex.run("trace", "forget", str(number - 1))
    assert "no trace" in memex.run("trace", "show", str(number - 1), code=1).stderr
    assert not any(b"Sprankledoff" in file.read_bytes() for file in memex.path.glob("library.db*"))
    memex.run("trace", "forget", "--all", "--yes")
    assert memex.json("trace", "list")["traces"] == []


def test_a_search_is_saved_listed_and_removed(memex: Home) -> None:
    for query in ("loaf   kind:note", "zyxomantic heron", "loaf kind:note"):
        memex.run("searches", "save", *query.split(" "))
    latest, oldest = memex.json("searches", "list")["searches"]
    assert set(latest) == {"id", "query", "saved_at"}
    assert (latest["query"], oldest["query"]) == ("zyxomantic heron", "loaf kind:note")
    memex.run("search", "loaf kind:note")
    memex.run("trace", "forget", "--all", "--yes")
    assert "loaf kind:note" in memex.run("searches", "list").stdout
    memex.run("searches", "remove", str(oldest["id"]))
    assert [each["query"] for each in memex.client.saved_searches()] == ["zyxomantic heron"]
    gone = memex.run("searches", "remove", str(oldest["id"]), code=1)
    assert "There is no such saved search." in gone.stderr

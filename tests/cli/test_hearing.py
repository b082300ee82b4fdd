"""Real recordings through the real program: added, found, and the second is right."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home, home

TURNS = 50


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Home]:
    with home(tmp_path_factory.mktemp("home")) as made:
        made.run("add", shared / "audio" / "long" / "turns.opus")
        yield made


@pytest.fixture(scope="module")
def turns(shared: Path) -> list[Any]:
    text = (shared / "audio" / "long.jsonl").read_text(encoding="utf-8")
    found = json.loads(text.splitlines()[0])["turns"]
    assert len(found) == TURNS
    return list(found)


def test_what_is_said_is_found_in_the_passage_that_says_it(memex: Home, turns: list[Any]) -> None:
    """Of the turns long enough to be told apart, nearly all lie inside the first hit."""
    inside = []
    for turn in (turn for turn in turns if len(turn["text"].split()) >= 8):
        hit = memex.client.search(turn["text"], 1)["hits"][0]
        assert hit["kind"] == "audio"
        middle = (turn["start"] + turn["end"]) / 2
        inside.append(hit["start"] <= middle <= hit["end"])
    assert len(inside) >= 30
    assert statistics.mean(inside) >= 0.9


def test_the_moment_to_play_is_the_second_it_was_said(memex: Home, turns: list[Any]) -> None:
    """What is shown and played begins within a turn's reach, mostly to the second."""
    distances = []
    for turn in (turn for turn in turns if len(turn["text"].split()) >= 8):
        found = memex.client.search(turn["text"], 1)["hits"][0]["snippet"]
        before = max(0.0, turn["start"] - found["start"])
        after = max(0.0, found["start"] - turn["end"])
        distances.append(before + after)
    assert statistics.median(distances) <= 1.0
    assert statistics.mean(distance <= 3.0 for distance in distances) >= 0.85


def test_an_answer_cites_the_second(memex: Home, turns: list[Any]) -> None:
    lobster = next(turn for turn in turns if "pound of lobster" in turn["text"])
    answer = memex.json("ask", "how much cream does the lobster recipe take?")
    assert answer["found"]
    cited = answer["citations"][0]
    assert "lobster" in cited["text"].lower()
    assert lobster["start"] - 3 <= cited["start"] <= lobster["end"]


def test_silence_and_noise_are_refused_and_invent_nothing(memex: Home, shared: Path) -> None:
    rows = (shared / "audio" / "nonspeech.jsonl").read_text(encoding="utf-8").splitlines()
    files = [shared / "audio" / json.loads(row)["audio"] for row in rows[:3]]
    items = memex.json("add", *files, code=1)["items"]
    assert [item["state"] for item in items] == ["failed"] * len(files)
    assert all("no speech" in item["message"].lower() for item in items)
    assert len(memex.json("list")["documents"]) == 1


def test_recognition_goes_on_where_it_was_killed(tmp_path: Path, shared: Path) -> None:
    """memex-ingest is killed after its first checkpoint; nothing is heard twice or lost."""
    recording = shared / "audio" / "long" / "turns.opus"
    with home(tmp_path / "home") as made:
        made.run("up")
        added = made.client.add([recording])
        for _ in range(600):
            if list((made.path / "work").glob("*.jsonl")):
                break
            time.sleep(0.1)
        time.sleep(3)
        made.run("down")
        kept = sum(
            len(file.read_bytes().splitlines()) for file in (made.path / "work").glob("*.jsonl")
        )
        made.run("up")
        states = [event.state for event in made.client.follow(added) if event]
        assert states[-1] == "remembered"
        (document,) = made.json("list")["documents"]
        segments = made.json("show", document["id"])["segments"]
    starts = [segment["start"] for segment in segments]
    assert kept >= 1
    assert starts == sorted(starts)
    assert len({(s["start"], s["text"]) for s in segments}) == len(segments)
    assert segments[-1]["end"] > 440

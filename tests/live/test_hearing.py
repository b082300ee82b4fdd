"""Real speech through the real daemons while its recording grows."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

from ingest.recognition import plain_word
from memex.daemons import start
from memex.errors import DaemonUnavailable, NotFound
from memex.spool import Spool
from memex.types import Word, heard_id
from memex.wire import Json
from tests.home import Home, home
from tests.live.feeding import Ears, origin, samples_of, until

UTTERANCES = 4
SILENCE = np.zeros(16_000 * 3 // 2, dtype=np.int16)


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[Any]:
    """Read sentences of 4 to 12 seconds."""
    lines = (shared / "audio" / "read.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [row for row in found if 4 <= row["seconds"] <= 12][:UTTERANCES]


@pytest.fixture
def memex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        monkeypatch.setenv("MEMEX_HOME", str(made.path))
        for role in ("memexd", "memex-ingest"):
            start(made.paths, role)
        yield made


def document(memex: Home, ears: Ears) -> Json | None:
    """What there is of a recording."""
    said = ears.recording.origin
    assert said.started_at is not None
    try:
        return memex.client.document(heard_id(said.source, said.device, said.started_at))
    except NotFound:
        return None


def awaited(memex: Home, ears: Ears, known: Callable[[Json], bool] = bool) -> Json:
    """The document as soon as it is so."""
    seen: list[Json] = []

    def look() -> bool:
        found = document(memex, ears)
        if found and known(found):
            seen.append(found)
        return bool(seen)

    until(look)
    return seen[-1]


def search(memex: Home, text: str) -> Json:
    """What is found, as soon as something is."""
    found: list[Json] = []

    def look() -> bool:
        found.append(memex.client.search(text, 10))
        return bool(found[-1]["hits"])

    until(look)
    return found[-1]


def found_at(memex: Home, text: str, first: float, last: float) -> Json:
    """What is found, once it is found at its second: the library has a text a moment before the
    index, and of what the index still has as it was only the passage's beginning is known.
    """
    found: list[Json] = []

    def look() -> bool:
        found.append(search(memex, text))
        return bool(first <= found[-1]["hits"][0]["snippet"]["start"] <= last)

    until(look, f"{text!r} is not found between {first} and {last}", seconds=30)
    return found[-1]


def plain(text: str) -> list[str]:
    return [plain_word(Word(word, 0, 0, 0)) for word in text.split()]


class Looking:
    """Somebody who looks at the captions."""

    def __init__(self, memex: Home) -> None:
        self.captions: list[Json] = []
        self._client = memex.client
        threading.Thread(target=self._run, daemon=True).start()
        until(lambda: memex.client.say_live([]) == 1)

    def _run(self) -> None:
        try:
            for event in self._client.follow_live():
                if event.get("kind") == "caption":
                    self.captions.append(event)
        except DaemonUnavailable:
            pass  # the test is over

    def of(self, utterance: int) -> list[Json]:
        return [event for event in self.captions if event["utterance"] == utterance]


def test_what_is_said_is_shown_and_found_while_it_is_said_and_stays_once(
    memex: Home, shared: Path, rows: list[Any]
) -> None:
    looking = Looking(memex)
    ears = Ears(Spool(memex.paths.spool), origin())
    starts = []
    for row in rows:
        starts.append(ears.recording.length / 16_000)
        ears.hear(samples_of(shared / "audio" / row["audio"]), pace=1.0)
        ears.hear(SILENCE, pace=1.0)
    spoken = [row["text"] for row in rows]

    # It is found while the recording grows.
    growing = awaited(memex, ears, lambda found: len(found["segments"]) >= UTTERANCES)
    assert growing["attributes"]["growing"]
    assert ears.recording.path.exists()
    for text, began, row in zip(spoken, starts, rows, strict=True):
        found = found_at(memex, text, began - 1, began + row["seconds"])
        assert found["hits"][0]["document"] == growing["id"]

    # Somebody who looked saw it come: settled words stayed, and each utterance ended.
    until(lambda: [event["final"] for event in looking.captions].count(True) >= UTTERANCES)
    last = max(event["utterance"] for event in looking.captions)
    shown = []
    for utterance in range(last + 1):
        events = looking.of(utterance)
        assert events[-1]["final"]
        assert events[-1]["open"] == ""
        assert not any(event["final"] for event in events[:-1])
        for before, after in pairwise(events):
            settled = plain(before["settled"])
            assert plain(after["settled"])[: len(settled)] == settled
        shown.append(events[-1]["settled"])
    assert any(event["open"] for event in looking.captions)
    assert any(event["settled"] for event in looking.captions if not event["final"])
    assert any(event["document"] == growing["id"] for event in looking.captions)
    normal = EnglishTextNormalizer()
    reference = normal(" ".join(spoken))
    assert jiwer.wer(reference, normal(" ".join(shown))) < 0.3
    at = datetime.fromisoformat(looking.of(0)[0]["at"])
    began_at = ears.recording.origin.started_at
    assert began_at is not None
    assert 0 <= (at - began_at).total_seconds() <= rows[0]["seconds"]

    # It ends, and is recognised as a whole: the same document, nothing twice.
    ears.end()
    final = awaited(memex, ears, lambda found: "growing" not in found["attributes"])
    assert [row["id"] for row in memex.client.documents(hidden=True)] == [final["id"]]
    assert growing["id"] == final["id"]
    assert len(final["copies"]) == 1
    assert "/live/" not in final["copies"][0]["uri"]
    said = " ".join(segment["text"] for segment in final["segments"])
    assert jiwer.wer(reference, normal(said)) < 0.3
    times = [segment["start"] for segment in final["segments"]]
    assert times == sorted(times)
    for text, began, row in zip(spoken, starts, rows, strict=True):
        found = found_at(memex, text, began - 1, began + row["seconds"])
        assert {hit["document"] for hit in found["hits"]} == {final["id"]}
    until(lambda: not list((memex.paths.spool / "live").iterdir()))


def test_what_was_said_while_nothing_ran_is_heard_at_the_start(
    tmp_path: Path, shared: Path, rows: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with home(tmp_path / "home") as made:
        monkeypatch.setenv("MEMEX_HOME", str(made.path))
        made.paths.create()
        with Ears(Spool(made.paths.spool), origin()) as ears:
            ears.hear(samples_of(shared / "audio" / rows[0]["audio"]))
            ears.hear(SILENCE)
        for role in ("memex-ingest", "memexd"):  # the recogniser is there before the memory
            start(made.paths, role)
        growing = awaited(made, ears)
        normal = EnglishTextNormalizer()
        said = " ".join(segment["text"] for segment in growing["segments"])
        assert jiwer.wer(normal(rows[0]["text"]), normal(said)) < 0.4


def test_what_is_never_kept_is_never_remembered(memex: Home, shared: Path, rows: list[Any]) -> None:
    """Retention keeps nothing of what was recorded in private (the default)."""
    spool = Spool(memex.paths.spool)
    private = Ears(spool, replace(origin("pocket"), consent="private"))
    open_ = Ears(spool, origin("desk"))
    for ears, row in ((private, rows[0]), (open_, rows[1])):
        with ears:
            ears.hear(samples_of(shared / "audio" / row["audio"]))
            ears.hear(SILENCE)
    until(lambda: document(memex, open_))
    assert document(memex, private) is None
    assert len(memex.client.documents(hidden=True)) == 1


def test_noise_invents_nothing(memex: Home, shared: Path, rows: list[Any]) -> None:
    """What the detector takes for speech in noise becomes no document by itself."""
    lines = (shared / "audio" / "nonspeech.jsonl").read_text(encoding="utf-8").splitlines()
    with Ears(Spool(memex.paths.spool), origin()) as ears:
        for line in lines[:5]:
            ears.hear(samples_of(shared / "audio" / json.loads(line)["audio"])[: 16_000 * 20])
    with Ears(Spool(memex.paths.spool), origin("other")) as said:
        said.hear(samples_of(shared / "audio" / rows[0]["audio"]))
        said.hear(SILENCE)
    until(lambda: document(memex, said))
    found = document(memex, ears)
    assert found is None or sum(len(s["text"].split()) for s in found["segments"]) <= 2

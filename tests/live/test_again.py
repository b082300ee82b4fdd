"""What was heard live is recognised again by a better model: real models, real daemons."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jiwer
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

from ingest import again, improver
from ingest import holds as holds_module
from ingest.again import Kept, improved, kept
from ingest.holds import Holds
from ingest.improver import Improver
from ingest.reading import Reading
from ingest.recogniser import Recogniser
from memex.client import Client
from memex.config import Listening, Paths, load_config
from memex.daemons import start, stop
from memex.models.loading import speech_model_path
from memex.pause import Pause
from memex.protocols import Recognised, Remembered
from memex.spool import Spool
from memex.types import Arrival, Copy, Document, Segment, Word, heard_id
from memex.wire import Json
from tests.home import Home, home
from tests.live.feeding import Ears, origin, samples_of, until
from tests.live.test_hearing import SILENCE
from tests.voices.conftest import encoder, manifest

__all__ = ["encoder"]
TINY, BETTER = "recognised by whisper tiny.en", "recognised by whisper better"


def configure(memex: Home, listen: str) -> None:
    """With a model of the user's own, "better": of the models that CI has there is one."""
    _, model = speech_model_path(load_config(memex.paths))
    memex.paths.config.write_text(f"[listen]\n{listen}\n[models.paths]\nbetter = '{model}'\n")


@pytest.fixture
def memex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        monkeypatch.setenv("MEMEX_HOME", str(made.path))
        made.paths.create()
        yield made


def rows(shared: Path) -> list[dict[str, Any]]:
    """Two people who take turns."""
    read = manifest(shared, "read")
    ada = [row for row in read if row["speaker"] == "2609"][:3]
    bert = [row for row in read if row["speaker"] == "367"][:3]
    return [row for pair in zip(ada, bert, strict=True) for row in pair]


def heard(memex: Home, shared: Path) -> Json:
    """A conversation that was heard live, and is remembered."""
    ears = Ears(Spool(memex.paths.spool), origin())
    for row in rows(shared):
        ears.hear(samples_of(shared / "audio" / row["audio"]))
        ears.hear(SILENCE)
    ears.end()
    said = ears.recording.origin
    assert said.started_at
    id_ = heard_id(said.source, said.device, said.started_at)

    def whole() -> Json | None:
        for each in memex.client.documents():
            found = memex.client.document(each["id"])
            if "growing" not in found["attributes"]:
                return found
        return None

    found = until(whole)
    assert found is not None
    assert (found["id"], found["source"]) == (id_, TINY)
    return found


def speakers(document: Json, name: str) -> float:
    """Seconds that somebody speaks."""
    lengths: list[float] = [
        segment["end"] - segment["start"]
        for segment in document["segments"]
        if segment["speaker"] == name
    ]
    return sum(lengths)


def wer(shared: Path, document: Json) -> float:
    normal = EnglishTextNormalizer()
    reference: str = normal(" ".join(row["text"] for row in rows(shared)))
    said = " ".join(segment["text"] for segment in document["segments"])
    return float(jiwer.wer(reference, normal(said)))


@pytest.mark.usefixtures("encoder")
def test_while_nothing_else_is_to_do_the_better_text_takes_the_place_of_the_other(
    memex: Home, shared: Path
) -> None:
    for role in ("memexd", "memex-ingest"):
        start(memex.paths, role)
    before = heard(memex, shared)
    names = {segment["speaker"] for segment in before["segments"]}
    assert names == {"Voice 1", "Voice 2"}
    memex.client.name_voice("Voice 1", "Ada")
    before = memex.client.document(before["id"])
    people = memex.client.people()

    configure(memex, 'better = "better"')
    until(lambda: memex.client.document(before["id"])["source"] == BETTER)
    after = memex.client.document(before["id"])
    assert [row["id"] for row in memex.client.documents(hidden=True)] == [before["id"]]
    assert after["copies"] == before["copies"]
    for name in ("title", "created_at", "uri", "duration"):
        assert after[name] == before[name]
    assert wer(shared, after) < 0.3
    for name in ("Ada", "Voice 2"):
        assert speakers(after, name) == pytest.approx(speakers(before, name), rel=0.15)
    assert {segment["speaker"] for segment in after["segments"]} == {"Ada", "Voice 2"}
    now = memex.client.people()
    assert [(p["name"], p["seconds"]) for p in now] == [(p["name"], p["seconds"]) for p in people]
    memex.client.name_voice("Voice 2", "Bert")  # the links hold
    assert speakers(memex.client.document(before["id"]), "Bert") > 5
    hits = memex.client.search(rows(shared)[0]["text"], 10)["hits"]
    assert {hit["document"] for hit in hits} == {before["id"]}
    assert memex.json("verify")["sound"]
    assert not list(memex.paths.work.glob("*.jsonl"))
    assert memex.client.worse(BETTER) == []


def test_killed_in_the_midst_it_goes_on_and_what_is_gone_is_not_brought_back(
    memex: Home, shared: Path
) -> None:
    configure(memex, "speakers = false")
    for role in ("memexd", "memex-ingest"):
        start(memex.paths, role)
    before = heard(memex, shared)
    stop(memex.paths, "memex-ingest")
    assert memex.client.worse(BETTER) == [before["id"]]

    with process(memex, before["id"]) as first:
        until(lambda: list(memex.paths.work.glob("*.jsonl")))
        os.kill(first.pid, signal.SIGKILL)
    assert memex.client.document(before["id"]) == before

    with process(memex, before["id"]) as abandoned:  # as where memex-ingest was killed
        assert abandoned.stdin
        abandoned.stdin.close()
        assert abandoned.wait(60) == again.ABANDONED
    with process(memex, before["id"], "whisper-none") as missing:
        assert missing.wait(60) == again.LATER
    assert memex.client.document(before["id"]) == before

    recording = kept(memex.client.document(before["id"]), memex.paths.audio)
    assert recording is not None
    with process(memex, before["id"]) as last:
        assert last.wait(120) == again.DONE
    after = memex.client.document(before["id"])
    assert after["source"] == BETTER
    assert {segment["speaker"] for segment in after["segments"]} == {None}

    memex.client.forget(before["id"], tombstone=False)
    (told,) = memex.client.remember(Arrival(recording.document, recording.copy, again=True))
    assert isinstance(told, Remembered)
    assert told.forgotten
    assert memex.client.documents(hidden=True) == []
    with process(memex, before["id"]) as last:
        assert last.wait(60) == again.DONE  # there is nothing to do


def process(memex: Home, id_: str, model: str = "better") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", improver.PROGRAM, id_, model],
        env=memex.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class Scripted:
    """A recogniser that hears four words, one a second."""

    model = "scripted"

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        said = tuple(
            Word(word, at, at + 0.8, 0.9) for at, word in enumerate("one two three four".split())
        )
        yield Recognised((Segment("one two three four", 0.0, 3.8, words=said),), 4.0, 4.0, "en", ())


def test_what_is_said_elsewhere_stays_out_of_it(tmp_path: Path, shared: Path) -> None:
    sound = shared / "audio" / rows(shared)[0]["audio"]
    document = Document("d", "audio", "t", sound.as_uri(), None, (), attributes={"suppressed": "1"})
    copy = Copy("d", sound.as_uri(), "", "audio", "t", 1, datetime.now(UTC))
    reading = Reading(Scripted, tmp_path / "checkpoint.jsonl")
    found = improved(Kept(document, copy, ((1.0, 2.9),)), reading)
    assert found is not None
    assert found.again
    (segment,) = found.document.segments
    assert (segment.text, segment.start, segment.end) == ("one four", 0.0, 3.8)
    assert found.document.source == "recognised by scripted"
    assert set(found.document.attributes) == {"said"}
    assert improved(Kept(document, copy, ((0.0, 9.0),)), reading) is None


class Memexd(Client):
    """One that knows what could be better."""

    def __init__(self, paths: Paths, *ids: str) -> None:
        super().__init__(paths)
        self.ids = list(ids)

    def worse(self, source: str) -> list[str]:
        assert source == BETTER
        return self.ids


@dataclass
class Idle:
    """An improver over processes that only pretend, and what it looks at."""

    improver: Improver
    recogniser: Recogniser
    spool: Spool
    pause: Pause
    battery: bool = False
    speaking: bool = False


@pytest.fixture
def idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Idle]:
    for name, value in (("LOOK_EVERY", 0.02), ("IDLE", 0.2), ("ASK_EVERY", 0.1)):
        monkeypatch.setattr(improver, name, value)
    monkeypatch.setattr(improver, "PROGRAM", "tests.live.pretending")
    paths = Paths(tmp_path / "home", tmp_path / "config.toml")
    paths.create()
    listen = Listening(better="better")
    config = replace(load_config(paths), listen=listen)
    made: Idle
    pause, spool, recogniser = Pause(paths.pause), Spool(paths.spool), Recogniser(config)
    holds = Holds(
        paths.home, pause, 0, battery=lambda: made.battery, speaking=lambda: made.speaking
    )
    monkeypatch.setattr(holds_module, "CHECK_EVERY", 0.0)
    memexd = Memexd(paths, *request.param)
    made = Idle(
        Improver(memexd, spool, recogniser, holds, lambda: config), recogniser, spool, pause
    )
    made.improver.start()
    yield made
    made.improver.stop()


@pytest.mark.parametrize("idle", [["60"]], indirect=True)
def test_whatever_else_is_to_do_ends_it_and_then_it_begins_again(
    idle: Idle, tmp_path: Path
) -> None:
    def begun() -> bool:
        return bool(idle.improver.doing)

    def ended() -> bool:
        return not idle.improver.doing

    until(begun)
    assert idle.improver.doing == "recognising again, by better"
    idle.pause.begin()
    until(ended)
    idle.pause.end()
    until(begun)
    for name in ("battery", "speaking"):
        setattr(idle, name, True)
        until(ended)
        setattr(idle, name, False)
        until(begun)
    with idle.recogniser.needed():
        until(ended)
    until(begun)
    note = tmp_path / "note.txt"
    note.write_text("something to read")
    item = idle.spool.put(note)
    until(ended)
    idle.spool.take(item)
    time.sleep(0.3)
    assert ended()
    idle.spool.finish(item)
    until(begun)
    running = idle.improver._process
    assert running is not None
    idle.recogniser()  # it is needed here, at once
    assert running.poll() == -signal.SIGKILL


@pytest.mark.parametrize("idle", [["hopeless", "done", "60"]], indirect=True)
def test_each_is_tried_once(idle: Idle) -> None:
    until(lambda: idle.improver.doing and idle.improver._under_way[0] == "60")
    assert {id_ for id_, _ in idle.improver._done} == {"hopeless", "done"}


def test_switched_off_it_leaves_no_checkpoint(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "home", tmp_path / "config.toml")
    paths.create()
    ours, the_workers = paths.work / "again-5c1f.jsonl", paths.work / "5c1f.jsonl"
    for checkpoint in (ours, the_workers):
        checkpoint.write_text("{}")
    config = load_config(paths)
    holds = Holds(paths.home, Pause(paths.pause), 0)
    off = Improver(Memexd(paths), Spool(paths.spool), Recogniser(config), holds, lambda: config)
    off.start()
    until(lambda: not ours.exists())
    off.stop()
    assert the_workers.exists()


@pytest.mark.parametrize("idle", [["later", "60"]], indirect=True)
def test_where_the_model_is_not_to_be_had_it_waits(
    idle: Idle,
) -> None:
    until(lambda: idle.improver._next > time.monotonic() + 100)
    assert idle.improver._done == set()
    time.sleep(0.5)
    assert idle.improver.doing == ""

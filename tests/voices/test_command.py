"""Who speaks, through the real program: heard, named, enrolled, forgotten."""

from __future__ import annotations

import wave
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.voices.embedding import VoiceEncoder
from tests.home import Home, home
from tests.voices.conftest import Samples, manifest, samples_of


def recording(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def said_by(shared: Path, speaker: str) -> list[Samples]:
    rows = [row for row in manifest(shared, "read") if row["speaker"] == speaker]
    return [samples_of(shared, row) for row in rows]


@pytest.fixture
def memex(tmp_path: Path, encoder: VoiceEncoder) -> Iterator[Home]:
    assert encoder.model  # without the model there is nobody to tell
    with home(tmp_path / "home") as made:
        yield made


def speakers(memex: Home, title: str) -> Counter[str]:
    (document,) = (each for each in memex.client.documents() if each["title"] == title)
    found = memex.client.document(document["id"])
    return Counter(segment["speaker"] for segment in found["segments"])


def test_a_voice_is_heard_named_found_and_forgotten(
    memex: Home, shared: Path, tmp_path: Path
) -> None:
    ada, bert = said_by(shared, "2609"), said_by(shared, "367")
    pause = np.zeros(16000, np.float32)
    talk = np.concatenate([part for pair in zip(ada[:3], bert[:3], strict=True)
                           for sound in pair for part in (sound, pause)])  # fmt: skip
    memex.run("add", recording(tmp_path / "first.wav", talk))
    assert set(speakers(memex, "first")) == {"Voice 1", "Voice 2"}

    enrolled = recording(tmp_path / "bert.wav", np.concatenate(bert[3:6]))
    memex.run("people", "enroll", "Bert", "--from", enrolled, "--me")
    memex.run("add", recording(tmp_path / "second.wav", np.concatenate(bert[6:8])))
    second = speakers(memex, "second")
    assert len(second) == 1  # Bert as he was enrolled, or as he was heard before
    (heard,) = second
    assert heard in {"Bert", "Voice 1", "Voice 2"}

    ours = "Voice 1" if heard == "Voice 2" else "Voice 2"
    if heard == "Bert":
        texts = {s["speaker"]: s for s in memex.client.document(
            next(d["id"] for d in memex.client.documents() if d["title"] == "first")
        )["segments"]}  # fmt: skip
        ours = min(texts)
    memex.run("searches", "save", f'from:"{ours}" kind:audio')
    said = memex.run("people", "name", ours, "Ada").stdout
    assert said == "Ada it is, in 1 document.\n"
    assert memex.client.changes(0)[-1] == {"type": "renamed", "before": ours, "now": "Ada"}
    assert memex.client.saved_searches()[0]["query"] == "from:Ada kind:audio"
    for query in (f'from:"{ours}"', "from:ada"):
        hits = memex.client.search(query, 10)["hits"]
        assert hits
        assert all("Ada" in hit["speaker"] for hit in hits)
    assert "Ada" in speakers(memex, "first")
    rows = memex.json("people", "list")["people"]
    assert [row["name"] for row in rows][:2] == ["Bert", "Ada"]
    assert rows[0]["owner"]
    assert any(hit["speaker"] and "Ada" in hit["speaker"] for hit in
               memex.client.search("Ada", 10)["hits"])  # fmt: skip

    known = memex.client.status()["changes"]
    assert memex.run("people", "forget", "Ada", "--yes").stdout.startswith("Ada is forgotten")
    assert memex.client.changes(known) == [{"type": "renamed", "before": "Ada", "now": None}]
    assert "Ada" not in speakers(memex, "first")
    assert not any(hit["speaker"] and "Ada" in hit["speaker"] for hit in
                   memex.client.search("Ada", 10)["hits"])  # fmt: skip
    assert "Nobody is known" in memex.run("people", "forget", "Ada", "--yes", code=1).stderr


def test_what_is_no_recording_of_one_person_is_refused(
    memex: Home, shared: Path, tmp_path: Path
) -> None:
    short = recording(tmp_path / "short.wav", said_by(shared, "2609")[0][:32000])
    refused = memex.run("people", "enroll", "Ada", "--from", short, code=1)
    assert "20 s" in refused.stderr
    missing = memex.run("people", "enroll", "Ada", "--from", tmp_path / "none.wav", code=1)
    assert "none.wav" in missing.stderr
    assert memex.json("people", "list")["people"] == []

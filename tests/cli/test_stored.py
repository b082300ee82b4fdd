"""What was received is kept, found, and played at its second: through the real program."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from ingest.sound import SAMPLE_RATE
from memex.items import Lane, Provenance
from memex.playback import RATE, frames
from memex.spool import Spool
from tests.hearing.making import encode, load, shift
from tests.home import Home, home

SECONDS = 120.0
"""A deadline only."""


SRT = """1
00:00:01,000 --> 00:00:04,000
The bittern booms at dusk.
"""


def receive(memex: Home, recording: Path, origin: Provenance, srt: str = "") -> None:
    """Hand a recording in as a recorder does."""
    spool = Spool(memex.paths.spool)
    draft = spool.draft(recording.name)
    shutil.copyfile(recording, draft)
    beside = [draft.with_suffix(".srt")] if srt else []
    for transcript in beside:
        transcript.write_text(srt, encoding="utf-8")
    spool.receive(draft, origin, Lane.LIVE, beside)


def until(done: Callable[[], bool]) -> None:
    """Wait for what the daemons do by themselves."""
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def remembered(memex: Home, count: int) -> list[dict[str, Any]]:
    """The catalogue, once it has so many documents and nothing waits."""
    until(lambda: len(memex.client.documents()) >= count)
    until(lambda: not any(memex.client.status()["queue"].values()))
    return memex.client.documents()


@pytest.fixture(scope="module")
def recording(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen seconds of a reading voice, as a microphone's WAV."""
    source = shared / "audio" / "read" / "1688-142285-0000.flac"
    folder = tmp_path_factory.mktemp("recorded")
    return encode(load(source), folder / "heard.wav", "pcm_s16le", 16_000)


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory, recording: Path) -> Iterator[Home]:
    with home(tmp_path_factory.mktemp("home") / "home") as made:
        made.paths.create()
        origin = Provenance("microphone", "desk", datetime.now(UTC), "listening")
        receive(made, recording, origin)
        left = made.paths.audio / "00" / f"{0:024}.opus"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"left by a crash")
        made.run("up")
        remembered(made, 1)
        yield made


def test_a_hit_plays_the_second_it_was_said(memex: Home, recording: Path) -> None:
    (hit,) = memex.json("search", "a little too much of steel")["hits"]
    kept = Path(unquote(urlsplit(hit["uri"]).path))
    assert kept.is_relative_to(memex.paths.audio)
    assert kept.stat().st_size < recording.stat().st_size / 4
    assert not list((memex.paths.spool / "data").iterdir())
    memex.run("search", "a little too much of steel")  # which `memex play 1` then means
    shown = json.loads((memex.paths.run / "shown.json").read_text(encoding="utf-8"))
    start = shown[0]["start"]
    sound = np.concatenate(list(frames(kept, start, start + 3)))[:: RATE // SAMPLE_RATE]
    said = load(recording)[round(start * SAMPLE_RATE) :][: 3 * SAMPLE_RATE]
    assert abs(shift(sound, said)) < 2.0


def test_what_a_crash_left_is_swept_up(memex: Home) -> None:
    until(lambda: not (memex.paths.audio / "00" / f"{0:024}.opus").exists())
    assert len(list(memex.paths.audio.glob("*/*"))) == 1


def test_memexd_applies_the_rules_by_itself(memex: Home, recording: Path) -> None:
    """A day after it first saw them: here that day is put into its note of them."""
    receive(memex, recording, Provenance("podcast", uri="https://example.org/1.mp3"), SRT)
    remembered(memex, 2)
    (episode,) = memex.json("search", "bittern", "--limit", "1")["hits"]
    kept = Path(unquote(urlsplit(episode["uri"]).path))
    assert kept.is_relative_to(memex.paths.audio)
    memex.paths.config.write_text('[retention.sources.podcast]\naudio = "never"\n')
    note = memex.paths.run / "retention.json"
    memex.run("down")
    memex.run("up")
    until(lambda: "podcast" in note.read_text(encoding="utf-8"))
    memex.run("down")
    assert kept.exists()
    seen = json.loads(note.read_text(encoding="utf-8"))
    since = datetime.fromisoformat(seen["since"]) - timedelta(days=1)
    note.write_text(json.dumps({**seen, "since": since.isoformat()}), encoding="utf-8")
    memex.run("up")
    until(lambda: not kept.exists())
    assert memex.json("search", "bittern", "--limit", "1")["hits"][0]["start"] == 1.0
    memex.run("forget", episode["document"], "--yes")


def test_retention_lets_the_sound_go_and_keeps_the_words(memex: Home) -> None:
    (before,) = memex.json("list")["documents"]
    kept = Path(unquote(urlsplit(before["uri"]).path))
    memex.run("search", "a little too much of steel")
    assert memex.json("retention", "apply")["gone"] == []
    memex.paths.config.write_text('[retention.sources.microphone]\naudio = "never"\n')
    shown = memex.json("retention", "show")
    (row,) = [row for row in shown["classes"] if row["name"] == "microphone"]
    assert (row["audio"], row["transcripts"], row["documents"]) == (0.0, None, 1)
    assert row["bytes"] == kept.stat().st_size
    assert "microphone" in memex.run("retention", "show").stdout
    would = memex.json("retention", "apply", "--dry-run")
    assert would["dry_run"]
    assert [gone["document"] for gone in would["gone"]] == [before["id"]]
    assert kept.exists()
    assert "Gone: the sound of 1 recording" in memex.run("retention", "apply").stderr
    assert not kept.exists()
    assert "retention" in memex.run("play", "1", code=1).stderr
    assert memex.json("search", "a little too much of steel")["hits"]
    assert memex.json("retention", "apply")["gone"] == []


def test_a_day_counts_to_its_end(memex: Home) -> None:
    began = datetime.fromisoformat(memex.json("list")["documents"][0]["created_at"])
    day = f"{began.astimezone():%Y-%m-%d}"
    found = memex.json("forget", "--between", day, day, "--dry-run")
    assert len(found["documents"]) == 1
    assert "Nothing fits" in memex.run("forget", "--between", day, f"{day}T00:00", code=1).stderr


def test_what_is_left_of_the_forgotten_is_told(memex: Home, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The zyxomantic heron stood in the reeds.", encoding="utf-8")
    memex.run("add", note)
    (memex.path / "copy.gz").write_bytes(gzip.compress(note.read_bytes()))
    failed = memex.run("forget", "--matching", "zyxomantic", "--yes", "--verify", code=1)
    assert "still there: copy.gz." in failed.stderr
    (memex.path / "copy.gz").unlink()
    memex.run("add", note)
    assert memex.json("forget", "--matching", "zyxomantic", "--yes", "--verify")["after"]["clean"]


def test_a_forgetting_that_was_broken_off_is_finished(memex: Home, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The zyxomantic heron stood in the reeds.", encoding="utf-8")
    memex.run("add", note)
    (document,) = memex.json("forget", "--matching", "zyxomantic", "--dry-run")["documents"]
    os.kill(memex.pid("memexd"), signal.SIGKILL)
    order = {"documents": [document["id"]], "uris": [document["uri"]], "tombstone": True}
    begun = memex.paths.run / "forgetting.json"
    begun.write_text(json.dumps(order), encoding="utf-8")
    memex.run("up")
    until(lambda: not begun.exists() and not (memex.paths.run / "wipe.due").exists())
    assert document["id"] not in {each["id"] for each in memex.json("list")["documents"]}
    left = [file for file in memex.path.rglob("*") if file.is_file()]
    assert not [file for file in left if b"zyxomantic" in file.read_bytes()]


def test_retention_forgets_words_for_good(memex: Home) -> None:
    memex.paths.config.write_text('[retention.sources.microphone]\ntranscripts = "never"\n')
    assert memex.json("retention", "apply")["gone"][0]["transcript"]
    assert memex.json("list")["documents"] == []
    assert memex.json("search", "a little too much of steel")["hits"] == []

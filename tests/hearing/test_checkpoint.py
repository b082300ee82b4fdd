from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ingest.checkpoint import Checkpoint
from memex.errors import DiskFull
from memex.protocols import Recognised
from memex.types import Segment, Word

FIRST = Recognised(
    (Segment("Häm.", 0.5, 1.0, words=(Word("Häm.", 0.5, 1.0, 0.75),)),),
    30.0,
    90.0,
    "de",
    ("loop", "phantom"),
)
SECOND = Recognised((), 60.0, 90.0, "de")


@pytest.fixture
def media(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"sound")
    return path


def test_what_was_done_is_there_again(tmp_path: Path, media: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Checkpoint(path, media, "whisper") as checkpoint:
        assert checkpoint.position == 0.0
        checkpoint.add(FIRST)
        checkpoint.add(SECOND)
    with Checkpoint(path, media, "whisper") as checkpoint:
        assert checkpoint.done == [FIRST, SECOND]
        assert checkpoint.position == 60.0
        assert not checkpoint.complete


def test_the_end_is_noted_with_its_damage(tmp_path: Path, media: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Checkpoint(path, media, "whisper") as checkpoint:
        checkpoint.add(FIRST)
        checkpoint.finish("breaks off")
    with Checkpoint(path, media, "whisper") as checkpoint:
        assert checkpoint.complete
        assert checkpoint.damage == "breaks off"


@pytest.mark.parametrize("lost", [1, 7, 40])
def test_a_torn_line_is_done_again(tmp_path: Path, media: Path, lost: int) -> None:
    path = tmp_path / "c.jsonl"
    with Checkpoint(path, media, "whisper") as checkpoint:
        checkpoint.add(FIRST)
        checkpoint.add(SECOND)
    path.write_bytes(path.read_bytes()[:-lost])
    with Checkpoint(path, media, "whisper") as checkpoint:
        assert checkpoint.done == [FIRST]
        checkpoint.add(SECOND)
    with Checkpoint(path, media, "whisper") as checkpoint:
        assert checkpoint.done == [FIRST, SECOND]


@pytest.mark.parametrize("change", ["model", "content", "rubbish"])
def test_another_recording_or_model_begins_anew(tmp_path: Path, media: Path, change: str) -> None:
    path = tmp_path / "c.jsonl"
    with Checkpoint(path, media, "whisper") as checkpoint:
        checkpoint.add(FIRST)
    if change == "content":
        media.write_bytes(b"other sound")
    if change == "rubbish":
        path.write_bytes(b"\x00\xff" * 300)
    with Checkpoint(path, media, "other" if change == "model" else "whisper") as checkpoint:
        assert checkpoint.done == []
    with Checkpoint(path, media, "other" if change == "model" else "whisper") as checkpoint:
        assert checkpoint.done == []


def test_a_full_disk_is_said(tmp_path: Path, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "c.jsonl"
    with Checkpoint(path, media, "whisper") as checkpoint:
        checkpoint.add(FIRST)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(DiskFull, match="no room"):
            checkpoint.add(SECOND)
        monkeypatch.undo()
    with Checkpoint(path, media, "whisper") as checkpoint:
        assert checkpoint.done[0] == FIRST

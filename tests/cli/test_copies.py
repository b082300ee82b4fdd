"""Backup, restore, export and verify, as a user does them, with the real models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memex.daemons import running
from tests.cli.test_crash import WORDS
from tests.cli.test_disk import fill, small_disk
from tests.home import Home, home

__all__ = ["small_disk"]

QUESTIONS = [
    "a loaf from the oven",
    "who wrote about a desk for books",
    "water birds",
    "lamp river",
]
NOTES = {
    "bread.txt": "Bake the loaf at 230 degrees for forty minutes, then let it cool.",
    "desk.md": "# A desk\n\nVannevar Bush published the essay As We May Think in July 1945.\n",
    "heron.txt": "The heron stood in the reeds and looked at the water.",
    "trail.txt": " ".join(WORDS) + ".",
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notes")
    for name, text in NOTES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory, notes: Path) -> Iterator[Home]:
    with home(tmp_path_factory.mktemp("home") / "memex") as made:
        made.run("add", notes)
        yield made


def answers(memex: Home) -> list[list[tuple[str, str]]]:
    """What is found, in its order."""
    return [
        [(hit["id"], hit["text"]) for hit in memex.json("search", question)["hits"]]
        for question in QUESTIONS
    ]


def wait_until_whole(memex: Home, passages: int) -> None:
    for _ in range(600):
        status = memex.json("status")
        if status["indexing"] is None and status["passages"] == passages:
            return
        time.sleep(0.05)
    raise AssertionError("the index is not made again")


def test_another_home_gives_the_same_answers(memex: Home, tmp_path: Path) -> None:
    expected = answers(memex)
    assert all(expected)
    made = memex.json("backup", tmp_path / "it")
    assert made["documents"] == len(NOTES)
    with home(tmp_path / "other") as other:
        said = other.json("restore", tmp_path / "it")
        assert (said["documents"], said["aside"]) == (len(NOTES), None)
        other.run("up")
        wait_until_whole(other, memex.json("status")["passages"])
        assert answers(other) == expected
        assert other.json("verify") == {"sound": True, "findings": []}
        assert "memex down" in other.run("restore", tmp_path / "it", "--force", code=1).stderr
        other.run("down")
        assert "--force" in other.run("restore", tmp_path / "it", code=1).stderr
        aside = Path(other.json("restore", tmp_path / "it", "--force")["aside"])
        assert (aside / "library.db").exists()


def test_no_daemon_is_needed_or_started(memex: Home, tmp_path: Path) -> None:
    memex.run("backup", tmp_path / "it")
    with home(tmp_path / "other") as other:
        other.run("restore", tmp_path / "it")
        other.run("backup", tmp_path / "again")
        assert running(other.paths, "memexd") is None


def test_killed_in_the_middle_there_is_no_half_file(memex: Home, tmp_path: Path) -> None:
    with home(tmp_path / "other") as other:
        memex.run("backup", tmp_path / "small")
        other.run("restore", tmp_path / "small")
        sound = other.path / "audio"
        sound.mkdir(mode=0o700)
        for number in range(8):
            (sound / f"{number}.opus").write_bytes(os.urandom(16 << 20))
        places = tmp_path / "backups"
        places.mkdir()
        making = subprocess.Popen(
            [sys.executable, "-m", "memex.cli", "backup", places / "it"], env=other.environment
        )
        draft = places / ".it.draft" / "backup"
        while not draft.exists() or draft.stat().st_size < 8 << 20:
            assert making.poll() is None
            time.sleep(0.005)
        making.send_signal(signal.SIGKILL)
        making.wait()
        assert not (places / "it").exists()
        other.run("backup", places / "it")
        assert [path.name for path in places.iterdir()] == ["it"]


def test_interrupted_it_says_so_and_leaves_nothing(memex: Home, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    place.mkdir()
    with home(tmp_path / "other") as other:
        memex.run("backup", tmp_path / "small")
        other.run("restore", tmp_path / "small")
        (other.path / "audio").mkdir()
        with (other.path / "audio" / "long.opus").open("wb") as file:
            file.truncate(4 << 30)
        making = subprocess.Popen(
            [sys.executable, "-m", "memex.cli", "backup", place / "it"],
            env=other.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not (place / ".it.draft" / "backup").exists():
            assert making.poll() is None
            time.sleep(0.005)
        making.send_signal(signal.SIGINT)
        _, said = making.communicate(timeout=60)
        assert making.returncode == 130
        assert "Interrupted" in said
        assert list(place.iterdir()) == []


def test_a_full_disk_is_said(memex: Home, small_disk: Path) -> None:
    fill(small_disk)
    said = memex.run("backup", small_disk / "it", code=1).stderr
    assert "No room is left" in said
    assert [path.name for path in small_disk.iterdir()] == ["fill"]


def test_export_reads_without_memex_and_is_brought_up_to_date(memex: Home, tmp_path: Path) -> None:
    done = memex.json("export", tmp_path / "out")
    assert (done["documents"], done["written"]) == (len(NOTES), len(NOTES))
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("*.md")]
    assert any("Bake the loaf" in text for text in texts)
    assert memex.json("export", tmp_path / "out")["unchanged"] == len(NOTES)
    memex.run("export", tmp_path / "lines", "--format", "jsonl")
    lines = (tmp_path / "lines" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(NOTES)


def test_what_was_exported_can_be_added_again(memex: Home, tmp_path: Path) -> None:
    memex.run("export", tmp_path / "out")
    with home(tmp_path / "other") as other:
        other.run("add", tmp_path / "out")
        known = {document["id"] for document in memex.json("list")["documents"]}
        assert known <= {document["id"] for document in other.json("list")["documents"]}


def test_older_versions_are_exported_when_they_are_asked_for(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    with home(tmp_path / "home") as memex:
        for text in ("The first thing I wrote.", "The second thing, on the same page."):
            note.write_text(text, encoding="utf-8")
            memex.run("add", note)
        assert memex.json("export", tmp_path / "out")["documents"] == 1
        assert memex.json("export", tmp_path / "out", "--all")["documents"] == 2
        (entry,) = memex.json("list")["documents"]
        (version,) = memex.json("show", entry["id"])["versions"]
        assert version["id"] != entry["id"]


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
@pytest.mark.parametrize("what", ["data/*.lance", "_versions/*.manifest"])
def test_verify_mends_a_damaged_index(memex: Home, what: str, *, down: bool) -> None:
    expected = answers(memex)
    if down:
        memex.run("down")
    files = list((memex.path / "index").glob(f"*.lance/{what}"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:20])
    said: Any = memex.json("verify")
    assert said["sound"]
    assert [finding["mended"] for finding in said["findings"]] == [True]
    assert answers(memex) == expected
    assert memex.json("verify") == {"sound": True, "findings": []}


def test_with_a_damaged_index_memexd_still_starts(memex: Home) -> None:
    expected = answers(memex)
    passages = memex.json("status")["passages"]
    memex.run("down")
    for file in (memex.path / "index").glob("*.lance/_versions/*"):
        file.write_bytes(os.urandom(50))
    memex.run("up")
    wait_until_whole(memex, passages)
    assert answers(memex) == expected


def test_verify_reports_a_damaged_library(memex: Home, tmp_path: Path) -> None:
    memex.run("backup", tmp_path / "it")
    with home(tmp_path / "other") as other:
        other.run("restore", tmp_path / "it")
        library = other.paths.library
        data = bytearray(library.read_bytes())
        data[2000:] = os.urandom(len(data) - 2000)
        library.write_bytes(data)
        shown = other.run("verify", code=1)
        assert "memex restore" in shown.stdout
        said = other.json("verify", code=1)
        assert not said["sound"]
        assert {finding["where"] for finding in said["findings"]} == {"library"}
        aside = other.json("restore", tmp_path / "it", "--force")["aside"]
        assert (Path(aside) / "library.db").read_bytes() == data
        assert other.json("verify")["sound"]

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from memex.library import Library
from memex.passages import split
from tests.home import Home, home

FILES = 14
WORDS = (
    "wire evening lamp river stone bridge garden kettle letter window winter market apple "
    "ladder silver thunder meadow harbour candle copper feather violin pepper marble orchard"
).split()


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        yield made


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Notes long enough that adding them all takes a while."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(FILES):
        chance = random.Random(number)
        lines = (
            f"Bird {number * 1000 + line} {' '.join(chance.choices(WORDS, k=30))}."
            for line in range(40)
        )
        (folder / f"note{number}.txt").write_text("\n\n".join(lines), encoding="utf-8")
    return folder


def begin(memex: Home, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "memex.cli", "add", path],
        env=memex.environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_documents(memex: Home, count: int) -> None:
    for _ in range(1200):
        try:
            if len(memex.client.documents()) >= count:
                return
        except Exception:  # noqa: BLE001 (it is not up yet)
            pass
        time.sleep(0.05)
    raise AssertionError("nothing was remembered")


def assert_all_there_once(memex: Home) -> None:
    documents = memex.json("list")["documents"]
    assert len(documents) == FILES
    assert all(document["copies"] == 1 for document in documents)
    for number in range(FILES):
        hits = memex.client.search(f"bird {number * 1000 + 7}", 1)["hits"]
        assert f"Bird {number * 1000 + 7} " in hits[0]["text"]
    passages = memex.json("status")["passages"]
    library = Library(memex.paths.library)
    assert passages == sum(len(split(library.document(id_))) for id_ in library.ids())
    library.close()


@pytest.mark.parametrize("role", ["memexd", "memex-ingest"])
def test_killed_in_the_middle_then_the_same_again(memex: Home, notes: Path, role: str) -> None:
    adding = begin(memex, notes)
    wait_for_documents(memex, 2)
    os.kill(memex.pid(role), signal.SIGKILL)
    _, said = adding.communicate(timeout=300)
    assert "Traceback" not in said
    if role == "memexd":
        assert adding.returncode == 1
        assert "again" in said
    memex.run("add", notes)
    assert_all_there_once(memex)
    assert memex.json("status")["queue"] == {"waiting": 0, "working": 0}


def test_what_waits_is_done_after_a_restart_without_being_asked(memex: Home, notes: Path) -> None:
    adding = begin(memex, notes)
    wait_for_documents(memex, 1)
    memex.run("down")
    adding.communicate(timeout=60)
    assert len(list((memex.path / "spool" / "new").iterdir())) > 0
    memex.run("up")
    wait_for_documents(memex, FILES)
    memex.run("add", notes)
    assert_all_there_once(memex)


def test_an_index_that_was_lost_is_made_again(memex: Home, notes: Path) -> None:
    memex.run("add", notes / "note1.txt", notes / "note2.txt")
    memex.run("down")
    subprocess.run(["rm", "-rf", memex.path / "index"], check=True)
    hits = []
    for _ in range(100):
        hits = memex.json("search", "bird 1007")["hits"]
        if hits:
            break
        time.sleep(0.1)
    assert "Bird 1007 " in hits[0]["text"]


def test_reindex_keeps_all(memex: Home, notes: Path) -> None:
    memex.run("add", notes / "note1.txt", notes / "note2.txt")
    before = memex.json("search", "bird 1007")["hits"]
    assert "2 documents" in memex.run("reindex").stdout
    after = memex.json("search", "bird 1007")["hits"]
    assert [hit["id"] for hit in after] == [hit["id"] for hit in before]

"""`memex status` tells the truth, whatever was done to the daemons."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memex import __version__
from memex.client import Added, Client
from memex.commands.add import _follow
from memex.condition import condition
from memex.errors import DaemonUnavailable, DiskFull
from memex.gaps import KILLED, STOPPED
from memex.spool import Spool
from tests.home import Home, home


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        yield made


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def line(memex: Home, name: str) -> str:
    """A line of `memex status`; "" where it is not there."""
    for text in memex.run("status").stdout.splitlines():
        if text.strip().startswith(f"{name} "):
            return text.strip().removeprefix(name).strip()
    return ""


def reasons(memex: Home) -> list[str]:
    return [gap["reason"] for gap in memex.json("status")["gaps"]]


def test_where_nothing_is_it_says_so_and_makes_nothing(memex: Home) -> None:
    status = memex.json("status")
    assert status["memexd"] is status["memex_ingest"] is status["paused"] is None
    assert (status["failed"], status["gaps"]) == ([], [])
    assert status["disk"]["free"] > 0
    assert not memex.path.exists()


def test_whichever_daemon_is_killed(memex: Home) -> None:
    memex.run("up")
    assert line(memex, "memexd").startswith(f"{__version__}, process {memex.pid('memexd')}")
    until(lambda: memex.json("status")["ingest"], "memex-ingest says nothing of itself")
    assert line(memex, "memex-ingest").startswith(f"{__version__}, process ")
    assert "speech whisper-tiny.en" in line(memex, "models")
    assert line(memex, "gaps") == "none known"

    os.kill(memex.pid("memex-ingest"), signal.SIGKILL)
    until(lambda: "not running" in line(memex, "memex-ingest"), "it is taken for alive")
    status = memex.json("status")
    assert status["ingest"] is None
    assert (status["gaps"][0]["reason"], status["gaps"][0]["until"]) == (KILLED, None)
    memex.run("up")
    until(lambda: memex.json("status")["gaps"][0]["until"], "the gap does not end")

    os.kill(memex.pid("memexd"), signal.SIGKILL)
    until(lambda: "not running" in line(memex, "memexd"), "it is taken for alive")
    assert "process" in line(memex, "memex-ingest")
    until(lambda: "memexd was not running" in reasons(memex), "the gap is not noted")


def test_without_daemons_the_files_tell(memex: Home, tmp_path: Path) -> None:
    memex.paths.create()
    spool = Spool(memex.paths.spool)
    broken, waiting = tmp_path / "broken.pdf", tmp_path / "waiting.txt"
    for file in (broken, waiting):
        file.touch()
        spool.put(file)
    item = next(item for item in spool.items("new") if item.path == str(broken))
    spool.take(item)
    spool.fail(item, "It is odd.")
    assert line(memex, "failed") == f"{broken}: It is odd."
    assert line(memex, "queue") == "1 waiting, 0 under way"
    assert memex.json("status")["failed"][0]["id"] == item.id


def test_memexd_that_is_killed_is_told_again_how_the_other_is(memex: Home) -> None:
    memex.run("up")
    until(lambda: memex.json("status")["ingest"], "memex-ingest says nothing of itself")
    os.kill(memex.pid("memexd"), signal.SIGKILL)
    memex.run("up")
    until(lambda: memex.json("status")["ingest"], "the new memexd is told nothing")


def test_one_that_hangs_is_no_one_that_is_well(
    memex: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    memex.run("up")
    pid = memex.pid("memexd")
    os.kill(pid, signal.SIGSTOP)
    try:
        monkeypatch.setattr("memex.client.PATIENCE", 0.5)
        with pytest.raises(DaemonUnavailable, match="does not answer"):
            Client(memex.paths).status()
        assert line(memex, "memexd") == f"process {pid}: memexd runs, but does not answer."
        assert memex.json("status")["memexd"] == pid
    finally:
        os.kill(pid, signal.SIGCONT)
    old = time.time() - 3600
    os.kill(memex.pid("memex-ingest"), signal.SIGSTOP)
    os.utime(memex.paths.gaps, (old, old))
    said = line(memex, "memex-ingest")
    os.kill(memex.pid("memex-ingest"), signal.SIGCONT)
    assert "no sign of life for 3,6" in said


def test_stopped_and_paused_are_told_at_once(memex: Home) -> None:
    memex.run("up")
    memex.run("pause", "--for", "2h")
    assert line(memex, "paused").startswith("until ")
    assert memex.json("status")["paused"]["until"]
    until(lambda: reasons(memex) == ["paused"], "the gap is not noted")
    memex.run("pause")
    assert line(memex, "paused").startswith("by you")
    memex.run("down")
    assert line(memex, "paused").startswith("by you")
    assert reasons(memex) == ["paused", STOPPED]
    memex.run("resume")
    assert line(memex, "paused") == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB, of which a twentieth is the floor."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_below_the_floor_it_says_so_and_takes_nothing_in(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "heron.txt").write_text("A heron.", encoding="utf-8")
    with home(small_disk / "home") as memex:
        monkeypatch.setenv("MEMEX_HOME", str(memex.path))
        memex.path.mkdir()
        memex.paths.config.write_text("[watch]\nstill = 0.1\n")
        memex.run("watch", "add", folder)
        fill = small_disk / "fill"
        free = shutil.disk_usage(small_disk).free
        fill.write_bytes(bytes(free - 3_000_000))
        memex.run("up")
        until(lambda: "less than 3 MB are free" in line(memex, "held back"), "nothing is held back")
        assert "less than 3 MB are free" in reasons(memex)[-1]
        assert memex.run("doctor", "--json", code=1)
        until(lambda: memex.json("status")["queue"]["waiting"] == 1, "it does not wait")
        kept = tmp_path / "kept"
        kept.mkdir()
        (kept / "kingfisher.txt").write_text("A kingfisher.", encoding="utf-8")
        said = memex.run("add", kept, code=1).stderr
        assert "Nothing is taken in: less than 3 MB are free" in said
        assert "Make room" in said
        waiting = Spool(memex.paths.spool).put(kept)  # handed in while there was room
        with pytest.raises(DiskFull, match="Nothing is taken in") as told:
            list(_follow(memex.client.follow(Added({waiting.id: str(kept)}, (), 0)), as_json=True))
        assert "what waits is read then" in told.value.remedy
        fill.unlink()
        until(lambda: len(memex.client.documents()) == 2, "it is not read afterwards")
        assert line(memex, "held back") == ""
        assert memex.json("status")["gaps"][-1]["until"]


def test_another_memex_that_begins_is_waited_for(memex: Home) -> None:
    """A client that finds memexd on its way does not say that it is not running."""
    starting = subprocess.Popen(
        [sys.executable, "-m", "memex.server", "--quiet"], env=memex.environment
    )
    try:
        until(lambda: condition(memex.paths)["memexd"], "it does not start")
        memex.run("--no-start", "list")
    finally:
        memex.run("down")
        starting.wait(30)

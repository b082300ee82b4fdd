"""memex-ears as a process of its own, with a tape in the place of the microphone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memex.condition import condition
from memex.daemons import start, stop
from memex.gaps import EARS, Gaps
from memex.locks import RoleLock, holder
from memex.pause import Pause
from memex.recordings import RATE, Growing, growing
from memex.spool import Spool
from tests.ears.sounds import load, recorded
from tests.ears.test_recordings import ORIGIN, noise
from tests.home import Home


@pytest.fixture
def memex(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.paths.create()
    return made


@pytest.fixture(scope="module")
def tape(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tape") / "tape"
    sound = load(shared / "audio" / "conversation" / "phone.flac")
    file.write_bytes(np.tile(sound, 40).tobytes())
    return file


@contextmanager
def ears(memex: Home, *arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A memex-ears: the real one, or with a tape."""
    module = "tests.ears.taped" if arguments else "ingest.ears.daemon"
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, env=memex.environment) as process:
        try:
            until(lambda: condition(memex.paths)["memex_ears"] or process.poll() is not None)
            yield process
        finally:
            process.terminate()
            process.wait(60)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def how(memex: Home) -> dict[str, Any]:
    """What it notes of itself."""
    return condition(memex.paths)["ears"] or {"state": "", "reason": ""}


def hears(memex: Home) -> None:
    """Wait until there is so much in a recording that it is kept: a mere breath is not."""
    until(lambda: how(memex).get("recording"))
    until(lambda: any(each.length > 10 * RATE for each in growing(Spool(memex.paths.spool).live)))


def gaps(memex: Home) -> list[str]:
    running = holder(memex.paths.run / "memex-ears.pid") is not None
    return [gap.reason for gap in Gaps(memex.paths.deaf, EARS).told(running=running)]


def listen_always(memex: Home) -> None:
    memex.paths.config.write_text("[listen]\nalways = true\nchime = false\n")


def test_while_nobody_asks_it_does_nothing_and_is_small(memex: Home) -> None:
    with ears(memex) as process:
        until(lambda: how(memex)["state"] == "off")
        assert how(memex)["reason"] == "not asked to listen"
        said = memex.run("status").stdout
        assert "not asked to listen: `memex listen`" in said
        if Path("/proc/self/maps").exists():
            libraries = Path(f"/proc/{process.pid}/maps").read_text()
            assert not any(name in libraries for name in ("numpy", "portaudio", "_cffi"))
        assert gaps(memex) == []
    assert process.returncode == 0
    assert gaps(memex) == []
    assert how(memex)["state"] == ""


def test_it_listens_while_somebody_asks(memex: Home, tape: Path) -> None:
    with ears(memex, tape):
        until(lambda: how(memex)["state"] == "off")
        lock = RoleLock(memex.paths.listening)
        hears(memex)
        assert (how(memex)["state"], how(memex)["device"]) == ("listening", "desk")
        assert "listening on desk since" in memex.run("status").stdout
        lock.release()
        until(lambda: how(memex)["reason"] == "not asked to listen")
        spool = Spool(memex.paths.spool)
        until(lambda: recorded(spool))
        until(lambda: not list(spool.live.iterdir()))
    assert gaps(memex) == []


def test_private_and_paused_close_it_and_are_gaps(memex: Home, tape: Path) -> None:
    listen_always(memex)
    spool = Spool(memex.paths.spool)
    with ears(memex, tape):
        hears(memex)
        assert memex.run("private", "on", "--for", "2h").stdout.startswith("Private until ")
        until(lambda: how(memex)["state"] == "private")
        assert len(recorded(spool)) == 1
        assert "private" in memex.run("status").stdout
        until(lambda: gaps(memex) == ["private"])
        assert memex.json("status")["gaps"][0]["of"] == "hearing"
        assert memex.run("private", "off").stdout == "No longer private.\n"
        hears(memex)
        Pause(memex.paths.pause).begin()
        until(lambda: how(memex)["state"] == "paused")
        assert len(recorded(spool)) == 2
        until(lambda: gaps(memex) == ["private", "paused"])
    assert gaps(memex) == ["private", "paused", "memex-ears was stopped"]
    assert memex.run("private", "off").stdout == "It was not private.\n"


def test_the_configuration_is_read_again(memex: Home, tape: Path) -> None:
    with ears(memex, tape):
        until(lambda: how(memex)["state"] == "off")
        listen_always(memex)
        until(lambda: how(memex)["state"] == "listening")
        memex.paths.config.write_text("[listen]\nalways = 3\n")  # stays as it was
        time.sleep(0.5)
        assert how(memex)["state"] == "listening"
        memex.paths.config.write_text("")
        until(lambda: how(memex)["state"] == "off")


def test_what_a_crash_left_is_handed_in(memex: Home, tape: Path) -> None:
    listen_always(memex)
    spool = Spool(memex.paths.spool)
    with ears(memex, tape) as process:
        until(lambda: how(memex).get("recording"))
        process.send_signal(signal.SIGKILL)
        process.wait()
    (left,) = growing(spool.live)
    assert "killed or crashed" in gaps(memex)[-1]
    assert how(memex)["state"] == ""
    memex.paths.config.unlink()
    with ears(memex):
        until(lambda: recorded(spool))
    (one,) = recorded(spool)
    assert one.item.id == left.id
    assert not list(spool.live.iterdir())


def test_killed_its_devices_are_off_for_whoever_looks(
    memex: Home, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMEX_HOME", str(memex.path))
    listen_always(memex)
    start(memex.paths, "memexd")
    try:
        with ears(memex, tape) as process:
            until(lambda: how(memex).get("recording"))
            following = memex.client.follow_live()
            states = (event for event in following if event.get("kind") == "state")
            assert next(each for each in states if each["recording"])["state"] == "listening"
            process.send_signal(signal.SIGKILL)
            process.wait()
            off = next(each for each in states if each["state"] != "listening")
            assert (off["state"], off["reason"]) == ("off", "memex-ears ended")
            assert (off["level"], off["recording"]) == (None, None)
            said = memex.run("status").stdout
            assert "memex-ears  not running" in said
            assert "listening on" not in said
            assert next(memex.client.follow_live())["state"] == "off"  # who comes now sees it too
        with ears(memex, tape):
            assert next(each for each in states if each["state"] == "listening")
    finally:
        stop(memex.paths, "memexd")


def test_a_spool_that_cannot_be_used_is_told(memex: Home) -> None:
    spool = Spool(memex.paths.spool)
    recording = Growing(spool.live, ORIGIN)
    recording.write(noise(2))
    recording.close()
    tmp = spool.directory / "tmp"
    tmp.rmdir()
    tmp.write_text("no folder")  # as a disk that refuses
    with subprocess.Popen(
        [sys.executable, "-m", "ingest.ears.daemon", "--quiet"], env=memex.environment
    ) as process:
        assert process.wait(60) == 1  # it cannot even begin, and says so
    tmp.unlink()
    with ears(memex):
        until(lambda: recorded(spool))


def test_there_is_one_of_a_data_directory(memex: Home) -> None:
    with ears(memex):
        command = [sys.executable, "-m", "ingest.ears.daemon", "--quiet"]
        done = subprocess.run(command, env=memex.environment, capture_output=True, text=True)
        assert done.returncode == 1
        assert "Another memex-ears" in done.stderr


def test_below_the_floor_it_is_deaf_and_says_so(memex: Home, tape: Path) -> None:
    disk = memex.path.parent / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        small = Home(disk / "home")
        small.paths.create()
        listen_always(small)
        with ears(small, tape):
            until(lambda: how(small).get("recording"))
            fill = disk / "fill"
            fill.write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - 500_000))
            until(lambda: "MB are free" in how(small)["reason"])
            until(lambda: any("MB are free" in reason for reason in gaps(small)))
            fill.unlink()
            until(lambda: how(small)["state"] == "listening")
        assert len(recorded(Spool(small.paths.spool))) >= 1
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_the_state_is_written_when_it_changes_only(memex: Home, tape: Path) -> None:
    listen_always(memex)
    with ears(memex, tape):
        until(lambda: how(memex).get("recording"))
        for _ in range(10):  # a recording may end, or begin, in one of these stretches
            state, before = how(memex), memex.paths.ears.stat().st_mtime_ns
            time.sleep(2.5)
            if how(memex) == state:
                assert memex.paths.ears.stat().st_mtime_ns == before
                break
        else:
            pytest.fail("the state never stood still")
        fields = json.loads(memex.paths.ears.read_text())
        assert fields["counts"]["captured"] >= RATE
        assert memex.paths.ears.stat().st_mode & 0o777 == 0o600


def test_satellites_are_listened_for_while_it_is_listened(memex: Home, tape: Path) -> None:
    memex.paths.config.write_text('[listen]\nchime = false\nwyoming = "127.0.0.1:0"\n')
    with ears(memex, tape):
        until(lambda: how(memex)["state"] == "off")
        assert not memex.paths.satellites.exists()
        lock = RoleLock(memex.paths.listening)
        until(memex.paths.satellites.exists)
        lock.release()
        until(lambda: how(memex)["reason"] == "not asked to listen")

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memex.config import Paths
from memex.daemons import ROLES, stop
from memex.errors import ServiceError, UnreadableFile
from memex.service import Launchd, write
from memex.spool import Spool
from memex.units import launchd_plists
from tests.service.making import ADA, at
from tests.service.managers import Managed, managed

ALL = "memexd.service memex-ingest.service memex-ears.service"

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="systemd is Linux's")


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Managed]:
    made = managed(tmp_path)
    try:
        yield made
    finally:
        for role in reversed(list(ROLES)):
            stop(made.paths, role)


def test_installed_started_stopped_removed(memex: Managed) -> None:
    memex.run("up")
    before = memex.pid("memexd")

    said = memex.run("service", "install").stdout
    assert "memexd stopped, to be started by systemd" in said
    assert "enable-linger" in said
    calls = memex.calls()
    assert calls[-3:-1] == [
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {ALL}",
    ]
    assert memex.pid("memexd") != before
    assert {file.name for file in memex.units.iterdir()} == set(ALL.split())
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in memex.units.iterdir())
    assert memex.json("service", "status")["serves"] is True

    memex.run("down")
    assert memex.calls() == [f"systemctl --user stop {r}.service" for r in reversed(list(ROLES))]
    assert memex.json("service", "status")["daemons"]["memexd"]["process"] is None

    memex.run("search", "anything")  # whoever starts memexd, it is systemd's
    assert memex.calls() == ["systemctl --user start memexd.service"]

    memex.run("service", "uninstall")
    assert memex.calls()[:2] == [
        f"systemctl --user disable --now {' '.join(reversed(ALL.split()))}",
        "systemctl --user daemon-reload",
    ]
    assert list(memex.units.iterdir()) == []
    assert memex.paths.library.exists()
    assert "No service is installed" in memex.run("service", "uninstall").stdout


def test_print_writes_nothing_and_asks_for_nothing(memex: Managed) -> None:
    memex.refuse()
    said = memex.run("service", "install", "--print").stdout
    assert said.count("[Service]") == 3
    assert f'Environment="MEMEX_HOME={memex.path}"' in said
    assert list(memex.user.iterdir()) == []
    assert not memex.path.exists()
    assert memex.calls() == []


def test_without_systemd_it_says_so_and_leaves_all_as_it_was(memex: Managed) -> None:
    memex.run("up")
    before = memex.pid("memexd")
    memex.refuse()
    said = memex.run("service", "install", code=1).stderr
    assert "No medium found" in said
    assert "memex up" in said
    assert list(memex.user.iterdir()) == []
    assert memex.pid("memexd") == before


def test_another_data_directory_is_refused(memex: Managed, tmp_path: Path) -> None:
    memex.units.mkdir(parents=True)
    (memex.units / "memexd.service").write_text('X-Memex-Home="/elsewhere"\n')
    said = memex.run("service", "install", code=1).stderr
    assert "uninstall" in said
    assert memex.json("service", "status")["serves"] is False
    assert [file.name for file in memex.units.iterdir()] == ["memexd.service"]


def test_what_is_installed_but_cannot_be_reached_is_started_here(memex: Managed) -> None:
    """A cron job, say, has no way to the user's systemd."""
    memex.run("service", "install")
    memex.run("down")
    memex.refuse()
    memex.run("search", "anything")
    assert memex.pid("memexd")


def test_a_service_sees_no_tmp_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(UnreadableFile, match="Check the path"):
        spool.put(Path("/tmp/is not there"))
    monkeypatch.setenv("MEMEX_PRIVATE_TMP", "1")
    with pytest.raises(UnreadableFile, match="another folder"):
        spool.put(Path("/tmp/is not there"))


def test_a_unit_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.service").write_text("old")
    (tmp_path / "b.service").mkdir()  # cannot be replaced by a file
    with pytest.raises(Exception, match="cannot be written"):
        write(tmp_path, {"a.service": b"new", "b.service": b"new"})
    assert (tmp_path / "a.service").read_text() == "new"
    assert {file.name for file in tmp_path.iterdir()} == {"a.service", "b.service"}


class TestLaunchd:
    """launchd, with a `launchctl` that only writes down what it is asked."""

    @pytest.fixture
    def calls(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        program = tmp_path / "programs" / "launchctl"
        program.parent.mkdir()
        program.write_text(
            '#!/bin/sh\necho "$*" >> "${0%/*}/calls"\n'
            '[ -e "${0%/*}/refuses" ] && { echo Domain does not support it >&2; exit 125; }\n'
            'echo "	state = running"\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
        monkeypatch.setenv("HOME", str(tmp_path))
        return program.parent / "calls"

    def test_agents_are_loaded_started_and_taken_away(self, calls: Path) -> None:
        launchd = Launchd()
        write(launchd.folder, launchd_plists(at("/Users/ada/memex")))
        assert launchd.serves(at("/Users/ada/memex").paths)
        assert not launchd.serves(ADA.paths)
        launchd.enable()
        assert launchd.start("memexd")
        launchd.stop("memexd")
        launchd.disable()
        domain = f"gui/{os.getuid()}"
        asked = calls.read_text().splitlines()
        plist = launchd.folder / "local.memex.memexd.plist"
        assert f"bootstrap {domain} {plist}" in asked
        assert f"kickstart {domain}/local.memex.memexd" in asked
        assert asked[-2:] == [
            f"bootout {domain}/local.memex.memex-ingest",
            f"bootout {domain}/local.memex.memexd",
        ]
        assert launchd.state("memexd") == "running"

    def test_without_a_session_it_says_so(self, calls: Path) -> None:
        (calls.parent / "refuses").touch()
        with pytest.raises(ServiceError, match="memex up"):
            Launchd().check()
        assert Launchd().start("memexd") is False


def test_a_daemon_that_was_started_here_leaves_no_warning(tmp_path: Path) -> None:
    """A program that turns warnings into errors may start the daemons."""
    code = (
        "import gc; from memex.daemons import start; from memex.config import default_paths;"
        "assert start(default_paths(), 'memex-ingest'); gc.collect()"
    )
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "MEMEX_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    paths = Paths(home=home, config=home / "config.toml")
    stopped = stop(paths, "memex-ingest")
    assert (done.returncode, done.stderr) == (0, "")
    assert stopped

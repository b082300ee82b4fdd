from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memex.config import Paths
from memex.errors import InvalidRequest
from memex.units import (
    ROLES,
    agent_serves,
    launchd_plists,
    quoted,
    serves,
    systemd_units,
)
from tests.service.making import ADA, at, lines, words

PATHS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"], exclude_characters="/"),
    min_size=1,
).map(lambda name: f"/home/{name}/memex")
ALWAYS = {
    "Type=exec",
    "Restart=on-failure",
    "KillSignal=SIGTERM",
    "TimeoutStopSec=45s",
    "UMask=0077",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "StartLimitIntervalSec=0",
    "WantedBy=default.target",
    'ReadWritePaths="-/home/ada/.local/share/memex"',
}


@pytest.fixture(autouse=True)
def no_runtime_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.mark.parametrize("role", ROLES)
def test_a_unit_restarts_limits_and_protects(role: str) -> None:
    unit = systemd_units(ADA)[f"{role}.service"].split("\n")
    assert set(unit) >= ALWAYS
    assert f'ExecStart=:"/home/ada/.memex/bin/python" -P -m {ROLES[role]} --quiet' in unit


def test_memexd_reaches_no_network_and_the_other_gives_way() -> None:
    units = {name: dict(lines(text)) for name, text in systemd_units(ADA).items()}
    server, ingest = units["memexd.service"], units["memex-ingest.service"]
    assert server["RestrictAddressFamilies"] == "AF_UNIX"
    assert ingest["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert ingest["After"] == ingest["Wants"] == "memexd.service"
    assert {"Nice", "IOSchedulingClass", "CPUWeight"} <= ingest.keys() - server.keys()


@pytest.mark.parametrize(("role", "measured"), [("memexd", 0.66e9), ("memex-ingest", 1.25e9)])
def test_the_memory_holds_what_was_measured_and_grows_with_the_models(
    role: str, measured: float
) -> None:
    unit = dict(lines(systemd_units(ADA)[f"{role}.service"]))
    assert measured * 1.5 < int(unit["MemoryHigh"]) < int(unit["MemoryMax"]) < 4e9
    large = replace(ADA, weights={role: 5_000_000_000})
    unit = dict(lines(systemd_units(large)[f"{role}.service"]))
    assert int(unit["MemoryHigh"]) > 10e9


def test_an_older_systemd_is_asked_for_what_it_knows() -> None:
    new, old = (systemd_units(replace(ADA, systemd=version)) for version in (254, 253))
    assert "RestartSteps=" in new["memexd.service"]
    assert "PrivateUsers=" not in new["memexd.service"]
    assert "RestartSteps=" not in old["memexd.service"]
    assert "PrivateUsers=yes\n" in old["memexd.service"]


def test_where_no_view_of_the_disk_can_be_had_none_is_asked_for() -> None:
    unit = dict(lines(systemd_units(replace(ADA, own_view=False))["memexd.service"]))
    asked = {"ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateUsers", "ReadWritePaths"}
    assert asked.isdisjoint(unit)
    assert unit["NoNewPrivileges"] == "yes"


@pytest.mark.parametrize(
    "setting",
    [
        at("/tmp/memex"),
        replace(ADA, python=Path("/var/tmp/venv/bin/python")),
        replace(ADA, environment={"memexd": {"PYTHONPATH": "/srv/a:/tmp/b"}}),
    ],
)
def test_a_memex_that_lies_in_tmp_shares_it(setting: object) -> None:
    assert isinstance(setting, type(ADA))
    unit = systemd_units(setting)["memexd.service"]
    assert "PrivateTmp=no\n" in unit
    assert "MEMEX_PRIVATE_TMP" not in unit


LONG = f"/home/{'x' * 100}"


def test_a_socket_in_the_runtime_directory_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    setting = at(LONG)
    for unit in systemd_units(setting).values():
        found = dict(lines(unit))
        assert f"/run/user/1000/{found['RuntimeDirectory']}" == str(setting.paths.socket.parent)
        assert found["RuntimeDirectoryPreserve"] == "yes"  # one daemon's end is not the other's
        assert found["PrivateTmp"] == "yes"


def test_a_socket_in_the_temporary_directory_can_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    for unit in systemd_units(at(LONG)).values():
        assert "PrivateTmp=no\n" in unit
        assert "UnsetEnvironment=XDG_RUNTIME_DIR\n" in unit
        assert 'ReadWritePaths="-/tmp"\n' in unit


@given(PATHS)
def test_every_path_comes_back_from_a_unit(home: str) -> None:
    setting = at(home)
    for unit in systemd_units(setting).values():
        found = lines(unit)
        assert words(dict(found)["X-Memex-Home"]) == [home]
        assert [f"MEMEX_HOME={home}"] in [words(v) for key, v in found if key == "Environment"]
        assert [f"-{Path(home)}"] in [words(v) for key, v in found if key == "ReadWritePaths"]
        assert serves(unit, setting.paths)
        assert not serves(unit, ADA.paths)


@pytest.mark.parametrize("odd", ["\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\udcff", "\uffff"])
def test_a_path_that_no_unit_can_hold_is_refused(odd: str) -> None:
    with pytest.raises(InvalidRequest, match="memex up"):
        quoted(f"/home/a{odd}b")


@pytest.mark.parametrize("odd", ["'", '"', "\\"])
def test_an_interpreter_that_systemd_does_not_start_is_refused(odd: str) -> None:
    with pytest.raises(InvalidRequest, match="another directory"):
        systemd_units(replace(ADA, python=Path(f"/opt/a{odd}b/python")))


@pytest.mark.parametrize("name", ["memex", "a b", "50%h", 'say "a"', "back\\slash", "é$HOME"])
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    """What systemd itself says to them, where it is installed."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: the units are checked by our reader alone")
    said = subprocess.run([analyze, "--version"], capture_output=True, text=True).stdout
    setting = replace(
        at(str(tmp_path / name)), python=Path(sys.executable), systemd=int(said.split()[1])
    )
    for file, text in systemd_units(setting).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    run = tmp_path / "run"
    run.mkdir()
    done = subprocess.run(
        [analyze, "--user", "verify", *(tmp_path / f"{role}.service" for role in ROLES)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(run)},
        capture_output=True,
        text=True,
    )
    assert ".service" not in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("role", ROLES)
def test_an_agent_of_launchd(role: str) -> None:
    home = "/Users/ada/a <b> & 'c'"
    agents = launchd_plists(at(home))
    agent = plistlib.loads(agents[f"local.memex.{role}.plist"])
    assert agent["Label"] == f"local.memex.{role}"
    assert agent["ProgramArguments"] == [
        "/home/ada/.memex/bin/python", "-P", "-m", ROLES[role], "--quiet"
    ]  # fmt: skip
    assert agent["EnvironmentVariables"] == {"MEMEX_HOME": home}
    assert agent["KeepAlive"] == {"SuccessfulExit": False}  # not after `memex down`
    assert agent["RunAtLoad"] is True
    assert agent["Umask"] == 0o077
    assert agent.get("LowPriorityIO", False) is (role == "memex-ingest")
    assert agent_serves(agents[f"local.memex.{role}.plist"], at(home).paths)
    other = Paths(home=Path("/Users/eve"), config=Path("/Users/eve/c"))
    assert not agent_serves(agents[f"local.memex.{role}.plist"], other)


@pytest.mark.parametrize("damaged", [b"", b"<plist><dict>", b"bplist00", plistlib.dumps([1])])
def test_a_damaged_agent_is_of_no_data_directory(damaged: bytes) -> None:
    assert not agent_serves(damaged, ADA.paths)

"""The units by which systemd or launchd keeps the daemons: pure texts.

A unit belongs to one data directory, to the interpreter that installed it, and
to the environment as it was then. systemd's per-user manager leaves out what
the kernel does not let it do (namespaces) rather than refuse to start, except
`PrivateUsers=`, which is therefore written only where it was tried.
"""

from __future__ import annotations

import os
import plistlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.parsers.expat import ExpatError

from memex.config import Paths
from memex.errors import InvalidRequest
from memex.spool import PRIVATE_TMP, SHARED_TMP

ROLES: Final[Mapping[str, str]] = {
    "memexd": "memex.server",
    "memex-ingest": "ingest.daemon",
    "memex-ears": "ingest.ears.daemon",
}
"""The daemons and the modules that run them. (Started by name: nothing of theirs is imported.)"""
BACKOFF: Final = 254
"""The first systemd that waits longer from one restart to the next, and that makes
the user namespace which a sandbox needs by itself.
"""
GIB: Final = 1 << 30
MEMORY: Final[Mapping[str, float]] = {"memexd": 1.5, "memex-ingest": 2.0, "memex-ears": 0.3}
"""GiB that a daemon may take beside its models before it is slowed down. memexd takes
0.66 GB with 100,000 passages, recognition 1.25 GB at its peak.
"""
MEMORY_MAX: Final = 1.5
"""At so many times the above it is killed, and started again."""
PER_WEIGHT: Final = 2
"""Bytes of memory for a byte of a model's file: some are unpacked or converted."""

OWN_VIEW: Final = ("ProtectSystem=strict", "ProtectHome=read-only")
"""All is read-only, but for what `ReadWritePaths=` names."""
USER_NAMESPACE: Final = "PrivateUsers=yes"

_TITLE: Final[Mapping[str, str]] = {
    "memexd": "Memex: library, index and models",
    "memex-ingest": "Memex: reads, and recognises speech",
    "memex-ears": "Memex: hears",
}
_SANDBOX: Final = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
)
_FAMILIES: Final[Mapping[str, str]] = {
    "memexd": "AF_UNIX",
    "memex-ingest": "AF_UNIX AF_INET AF_INET6",  # it fetches feeds
    "memex-ears": "AF_UNIX AF_INET AF_INET6",  # devices come to it
}
_LOW_PRIORITY: Final = ("Nice=5", "IOSchedulingClass=idle", "CPUWeight=20")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the units of a data directory are made from."""

    paths: Paths
    python: Path
    """The interpreter, absolute; that of the virtual environment."""
    environment: Mapping[str, Mapping[str, str]]
    """By daemon."""
    models: tuple[Path, ...]
    """Directories where a model is converted once; they need not exist."""
    weights: Mapping[str, int]
    """Bytes of the models' files, by daemon."""
    systemd: int = BACKOFF
    """Version of the systemd that will read the units."""
    own_view: bool = True
    """Whether a service can have a view of the disk of its own (`OWN_VIEW`)."""

    @property
    def private_tmp(self) -> bool:
        """Whether the daemons have a /tmp of their own: not when Memex lies there."""
        code = self.environment.get("memexd", {}).get("PYTHONPATH", "").split(os.pathsep)
        own = (self.paths.home, self.paths.config, self.paths.socket, self.python, *self.models)
        own += tuple(Path(path) for path in code)
        return self.own_view and not any(
            path.is_relative_to(tmp) for path in own for tmp in SHARED_TMP
        )

    def memory(self, role: str) -> int:
        """Bytes from which a daemon is slowed down."""
        return int(MEMORY[role] * GIB) + PER_WEIGHT * self.weights.get(role, 0)


def systemd_units(setting: Setting) -> dict[str, str]:
    """Text by file name. Raises `InvalidRequest` for a path that no unit can hold."""
    return {f"{role}.service": "\n".join((*_unit(setting, role), "")) for role in ROLES}


def serves(text: str, paths: Paths) -> bool:
    """Whether a systemd unit is of this data directory."""
    return _home(paths) in text.splitlines()


def quoted(text: str) -> str:
    """A word as systemd reads it: quoted, with its specifiers and escapes made literal.

    Raises `InvalidRequest` for control characters and for what is not Unicode:
    `ReadWritePaths=` has no way to write them.
    """
    if not all(_writable(char) for char in text):
        raise InvalidRequest(
            f"No unit can hold {text!r}: it has a line break, a control character or bytes "
            "that are no Unicode.",
            "Move it to a path without, or do without the service: `memex up`.",
        )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _writable(char: str) -> bool:
    """Whether systemd takes a character in a quoted word: no control character, no line
    break, no surrogate and none that Unicode will never assign.
    """
    code = ord(char)
    assignable = code & 0xFFFE != 0xFFFE and not 0xFDD0 <= code <= 0xFDEF
    return assignable and unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}


def _home(paths: Paths) -> str:
    """The line that says whose unit it is. (systemd leaves out keys that begin with X-.)"""
    return f"X-Memex-Home={quoted(str(paths.home))}"


def _unit(setting: Setting, role: str) -> Iterator[str]:
    yield "# Written by `memex service install`; `systemctl --user edit` keeps changes apart."
    yield "[Unit]"
    yield f"Description={_TITLE[role]}"
    yield _home(setting.paths)
    yield "StartLimitIntervalSec=0"
    if role != "memexd":
        yield "After=memexd.service"
        yield "Wants=memexd.service"
    yield ""
    yield "[Service]"
    yield "Type=exec"
    yield f"ExecStart=:{_program(setting.python)} -P -m {ROLES[role]} --quiet"
    yield "WorkingDirectory=/"
    yield from (
        f"Environment={quoted(f'{name}={value}')}" for name, value in _variables(setting, role)
    )
    yield from _running(setting, role)
    yield from _limits(setting, role)
    yield from _sandbox(setting, role)
    yield ""
    yield "[Install]"
    yield "WantedBy=default.target"


def _program(python: Path) -> str:
    """The interpreter as the first word of a command, where systemd takes less."""
    if any(char in "\"'\\" for char in str(python)):
        raise InvalidRequest(
            f"systemd starts no program whose path has quotes or backslashes: {python}.",
            "Install Memex in another directory.",
        )
    return quoted(str(python))


def _variables(setting: Setting, role: str) -> Iterator[tuple[str, str]]:
    yield from sorted(setting.environment.get(role, {}).items())
    if setting.private_tmp:
        yield PRIVATE_TMP, "1"


def _running(setting: Setting, role: str) -> Iterator[str]:
    """Started again after a crash, not after `memex down`: then it ends with 0."""
    yield "Restart=on-failure"
    if setting.systemd >= BACKOFF:
        yield from ("RestartSec=1s", "RestartSteps=8", "RestartMaxDelaySec=5min")
    else:
        yield "RestartSec=15s"
    yield from ("KillMode=mixed", "KillSignal=SIGTERM", "TimeoutStopSec=45s")
    if role == "memex-ingest":
        yield from _LOW_PRIORITY


def _limits(setting: Setting, role: str) -> Iterator[str]:
    high = setting.memory(role)
    yield f"MemoryHigh={high}"
    yield f"MemoryMax={int(high * MEMORY_MAX)}"


def _sandbox(setting: Setting, role: str) -> Iterator[str]:
    yield "UMask=0077"
    yield from _SANDBOX
    yield f"RestrictAddressFamilies={_FAMILIES[role]}"
    if setting.own_view:
        if setting.systemd < BACKOFF:
            yield USER_NAMESPACE
        yield from OWN_VIEW
        yield f"PrivateTmp={'yes' if setting.private_tmp else 'no'}"
    writable = [setting.paths.home, *(setting.models if role == "memexd" else ())]
    place = setting.paths.socket.parent
    if place.parent == Path(os.environ.get("XDG_RUNTIME_DIR") or "."):
        yield f"RuntimeDirectory={place.name}"
        yield from ("RuntimeDirectoryMode=0700", "RuntimeDirectoryPreserve=yes")
    elif place != setting.paths.run:  # the daemons must look where the clients do
        yield "UnsetEnvironment=XDG_RUNTIME_DIR"
        writable.append(place.parent)
    if setting.own_view:
        for path in writable:
            yield f"ReadWritePaths={quoted(f'-{path}')}"  # "-": its disk may be away


def label(role: str) -> str:
    """A daemon's name in launchd."""
    return f"local.memex.{role}"


def launchd_plists(setting: Setting) -> dict[str, bytes]:
    """Property list by file name. launchd has no sandbox and no memory limit for these."""
    return {f"{label(role)}.plist": plistlib.dumps(_agent(setting, role)) for role in ROLES}


def _agent(setting: Setting, role: str) -> dict[str, object]:
    agent: dict[str, object] = {
        "Label": label(role),
        "ProgramArguments": [str(setting.python), "-P", "-m", ROLES[role], "--quiet"],
        "EnvironmentVariables": dict(setting.environment.get(role, {})),
        "WorkingDirectory": "/",
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 15,
        "ExitTimeOut": 45,
        "Umask": 0o077,
        "ProcessType": "Standard",
        "StandardErrorPath": str(setting.paths.logs / f"{role}.start"),
    }
    if role == "memex-ingest":
        agent |= {"Nice": 5, "LowPriorityIO": True, "ProcessType": "Background"}
    return agent


def agent_serves(plist: bytes, paths: Paths) -> bool:
    """Whether a launchd agent is of this data directory; a damaged one is of none."""
    try:
        agent = plistlib.loads(plist)
    except (plistlib.InvalidFileException, ExpatError, ValueError):
        return False
    said = agent.get("StandardErrorPath", "") if isinstance(agent, dict) else ""
    return Path(str(said)).parent == paths.logs

"""The service: the daemons in the keeping of systemd (`systemctl --user`) or launchd."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from memex.config import Config, Paths, model_paths
from memex.errors import ServiceError, StorageError
from memex.items import printable
from memex.models.registry import MODELS, chosen
from memex.models.store import own_path
from memex.units import (
    BACKOFF,
    OWN_VIEW,
    ROLES,
    USER_NAMESPACE,
    Setting,
    agent_serves,
    label,
    launchd_plists,
    serves,
    systemd_units,
)

TIMEOUT: Final = 120
"""Seconds that a command of the manager may take."""
KEPT: Final = ("MEMEX_HOME", "MEMEX_MODELS", "PYTHONPATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
"""Variables that the daemons get as they were at the installation."""
PROXIES: Final = ("all_proxy", "http_proxy", "https_proxy", "no_proxy")
"""The same, also in capitals, for the daemon that fetches feeds."""
USES: Final[Mapping[str, tuple[str, ...]]] = {
    "memexd": ("embedding", "reader"),
    "memex-ingest": ("speech",),
}
"""The models that a daemon loads."""


class Keeper(Protocol):
    """What keeps the daemons."""

    @property
    def name(self) -> str:
        """As a person calls it."""

    @property
    def folder(self) -> Path:
        """Where its units lie."""

    def check(self) -> None:
        """Raises `ServiceError`, with what to do, where there is no such manager."""

    def setting(self, config: Config) -> Setting:
        """What units are made from here and now."""

    def texts(self, setting: Setting) -> dict[str, bytes]:
        """The units by file name. Raises `InvalidRequest`."""

    def serves(self, paths: Paths) -> bool:
        """Whether the units that are installed are of this data directory."""

    def enable(self) -> None:
        """Read the units again, start them now and at every login. Raises `ServiceError`."""

    def disable(self) -> None:
        """Stop the daemons and start them no more. Raises `ServiceError`."""

    def forget(self) -> None:
        """The unit files are gone: let the manager know. Raises `ServiceError`."""

    def start(self, role: str) -> bool:
        """Start a daemon; False where the manager cannot be reached. Raises `ServiceError`."""

    def stop(self, role: str) -> None:
        """Stop a daemon, also one that waits to be started again; until the next login."""

    def state(self, role: str) -> str:
        """A word or two on a daemon, as the manager says it; "" where it says nothing."""


@dataclass(frozen=True, slots=True)
class Systemd:
    """The user's own systemd."""

    name: str = "systemd"

    @property
    def folder(self) -> Path:
        """Where a user's units lie."""
        base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(base) / "systemd" / "user"

    def version(self) -> int | None:
        """Of the manager that runs; None where none answers."""
        done = _call(["systemctl", "--user", "show", "--property=Version"])
        found = re.match(r"Version=v?(\d+)", done.stdout) if done.returncode == 0 else None
        return int(found[1]) if found else None

    def check(self) -> None:
        """Raises `ServiceError` where no manager answers."""
        done = _call(["systemctl", "--user", "show", "--property=Version"])
        if done.returncode:
            raise ServiceError(
                f"systemd does not keep services for users here ({_said(done)}).",
                "In WSL, write systemd=true under [boot] in /etc/wsl.conf and restart it. After "
                "`su` or `sudo`, log in as this user instead. In a container, start the daemons "
                "with `memex up`.",
            )

    def setting(self, config: Config) -> Setting:
        """What units are made from; asks the manager what it can do."""
        version = self.version()
        if version is None:
            return _setting(config)
        asked = (*OWN_VIEW, "PrivateTmp=yes", *([USER_NAMESPACE] if version < BACKOFF else []))
        probe = ["systemd-run", "--user", "--wait", "--collect", "--quiet"]
        done = _call([*probe, *(f"--property={option}" for option in asked), "true"])
        return _setting(config, systemd=version, own_view=not done.returncode)

    def texts(self, setting: Setting) -> dict[str, bytes]:
        """The units by file name."""
        return {name: text.encode() for name, text in systemd_units(setting).items()}

    def serves(self, paths: Paths) -> bool:
        """Whether the units are of this data directory."""
        unit = _read(self.folder / "memexd.service")
        return unit is not None and serves(unit.decode(errors="replace"), paths)

    def enable(self) -> None:
        """Read the units again, start them now and at every login."""
        _must(["systemctl", "--user", "daemon-reload"])
        _must(["systemctl", "--user", "enable", "--now", *self._units])

    def disable(self) -> None:
        """Stop the daemons and start them no more."""
        _must(["systemctl", "--user", "disable", "--now", *reversed(self._units)])

    def forget(self) -> None:
        """Read the units again, now that they are gone."""
        _must(["systemctl", "--user", "daemon-reload"])
        _call(["systemctl", "--user", "reset-failed", *self._units])  # fails for one that is well

    def start(self, role: str) -> bool:
        """Start a daemon; one that waits to be started again is started now."""
        if self.version() is None:
            return False
        _must(["systemctl", "--user", "start", f"{role}.service"], _journal(role))
        return True

    def stop(self, role: str) -> None:
        """Stop a daemon; where the manager cannot be reached there is none to stop."""
        _call(["systemctl", "--user", "stop", f"{role}.service"])

    def state(self, role: str) -> str:
        """Its sub-state: running, auto-restart, dead, failed …"""
        unit = f"{role}.service"
        done = _call(["systemctl", "--user", "show", "--property=SubState", "--value", unit])
        return printable(done.stdout.strip()) if done.returncode == 0 else ""

    def lingers(self) -> bool:
        """Whether the user's services run without a login."""
        user = getpass.getuser()
        done = _call(["loginctl", "show-user", user, "--property=Linger", "--value"])
        return done.stdout.strip() == "yes"

    @property
    def _units(self) -> list[str]:
        return [f"{role}.service" for role in ROLES]


@dataclass(frozen=True, slots=True)
class Launchd:
    """launchd's agents of the user who is logged in."""

    name: str = "launchd"

    @property
    def folder(self) -> Path:
        """Where a user's agents lie."""
        return Path.home() / "Library" / "LaunchAgents"

    @property
    def _domain(self) -> str:
        return f"gui/{os.getuid()}"

    def check(self) -> None:
        """Raises `ServiceError` where nobody is logged in at the screen."""
        done = _call(["launchctl", "print", self._domain])
        if done.returncode:
            raise ServiceError(
                f"launchd has no session of yours ({_said(done)}).",
                "Log in at the screen of this Mac, or start the daemons with `memex up`.",
            )

    def setting(self, config: Config) -> Setting:
        """What agents are made from."""
        return _setting(config)

    def texts(self, setting: Setting) -> dict[str, bytes]:
        """The property lists by file name."""
        return launchd_plists(setting)

    def serves(self, paths: Paths) -> bool:
        """Whether the agents are of this data directory."""
        plist = _read(self.folder / f"{label('memexd')}.plist")
        return plist is not None and agent_serves(plist, paths)

    def enable(self) -> None:
        """Take the agents away where they are loaded, and load them as they are now."""
        for role in ROLES:
            _call(["launchctl", "bootout", f"{self._domain}/{label(role)}"])
            _must(["launchctl", "bootstrap", self._domain, str(self._plist(role))])

    def disable(self) -> None:
        """Stop the daemons and forget their agents; one that is not loaded is none."""
        for role in reversed(list(ROLES)):
            _call(["launchctl", "bootout", f"{self._domain}/{label(role)}"])

    def forget(self) -> None:
        """`disable` did it."""

    def start(self, role: str) -> bool:
        """Start a daemon."""
        if _call(["launchctl", "print", self._domain]).returncode:
            return False
        target = f"{self._domain}/{label(role)}"
        _call(["launchctl", "bootstrap", self._domain, str(self._plist(role))])  # it may be loaded
        _must(["launchctl", "kickstart", target])
        return True

    def stop(self, role: str) -> None:
        """Stop a daemon: its agent is loaded again by `start` and at the next login."""
        _call(["launchctl", "bootout", f"{self._domain}/{label(role)}"])

    def state(self, role: str) -> str:
        """Its state: running, not running …"""
        done = _call(["launchctl", "print", f"{self._domain}/{label(role)}"])
        found = re.search(r"^\s*state = (.+)$", done.stdout, re.MULTILINE)
        return printable(found[1].strip()) if found else ""

    def _plist(self, role: str) -> Path:
        return self.folder / f"{label(role)}.plist"


def manager() -> Systemd | Launchd:
    """The manager of this operating system, whether it runs or not."""
    return Launchd() if sys.platform == "darwin" else Systemd()


def keeper(paths: Paths) -> Systemd | Launchd | None:
    """Who keeps the daemons of this data directory; None without `memex service install`."""
    found = manager()
    return found if found.serves(paths) else None


def installed(keeper: Keeper) -> list[Path]:
    """The unit files that are there, whatever data directory they are of."""
    names = [f"{role}.service" for role in ROLES] + [f"{label(role)}.plist" for role in ROLES]
    return [path for name in names if (path := keeper.folder / name).exists()]


def write(folder: Path, texts: Mapping[str, bytes]) -> list[Path]:
    """Write unit files, each whole or not at all. Raises `StorageError`."""
    written = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in texts.items():
            draft = folder / f".{name}.{os.getpid()}"
            try:
                _write_to_disk(draft, text)
                draft.replace(folder / name)
            finally:
                draft.unlink(missing_ok=True)
            written.append(folder / name)
    except OSError as error:
        raise StorageError(
            f"{printable(folder)} cannot be written: {error.strerror}.", "Mend its permissions."
        ) from error
    return written


def _write_to_disk(path: Path, text: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _setting(config: Config, *, systemd: int = BACKOFF, own_view: bool = True) -> Setting:
    kept = {name: os.environ[name] for name in KEPT if os.environ.get(name)}
    if "MEMEX_HOME" in kept:
        kept["MEMEX_HOME"] = str(config.paths.home)
    if "MEMEX_MODELS" in kept:
        kept["MEMEX_MODELS"] = str(model_paths()[0])
    names = (*PROXIES, *(name.upper() for name in PROXIES))
    proxies = {name: os.environ[name] for name in names if os.environ.get(name)}
    return Setting(
        paths=config.paths,
        python=Path(sys.executable).absolute(),
        environment={"memexd": kept, "memex-ingest": kept | proxies, "memex-ears": kept},
        models=tuple(model_paths()),
        weights={role: sum(_size(config, use) for use in uses) for role, uses in USES.items()},
        systemd=systemd,
        own_view=own_view,
    )


def _size(config: Config, role: str) -> int:
    """Bytes of the model that fills a role. Raises `ModelMissing` for one of the user's
    own that is not there.
    """
    name = chosen(config.models, role)
    if name in MODELS and name not in config.models.paths:
        return MODELS[name].size
    path = own_path(name, config)
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _read(path: Path) -> bytes | None:
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return None


def _call(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the manager; one that is not installed fails like any other."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except (FileNotFoundError, PermissionError):
        return subprocess.CompletedProcess(command, 127, "", f"there is no {command[0]}")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"not done after {TIMEOUT} s")


def _must(command: Sequence[str], remedy: str = "") -> None:
    done = _call(command)
    if done.returncode:
        raise ServiceError(f"`{' '.join(command)}` failed: {_said(done)}.", remedy)


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of what a command complained of."""
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return printable(lines[-1].strip().rstrip("."))


def _journal(role: str) -> str:
    return f"`journalctl --user --unit {role} --lines 20` says why."

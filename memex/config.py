"""Where everything lies, and what the user has set.

`MEMEX_HOME` names one directory for all data and the configuration; without it
the XDG directories hold. Model weights are shared by all homes (`model_paths`).
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import platformdirs

from memex.errors import InvalidRequest, StorageError

MAX_SOCKET_PATH: Final = 100
"""Bytes; the kernel's limit on a unix socket's path is 108 on Linux, 104 on macOS."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The data directory's layout."""

    home: Path
    config: Path

    @property
    def library(self) -> Path:
        """SQLite: the truth."""
        return self.home / "library.db"

    @property
    def index(self) -> Path:
        """LanceDB: a cache, rebuilt by `memex reindex`."""
        return self.home / "index"

    @property
    def spool(self) -> Path:
        """What waits to be read or heard."""
        return self.home / "spool"

    @property
    def work(self) -> Path:
        """Checkpoints of long recognitions."""
        return self.home / "work"

    @property
    def logs(self) -> Path:
        """Logs of the two daemons."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Locks, and what the last command showed."""
        return self.home / "run"

    @property
    def socket(self) -> Path:
        """The daemon's unix socket, in a directory of mode 0700."""
        path = self.run / "memexd.sock"
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return base / f"memex-{os.getuid()}-{name}" / "memexd.sock"

    def create(self) -> None:
        """Make the directories, mode 0700. Raises `StorageError`."""
        try:
            for directory in (self.home, self.spool, self.work, self.logs, self.run):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            private_directory(self.socket.parent)
        except OSError as error:
            raise StorageError(
                f"The data directory {self.home} cannot be written: {error.strerror}.",
                "Mend its permissions, or name another with MEMEX_HOME.",
            ) from error


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which models are used. A role that is not set follows the profile."""

    profile: str = "tiny"
    speech: str | None = None
    embedding: str | None = None
    reader: str | None = None
    paths: dict[str, Path] = field(default_factory=dict)
    """Files or directories of the user's own, by model name."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration file, read once at the start of a process."""

    paths: Paths
    models: ModelChoice


def private_directory(path: Path) -> None:
    """Make a directory that only its owner can enter, and refuse another's."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = path.stat()
    if state.st_uid != os.getuid():
        raise StorageError(f"{path} belongs to another user.", "Remove it, or set XDG_RUNTIME_DIR.")
    if state.st_mode & 0o077:
        path.chmod(0o700)


def default_paths() -> Paths:
    """The layout that the environment asks for."""
    named = os.environ.get("MEMEX_HOME")
    if named:
        home = Path(named).expanduser().absolute()
        return Paths(home=home, config=home / "config.toml")
    home = Path(platformdirs.user_data_dir("memex", appauthor=False))
    config = Path(platformdirs.user_config_dir("memex", appauthor=False)) / "config.toml"
    return Paths(home=home, config=config)


def model_paths() -> list[Path]:
    """The directories searched for model weights; a pull writes into the first.

    `MEMEX_MODELS`, else the user's data directory; then the environment that
    Memex is installed in (where the Makefile puts the embedded defaults).
    """
    named = os.environ.get("MEMEX_MODELS")
    user = Path(platformdirs.user_data_dir("memex", appauthor=False)) / "models"
    first = Path(named).expanduser().absolute() if named else user
    found = [first, user, Path(sys.prefix) / "share" / "memex" / "models"]
    return list(dict.fromkeys(found))


def load_config(paths: Paths | None = None) -> Config:
    """Read the configuration. Raises `InvalidRequest` naming the faulty line or key."""
    paths = paths or default_paths()
    try:
        table = tomllib.loads(paths.config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        table = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidRequest(f"{paths.config} cannot be read: {error}.", "Mend it.") from error
    models = table.get("models", {})
    known = {"profile", "speech", "embedding", "reader", "paths"}
    if not isinstance(models, dict) or not set(models) <= known:
        raise InvalidRequest(
            f"{paths.config}: [models] takes {', '.join(sorted(known))}.", "Mend it."
        )
    own = {name: Path(path).expanduser() for name, path in models.pop("paths", {}).items()}
    return Config(paths=paths, models=ModelChoice(**models, paths=own))

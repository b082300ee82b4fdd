"""A data directory of its own with real daemons, driven by the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memex.client import Client
from memex.config import Paths
from memex.daemons import ROLES, running, stop


@dataclass(frozen=True)
class Home:
    """A Memex."""

    path: Path

    @property
    def paths(self) -> Paths:
        return Paths(home=self.path, config=self.path / "config.toml")

    @property
    def client(self) -> Client:
        return Client(self.paths)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "MEMEX_HOME": str(self.path), "NO_COLOR": "1"}

    def run(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run `memex`; it must end with this code and show no traceback."""
        done = subprocess.run(
            [sys.executable, "-m", "memex.cli", *(str(argument) for argument in arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == code, done.stderr + done.stdout
        return done

    def json(self, *arguments: str | Path, code: int = 0) -> Any:  # noqa: ANN401 (whatever it is)
        """What a command prints with --json."""
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def pid(self, role: str) -> int:
        pid = running(self.paths, role)
        assert pid is not None
        return pid


@contextmanager
def home(path: Path) -> Iterator[Home]:
    """A data directory whose daemons are stopped at the end."""
    made = Home(path)
    try:
        yield made
    finally:
        for role in reversed(list(ROLES)):
            stop(made.paths, role)

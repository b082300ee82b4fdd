"""The supervisor keeps both daemons up, and kills them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from evals.torture.daemons import Daemon

ROLES: Final = ("memexd", "memex-ingest")


@dataclass(slots=True)
class Supervisor:
    """Both daemons of a data directory."""

    start: Callable[[str, Path], Daemon]
    home: Path
    random: Random
    kills: int = 0
    fell: int = 0
    """Times that a daemon ended by itself."""
    stuck: int = 0
    """Times that a daemon did not end when it was asked to."""
    _running: dict[str, Daemon] = field(default_factory=dict)
    _back: dict[str, float] = field(default_factory=dict)
    """When a killed daemon is started again (monotonic)."""

    def tend(self, *, now: bool = False) -> None:
        """Start what should run: what was killed after a while, or `now`."""
        for role in ROLES:
            daemon = self._running.get(role)
            if daemon and not daemon.alive:
                self.fell += 1
                self._back[role] = time.monotonic() + 1.0
                del self._running[role]
            if role in self._running or (not now and time.monotonic() < self._back.get(role, 0)):
                continue
            self._running[role] = self.start(role, self.home)

    def kill(self) -> None:
        """SIGKILL for one of them, sometimes for both: a power cut."""
        roles = [role for role in ROLES if role in self._running]
        if not roles:
            return
        for role in roles if self.random.random() < 0.1 else [self.random.choice(roles)]:
            self._running.pop(role).kill()
            self._back[role] = time.monotonic() + self.random.choice((0.0, 0.0, 0.3))
            self.kills += 1

    def end(self, *roles: str) -> None:
        """Ask daemons to end, and wait for it."""
        for role in roles or reversed(ROLES):
            daemon = self._running.pop(role, None)
            if daemon and daemon.end() is None:
                self.stuck += 1

"""The daemons as processes: which run, starting and stopping them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from memex.client import PATIENCE, Client, Connection
from memex.config import Paths
from memex.durable import private
from memex.errors import DaemonUnavailable, MemexError, StorageError
from memex.locks import holder
from memex.service import Keeper, keeper
from memex.units import ROLES

START_SECONDS: Final = 60.0
"""What a daemon may take to start."""
STOP_SECONDS: Final = 30.0
"""What a daemon may take to stop."""
BROKEN: Final = frozenset({"auto-restart", "auto-restart-queued", "failed"})
"""States in which systemd has a daemon that broke off as it started."""


def running(paths: Paths, role: str) -> int | None:
    """The pid of a daemon of this data directory, None when it does not run."""
    return holder(paths.run / f"{role}.pid")


def start(paths: Paths, role: str) -> bool:
    """Start a daemon unless it runs; True when it was started.

    Where a service is installed for this data directory, its manager starts it.
    memexd is waited for until it answers, whoever started it. Raises what it said when it
    could not start, `DaemonUnavailable`.
    """
    paths.create()
    if running(paths, role) is not None:
        _await(paths, role, _ready)
        return False
    kept = keeper(paths)
    if kept and kept.start(role):
        _await_kept(kept, paths, role)
        return True
    return _start_here(paths, role)


def wait(paths: Paths) -> None:
    """Wait for a memexd that runs, but may have begun just now. Raises `DaemonUnavailable`."""
    _await(paths, "memexd", _listens)


def _await(paths: Paths, role: str, up: Callable[[Paths, str], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not up(paths, role):
        pid = running(paths, role)
        if pid is None:
            raise DaemonUnavailable(f"{role} broke off as it started.", "See `memex doctor`.")
        if time.monotonic() > deadline:
            raise DaemonUnavailable(
                f"{role} (process {pid}) runs, but does not answer.",
                f"`kill -9 {pid}` loses nothing; `memex up` then starts it again.",
            )
        time.sleep(0.05)


def _start_here(paths: Paths, role: str) -> bool:
    with open(paths.logs / f"{role}.start", "w+b", opener=private) as said:
        process = subprocess.Popen(
            [sys.executable, "-m", ROLES[role], "--quiet"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            cwd="/",
        )
        # One that dies while this program lives on is seen off: it leaves no zombie, and no
        # warning of a process that nobody waited for.
        threading.Thread(target=process.wait, name=f"waits for {role}", daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while not _ready(paths, role):
            if process.poll() is not None and running(paths, role) is None:
                said.seek(0)
                raise _start_error(role, said.read().decode(errors="replace"))
            if time.monotonic() > deadline:
                raise DaemonUnavailable(f"{role} did not start in time.", "See `memex doctor`.")
            time.sleep(0.02)
    return process.poll() is None  # else another start was quicker


def _await_kept(kept: Keeper, paths: Paths, role: str) -> None:
    """Wait for a daemon that its manager starts. Raises `DaemonUnavailable`."""
    deadline = time.monotonic() + START_SECONDS
    while not _ready(paths, role):
        if kept.state(role) in BROKEN or time.monotonic() > deadline:
            raise DaemonUnavailable(
                f"{role} does not start; {kept.name} tries again.",
                "`memex service status` and `memex doctor` tell more.",
            )
        time.sleep(0.1)


def _start_error(role: str, said: str) -> MemexError:
    lines = [line for line in said.strip().splitlines() if line.startswith(f"{role}: ")]
    if lines:
        return DaemonUnavailable(lines[-1].removeprefix(f"{role}: "))
    return DaemonUnavailable(f"{role} broke off as it started.", "See `memex doctor`.")


def _ready(paths: Paths, role: str) -> bool:
    """Whether a daemon is up: memexd when it answers, memex-ingest when it has its lock."""
    if role != "memexd":
        return running(paths, role) is not None
    try:
        Client(paths).status()
    except DaemonUnavailable:
        return False
    return True


def _listens(paths: Paths, _: str) -> bool:
    """Whether memexd takes connections."""
    connection = Connection(paths.socket, PATIENCE)
    try:
        connection.connect()
    except DaemonUnavailable:
        return False
    except TimeoutError:
        return True
    finally:
        connection.close()
    return True


def stop(paths: Paths, role: str) -> bool:
    """Ask a daemon to finish and wait for it; False when it did not run.

    One that a service manager keeps is not started again before it is asked for.
    """
    pid = running(paths, role)
    kept = keeper(paths)
    if kept:
        kept.stop(role)
    if pid is None:
        return False
    try:
        if running(paths, role) == pid:
            os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    except PermissionError as error:
        raise StorageError(f"{role} (process {pid}) belongs to another user.") from error
    deadline = time.monotonic() + STOP_SECONDS
    while running(paths, role) == pid:
        if time.monotonic() > deadline:
            raise DaemonUnavailable(
                f"{role} (process {pid}) does not stop.", f"`kill -9 {pid}` loses nothing."
            )
        time.sleep(0.02)
    return True


__all__ = ["ROLES", "running", "start", "stop", "wait"]

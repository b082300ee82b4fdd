"""Starting the daemons quickly, many hundred times.

An interpreter that has imported them already is forked for each start; memexd then
has `memex.testing.WordLengths` in the place of the embedder. With `real` each start
is as a user's: an interpreter of its own, and the configured models.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from ingest.daemon import Ingest
from memex.config import Config, load_config
from memex.daemons import ROLES
from memex.indexer import open_indexer
from memex.library import Library
from memex.logs import setup_logging
from memex.memory import Memex
from memex.server import serve
from memex.testing import ScriptedModel, WordLengths

IMPORTED: Final = ("evals.torture.daemons", "ingest.daemon", "memex.server")
"""What the interpreter that is forked has imported."""


class Forked:
    """A daemon that is a fork."""

    def __init__(self, role: str, home: Path) -> None:
        """Start it."""
        context = multiprocessing.get_context("forkserver")
        self._process: BaseProcess = context.Process(target=run, args=(role, str(home)))
        self._process.start()

    def kill(self) -> None:
        """SIGKILL; returns when it is dead."""
        self._process.kill()
        self._process.join()

    def end(self) -> int | None:
        """SIGTERM; its exit code, None when it does not end and had to be killed."""
        self._process.terminate()
        self._process.join(30)
        if self._process.is_alive():
            self.kill()
            return None
        return self._process.exitcode

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()


class Own:
    """A daemon in an interpreter of its own."""

    def __init__(self, role: str, home: Path) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", ROLES[role], "--quiet"],
            env={**os.environ, "MEMEX_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """SIGKILL; returns when it is dead."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int | None:
        """SIGTERM; its exit code, None when it does not end and had to be killed."""
        self._process.terminate()
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None


Daemon = Forked | Own


@contextmanager
def started(
    environment: Mapping[str, str], *, real: bool
) -> Iterator[Callable[[str, Path], Daemon]]:
    """How daemons are started, with these variables; the fork server ends afterwards."""
    before = dict(os.environ)
    os.environ.update(environment)
    os.environ["PYTHONWARNINGS"] = "ignore"  # lancedb's, of being forked: it has done nothing yet
    try:
        if real:
            yield Own
            return
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(IMPORTED))
        from multiprocessing import forkserver  # noqa: PLC0415 (it has no public name)

        server = forkserver._forkserver  # noqa: SLF001
        server.ensure_running()
        os.environ.clear()
        os.environ.update(before)
        try:
            yield Forked
        finally:
            server._stop()  # type: ignore[attr-defined]  # noqa: SLF001
    finally:
        os.environ.clear()
        os.environ.update(before)


def run(role: str, home: str) -> None:
    """The daemon itself, in the fork."""
    os.environ["MEMEX_HOME"] = home
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # the logs have it all
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    config = load_config()
    setup_logging(config.paths, role, foreground=False)
    try:
        if role == "memexd":
            serve(config, _with_word_lengths)
        else:
            Ingest(config).run()
    except Exception:
        logging.getLogger(role).exception("%s broke off", role)
        raise


def _with_word_lengths(config: Config) -> Memex:
    library, embedder = Library(config.paths.library), WordLengths()
    indexer = open_indexer(library, config.paths.index, embedder, lambda _: None)
    return Memex(library, indexer, embedder, ScriptedModel(["I do not know."]))

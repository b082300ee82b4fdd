"""The recogniser, in memory while there is speech to recognise, in a process of its own. There is
one at a time: what another process was lent the memory for ends when it is needed here.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.apart import TranscriberApart
from memex.config import Config

if TYPE_CHECKING:
    from ingest.misheard import Name

_log = logging.getLogger(__name__)


class Recogniser:
    """Loads the model when it is first needed, and lets it go when it is not any more.
    The worker and whoever hears what is being said share it.
    """

    def __init__(self, config: Config, names: Callable[[], Sequence[Name]] = tuple) -> None:
        """Nothing is loaded yet. `names` may be said (`ingest.misheard`)."""
        self._config = config
        self._names = names
        self._lock = threading.Lock()
        self._loaded: TranscriberApart | None = None
        self._users = 0
        self._used = 0.0
        self._lent: subprocess.Popen[bytes] | None = None
        self.killed: subprocess.Popen[bytes] | None = None
        """The last process that had to make room."""

    def __call__(self) -> TranscriberApart:
        """The model, in memory. Raises `ModelError`, `InvalidRequest`."""
        with self._lock:
            self._end_lent()
            if self._loaded is not None and not self._loaded.alive:
                self._unload()
            if self._loaded is None:
                self._loaded = TranscriberApart(self._config, self._names)
                _log.info("%s is loaded", self._loaded.model)
            self._used = time.monotonic()
            return self._loaded

    @contextmanager
    def needed(self) -> Iterator[None]:
        """As long as this lasts, a model that is loaded stays."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._used = time.monotonic()

    @property
    def in_use(self) -> bool:
        """Whether somebody needs it now."""
        return self._users > 0

    def lend(self, command: Sequence[str]) -> subprocess.Popen[bytes] | None:
        """Start a process that has a recogniser of its own in memory, in the place of this
        one; it gets a standard input that ends with this process, and is to say little on
        its output. None while this one is needed. Raises `OSError`.
        """
        with self._lock:
            if self._in_use():
                return None
            self._end_lent()
            self._unload()
            self._lent = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            return self._lent

    def take_back(self) -> None:
        """End the process that was lent the memory, if it runs."""
        with self._lock:
            self._end_lent()

    def _end_lent(self) -> None:
        process, self._lent = self._lent, None
        if process is None:
            return
        if process.poll() is None:
            self.killed = process
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def rest(self) -> None:
        """Nothing is being recognised: after a while the model leaves memory."""
        with self._lock:
            if self._loaded is None or self._in_use():
                return
            idle = time.monotonic() - max(self._used, self._loaded.used)
            if idle <= 60 * self._config.intake.unload:
                return
            self._unload()
            _log.info("the recogniser was unloaded")

    def stop(self) -> None:
        """End every process."""
        with self._lock:
            self._end_lent()
            self._unload()

    def _in_use(self) -> bool:
        return self._users > 0 or (self._loaded is not None and self._loaded.busy)

    def _unload(self) -> None:
        if self._loaded is not None:
            self._loaded.close()
            self._loaded = None

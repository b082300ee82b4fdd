"""Looking after an index in the background, in a process of its own.

A fold takes memory that memexd would not give back (900 MB where the vectors of a million
passages are indexed), and libraries that it needs for nothing else. The process has the
lowest claim on the processor, and ends with the one that started it.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from memex import folding
from memex.errors import MemexError
from memex.index import Index

STALE_ROWS: Final = 200
"""Rows outside the indices that are folded in at once: a search takes 10 ms longer with them."""
QUIET: Final = 60.0
"""Seconds without a change after which fewer are folded in, too."""
REST: Final = 4.0
"""So many times as long as a fold took the next one is put off: while much arrives, folding is
a fifth of one core at most, and 1,000 rows that wait make a search 15 to 40 ms longer."""
LEAVE: Final = 5.0
"""Seconds that a fold under way is given to end when it is told to."""

_log = logging.getLogger(__name__)


class Upkeep:
    """Folds what is new into the indices, one table at a time. Methods return at once and may
    be called from several threads; the thread that works begins with the first `look`.
    """

    def __init__(self, quiet: float = QUIET) -> None:
        self._quiet = quiet
        self._changed = threading.Condition()
        self._index: Index | None = None
        self._stopped = False
        self._aside = 0
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def look(self, index: Index) -> None:
        """Something was written into a table: see whether it is time to fold it in."""
        with self._changed:
            self._index = index
            self._changed.notify_all()
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
                self._thread.start()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While somebody else needs the files: a fold under way ends (each of its steps is whole),
        and none begins.
        """
        with self._changed:
            self._aside += 1
            self._break_off()
        try:
            yield
        finally:
            with self._changed:
                self._aside -= 1

    def _break_off(self) -> None:
        if self._child and self._child.stdin:
            self._child.stdin.close()

    def stop(self) -> None:
        """Break off what is under way, and begin nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            self._break_off()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(LEAVE)

    def _run(self) -> None:
        while index := self._next():
            try:
                if self._due(index):
                    began = time.monotonic()
                    self._fold(index)
                    self._rest(REST * (time.monotonic() - began))
            except MemexError as error:  # a search or a write tells whoever can mend it
                _log.warning("The index is not folded: %s", error.message)

    def _next(self) -> Index | None:
        """Wait for a table that was written into; None when it is time to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._index or self._stopped)
            index, self._index = self._index, None
            return None if self._stopped else index

    def _due(self, index: Index) -> bool:
        """Whether there is enough to fold, or something and then quiet for a while."""
        stale = index.stale()
        if stale >= STALE_ROWS or index.wants_vectors():
            return True
        with self._changed:
            return stale > 0 and not self._changed.wait_for(
                lambda: self._index or self._stopped, self._quiet
            )

    def _fold(self, index: Index) -> None:
        with index.tidied():
            command = [sys.executable, "-P", "-m", folding.__name__, str(index.path)]
            child = self._started(command)
            if child is None:
                return
            with child:
                said = child.stderr.read() if child.stderr else b""
            lines = said.decode(errors="replace").strip().splitlines()
            if child.returncode and lines:  # broken off, it says nothing
                _log.warning("The index is not folded: %s", lines[-1])

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped, seconds)

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes] | None:
        """The process; none when somebody else needs the files, or it is time to stop."""
        pipe = subprocess.PIPE
        with self._changed:
            if not self._stopped and not self._aside:
                self._child = subprocess.Popen(
                    command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe
                )
                return self._child
        return None

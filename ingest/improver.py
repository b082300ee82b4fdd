"""Has what was heard live recognised again by a better model, while the machine is idle.

A thread of memex-ingest; the work is done by a process of its own (`ingest.again`), one recording
at a time, which is killed as soon as anything else is to be done.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from ingest.again import CHECKPOINT, DONE, LATER
from ingest.holds import Holds
from ingest.recogniser import Recogniser
from memex.client import Client
from memex.config import Config
from memex.errors import MemexError
from memex.items import Lane
from memex.spool import Spool
from memex.types import RECOGNISED

PROGRAM: Final = "ingest.again"
LOOK_EVERY: Final = 0.5
"""Seconds between two looks at whether the machine is idle."""
SELDOM: Final = 10.0
"""The same where no better model is set."""
IDLE: Final = 15.0
"""Seconds without anything to do after which the machine is idle."""
ASK_EVERY: Final = 60.0
"""Seconds between two questions for recordings, where there was none."""
RETRY_EVERY: Final = 600.0
"""Seconds until it is tried again where the model is not to be had."""

_log = logging.getLogger(__name__)


class Improver:
    """Chooses recordings, and sees to the process that recognises one."""

    def __init__(
        self,
        client: Client,
        spool: Spool,
        recogniser: Recogniser,
        holds: Holds,
        config: Callable[[], Config],
    ) -> None:
        """`config` is asked again and again: the user may change it."""
        self._client = client
        self._spool = spool
        self._recogniser = recogniser
        self._holds = holds
        self._config = config
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recognising again")
        self._waiting: deque[str] = deque()
        self._done: set[tuple[str, str]] = set()
        """Documents, and the models by which they were recognised again or cannot be."""
        self._process: subprocess.Popen[bytes] | None = None
        self._under_way = ("", "")
        """The document and the model of the process."""
        self._busy_at = time.monotonic()
        self._next = 0.0
        """When memexd is asked again for recordings."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way goes on from its checkpoint another time."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._recogniser.take_back()

    @property
    def doing(self) -> str:
        """What is under way, for whoever asks; "" where nothing is."""
        process = self._process
        running = process is not None and process.poll() is None
        return f"recognising again, by {self._under_way[1]}" if running else ""

    def _run(self) -> None:
        every = 0.0
        while not self._stopping.wait(every):
            model = self._config().listen.better
            every = LOOK_EVERY if model else SELDOM
            if not model and self._process is None:
                self._tidy()
            if self._process is not None:
                self._see_to(self._process, model)
            elif model and self._idle():
                self._begin(model)

    def _idle(self) -> bool:
        """Whether nothing has been to do for a while, and there is power and room."""
        if self._holds.reason(Lane.BULK) or self._holds.busy or self._waits():
            self._busy_at = time.monotonic()
        return time.monotonic() - self._busy_at >= IDLE

    def _waits(self) -> bool:
        """Whether anything else is to be read, or heard."""
        return self._recogniser.in_use or any(self._spool.count(s) for s in ("new", "cur"))

    def _see_to(self, process: subprocess.Popen[bytes], model: str) -> None:
        """Take the process off where it is not to go on; note what became of it."""
        if process.poll() is None:
            if model == self._under_way[1] and self._idle():
                return
            self._recogniser.take_back()
        self._process = None
        if self._recogniser.killed is process:
            return
        id_, model = self._under_way
        code = process.wait()
        said = process.stdout.read().decode(errors="replace").strip() if process.stdout else ""
        self._recogniser.take_back()
        if code == LATER:
            _log.warning("nothing is recognised again, by %s, just now: %s", model, said)
            self._next = time.monotonic() + RETRY_EVERY
            self._waiting.clear()
            return
        self._done.add(self._under_way)
        if code == DONE:
            _log.info("%s was recognised again, by %s", id_, model)
        else:
            _log.warning("%s is not recognised again: %s", id_, said or f"it ended with {code}")

    def _begin(self, model: str) -> None:
        """Have the next recording recognised again, if there is one."""
        if not self._waiting and time.monotonic() >= self._next:
            self._next = time.monotonic() + ASK_EVERY
            self._ask(model)
        while self._waiting:
            id_ = self._waiting.popleft()
            if (id_, model) in self._done:
                continue
            self._under_way = id_, model
            try:
                command = [sys.executable, "-m", PROGRAM, id_, model]
                self._process = self._recogniser.lend(command)
            except OSError as error:
                _log.warning("nothing is recognised again just now: %s", error.strerror)
            if self._process is None:
                self._waiting.appendleft(id_)
                self._busy_at = time.monotonic()
            return

    def _tidy(self) -> None:
        """Remove checkpoints that nobody goes on from: they hold what was said."""
        for checkpoint in self._config().paths.work.glob(f"{CHECKPOINT}*.jsonl"):
            checkpoint.unlink(missing_ok=True)

    def _ask(self, model: str) -> None:
        try:
            found = self._client.worse(RECOGNISED + shown(model))
        except MemexError as error:
            _log.info("nothing is recognised again just now: %s", error)
            return
        self._waiting.extend(id_ for id_ in found if (id_, model) not in self._done)


def shown(model: str) -> str:
    """A recogniser's name as documents have it: "whisper base"."""
    return f"whisper {model.removeprefix('whisper-').removeprefix('whisper ')}"

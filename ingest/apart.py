"""The recogniser in a process of its own (`ingest.transcribing`).

What goes wrong in CTranslate2 or FFmpeg, or the kernel's choice when memory runs out, ends that
process: what it was at goes on from its checkpoint, and the daemon runs on. When it ends, all
that Whisper took of the memory is free.
"""

from __future__ import annotations

import itertools
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from memex.config import Config
from memex.errors import MemexError, ModelCrashed, ModelError
from memex.models.apart import PATIENCE, how_it_ended
from memex.protocols import Recognised

if TYPE_CHECKING:
    from ingest.live.phrase import Samples, SoFar
    from ingest.misheard import Name
    from ingest.recognition import Heard

PROGRAM: Final = "ingest.transcribing"


@dataclass(frozen=True, slots=True)
class Call:
    """What the process is to do."""

    number: int
    method: str
    """Of `ingest.transcribing.Desk`."""
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a call."""

    number: int
    result: object = None
    error: Exception | None = None


class TranscriberApart:
    """A `LiveTranscriber` in another process. Safe to use from several threads."""

    def __init__(self, config: Config, names: Callable[[], Sequence[Name]] = tuple) -> None:
        """Start the process, with the model that the configuration chooses. `names` may be said
        (`ingest.misheard`). Raises `ModelError`, `InvalidRequest`.
        """
        self._names = names
        self._told: Sequence[Name] = ()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Reply | None]] = {}
        self._ended = False
        self._open = 0
        self.used = time.monotonic()
        """When it last answered (monotonic)."""
        self._seeing_off = threading.Lock()
        self._trace = ""
        """Where it crashed, once it has."""
        self._tracing = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process)
        self._socket, theirs = socket.socketpair()
        self._connection: Connection[Call | Config, Any] = Connection(os.dup(self._socket.fileno()))
        with theirs:
            self._process = self._started(theirs.fileno(), self._tracing.fileno())
        self.model = self._hello(config)
        threading.Thread(target=self._listen, name="recogniser", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._ended and self._process.poll() is None

    @property
    def busy(self) -> bool:
        """Whether a recording is being recognised."""
        return self._open > 0

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        """Recognise a recording; see `ingest.transcribe`. Raises `ModelCrashed`, too."""
        self._open += 1
        try:
            number = self._call("open", media, start)
            try:
                while stretch := cast("Recognised | None", self._call("next", number)):
                    yield stretch
            finally:
                with suppress(ModelCrashed):  # then it is closed
                    self._call("close", number)
        finally:
            self._open -= 1

    def phrase(self, samples: Samples, *, beam: int = 5, hotwords: Sequence[str] = ()) -> Heard:
        """Recognise one phrase; see `ingest.transcribe`. Raises `ModelCrashed`."""
        return cast("Heard", self._call("phrase", samples, beam, tuple(hotwords)))

    def interim(self, samples: Samples) -> SoFar:
        """What has been said so far; see `ingest.transcribe`. Raises `ModelCrashed`."""
        return cast("SoFar", self._call("interim", samples))

    def close(self) -> None:
        """End the process, and what it is at."""
        with self._seeing_off:
            if self._tracing.closed:
                return
            with suppress(OSError):  # it has ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            with self._tracing as file:
                file.seek(0)
                self._trace = file.read().decode(errors="replace")

    def _started(self, *descriptors: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", PROGRAM, *map(str, descriptors)],
                stdin=subprocess.DEVNULL,
                pass_fds=descriptors,
            )
        except OSError as error:
            raise ModelError(
                f"The recogniser cannot be started: {error.strerror}.",
                "Close what takes memory or processes.",
            ) from error

    def _hello(self, config: Config) -> str:
        """The model's name, once it is in memory. Raises `ModelError`, `InvalidRequest`."""
        self._model = "The recogniser"
        try:
            self._connection.send(config)
            about = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._crashed() from error
        if isinstance(about, MemexError):
            self.close()
            raise about
        self._model = str(about)
        return self._model

    def _call(self, method: str, *arguments: object) -> object:
        """What the process answers. Raises the error that it met; `ModelCrashed`."""
        names = self._names()
        answer: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        with self._lock:
            if self._ended:
                raise self._crashed()
            call = Call(next(self._numbers), method, arguments)
            self._waiting[call.number] = answer
            try:
                if names is not self._told:
                    self._connection.send(Call(0, "expect", (tuple(names),)))
                    self._told = names
                self._connection.send(call)
            except OSError as error:
                raise self._crashed() from error
        reply = answer.get()
        if reply is None:
            raise self._crashed()
        if reply.error is not None:
            raise reply.error
        return reply.result

    def _listen(self) -> None:
        """Hand replies to those who wait for them, until the process has ended."""
        with suppress(EOFError, OSError):
            while True:
                reply: Reply = self._connection.recv()
                self.used = time.monotonic()
                self._waiting.pop(reply.number).put(reply)
        with self._lock:
            self._ended = True
            self._connection.close()
            for answer in self._waiting.values():
                answer.put(None)

    def _crashed(self) -> ModelCrashed:
        """With the place where it crashed as a note, if it did."""
        self.close()
        error = ModelCrashed(
            f"{self._model} broke off: {how_it_ended(self._process.returncode)}.",
            "If it breaks off again, a smaller model may do: `memex models use tiny`.",
        )
        if self._trace:
            error.add_note(self._trace)
        return error

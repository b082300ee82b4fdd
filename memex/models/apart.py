"""The language model in a process of its own (`memex.models.reading`).

What goes wrong in llama.cpp, or the kernel's choice when memory runs out, ends that process:
one answer is lost, not the daemon. A process that has had nothing to do for a while is ended,
too, and started again by the next question.
"""

from __future__ import annotations

import json
import logging
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from memex.errors import MemexError, ModelCrashed, ModelError, error_from_json
from memex.protocols import Message, never

CONTEXT: Final = 2048
"""Tokens that prompt and answer share, unless told otherwise."""
LOOK: Final = 0.05
"""Seconds between two looks at whether an answer is still wanted."""
PATIENCE: Final = 5.0
"""Seconds that a process is given to end, or to stop what is under way."""

Json = dict[str, Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Process:
    """A process that has loaded its model."""

    popen: subprocess.Popen[str]
    requests: IO[str]
    replies: queue.SimpleQueue[Json | None]
    """One after the other; None when it has ended."""


class ModelApart:
    """A `LanguageModel` in another process. One completion runs at a time; others wait."""

    def __init__(self, path: Path, model: str, context: int, unload: float = 0.0) -> None:
        """Start the process, with a GGUF file and a context in tokens. After `unload` seconds
        without work it goes; 0: never. Raises `ModelError`.
        """
        self._arguments = (str(path), model, str(context))
        self._name = model
        self._unload = unload
        self._lock = threading.Lock()
        self._idle: threading.Timer | None = None
        self._process: _Process | None
        self._process, about = self._start()
        self.parameters, self.context = about["parameters"], about["context"]

    @property
    def model(self) -> str:
        """Its name, as it is shown."""
        return self._name

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.popen.pid if self._process else None

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without special ones. Raises `ModelCrashed`."""
        with self._lock, self._at_work() as process:
            self._ask(process, {"count": text})
            return int(self._reply(process)["tokens"])

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Generator[str, None, None]:
        """Stream the answer; see `memex.protocols.LanguageModel`. Raises `ModelCrashed`."""
        request = {
            "messages": [[message.role, message.content] for message in messages],
            "max_tokens": max_tokens,
            "grammar": grammar,
            "stop": list(stop),
        }
        while not self._lock.acquire(timeout=LOOK):
            if cancelled():
                return
        try:
            with self._at_work() as process:
                self._ask(process, {"complete": request})
                yield from self._completion(process, cancelled)
        finally:
            self._lock.release()

    def _completion(
        self, process: _Process, cancelled: Callable[[], bool]
    ) -> Generator[str, None, None]:
        ended = False
        try:
            while "text" in (reply := self._reply(process, cancelled)):
                yield reply["text"]
            ended = True
        except MemexError:
            ended = True
            raise
        finally:
            if not ended:  # nobody listens any more
                with suppress(ModelCrashed):  # nobody to tell it to; it is logged
                    self._cancel(process)

    def close(self) -> None:
        """End the process, and what it is at."""
        if not self._lock.acquire(timeout=PATIENCE):
            if process := self._process:
                process.popen.kill()
            self._lock.acquire()
        try:
            self._end()
        finally:
            self._lock.release()

    @contextmanager
    def _at_work(self) -> Iterator[_Process]:
        """The process, for one request; started, where there is none. Under the lock."""
        if self._idle:
            self._idle.cancel()
        if self._process and self._process.popen.poll() is not None:  # killed while it rested
            self._end()
        if self._process is None:
            self._process, _ = self._start()
        try:
            yield self._process
        finally:
            if self._unload:
                self._idle = threading.Timer(self._unload, self._rest)
                self._idle.daemon = True
                self._idle.start()

    def _start(self) -> tuple[_Process, Json]:
        """A process, and what it says of its model. Raises `ModelError`."""
        try:
            popen = subprocess.Popen(
                [sys.executable, "-P", "-m", "memex.models.reading", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="ascii",
            )
        except OSError as error:
            raise ModelError(
                f"{self._name} cannot be started: {error.strerror}.",
                "Close what takes memory or processes, and ask again.",
            ) from error
        assert popen.stdin
        assert popen.stdout
        process = _Process(popen, popen.stdin, queue.SimpleQueue())
        threading.Thread(target=_listen, args=(popen.stdout, process.replies), daemon=True).start()
        about = process.replies.get() or {}
        if "parameters" in about:
            return process, about
        _seen_off(popen)
        raise error_from_json(about["error"]) if about else self._crashed(popen)

    def _ask(self, process: _Process, request: Json) -> None:
        try:
            process.requests.write(f"{json.dumps(request)}\n")
            process.requests.flush()
        except OSError as error:
            raise self._lost(process) from error

    def _reply(self, process: _Process, cancelled: Callable[[], bool] = never) -> Json:
        """The next reply. Raises the error that it is; `ModelCrashed` where none comes."""
        while True:
            try:
                reply = process.replies.get(timeout=LOOK)
                break
            except queue.Empty:
                if cancelled():
                    return self._cancel(process)
        if reply is None:
            raise self._lost(process)
        if "error" in reply:
            raise error_from_json(reply["error"])
        return reply

    def _cancel(self, process: _Process) -> Json:
        """Stop the completion under way; its last reply. A process that does not is killed."""
        self._ask(process, {"cancel": True})
        late = threading.Timer(PATIENCE, process.popen.kill)
        late.daemon = True
        late.start()
        try:
            while "text" in (reply := self._reply(process)):
                pass
            return reply
        finally:
            late.cancel()

    def _lost(self, process: _Process) -> ModelCrashed:
        _seen_off(process.popen)
        self._process = None
        return self._crashed(process.popen)

    def _crashed(self, popen: subprocess.Popen[str]) -> ModelCrashed:
        how = how_it_ended(popen.returncode)
        _log.error("the process of %s ended: %s", self._name, how)
        return ModelCrashed(
            f"{self._name} broke off: {how}.",
            "Nothing else is lost. Ask again; if it breaks off again, a smaller model may do:"
            " `memex models use tiny`.",
        )

    def _rest(self) -> None:
        """End the process, unless it is at work again."""
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def _end(self) -> None:
        if self._idle:
            self._idle.cancel()
        if self._process:
            _seen_off(self._process.popen)
            self._process = None


def _seen_off(popen: subprocess.Popen[str]) -> None:
    """Let a process end by the end of its input; kill one that does not."""
    with suppress(OSError):
        if popen.stdin:
            popen.stdin.close()
    try:
        popen.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()


def _listen(replies: IO[str], into: queue.SimpleQueue[Json | None]) -> None:
    """Take in what a process replies, until it ends."""
    try:
        with replies:
            for line in replies:
                into.put(json.loads(line))
    except ValueError:  # it died in the middle of a line
        _log.warning("a reply of the model's process was cut short")
    finally:
        into.put(None)


def how_it_ended(status: int) -> str:
    """How a process of a model ended, by its exit status, for people."""
    if status == -signal.SIGKILL:
        return "its process was killed, perhaps for want of memory"
    if status < 0:
        return f"its process died of {signal.Signals(-status).name}"
    return f"its process ended with status {status}"

"""The process in which speech is recognised: `python -m ingest.transcribing CALLS TRACE`, both
numbers of descriptors.

`ingest.apart` starts it and speaks to it, in `Call` and `Reply`. What it gets first is the
configuration, and its first answer the model's name, or why there is none. It ends when nobody
can speak to it any more.
"""

from __future__ import annotations

import faulthandler
import itertools
import os
import sys
import threading
import traceback
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ingest.apart import Call, Reply
from ingest.misheard import Name
from ingest.transcribe import WhisperTranscriber
from memex.config import Config
from memex.errors import MemexError
from memex.models.loading import speech_model_path
from memex.models.sacrifice import go_first
from memex.protocols import Recognised

if TYPE_CHECKING:
    from ingest.live.phrase import Samples, SoFar
    from ingest.recognition import Heard

THREADS: Final = 4
"""Calls that are answered at a time: a recording, a phrase, and what is being said."""
TELLING: Final = (MemexError, MemoryError, OSError)
"""Errors that whoever asked knows what to do about; any other is a fault."""


class Desk:
    """Answers calls, by a recogniser that is loaded."""

    def __init__(self, config: Config) -> None:
        """Load the model. Raises `ModelError`, `InvalidRequest`."""
        self._names: Sequence[Name] = ()
        name, directory = speech_model_path(config)
        self._transcriber = WhisperTranscriber(name, directory, names=lambda: self._names)
        self._numbers = itertools.count(1)
        self._open: dict[int, Iterator[Recognised]] = {}
        self.model = self._transcriber.model

    def answer(self, call: Call) -> Reply:
        """What becomes of a call."""
        try:
            return Reply(call.number, getattr(self, call.method)(*call.arguments))
        except TELLING as error:
            return Reply(call.number, error=error)
        except Exception as error:  # noqa: BLE001 (it is whoever asked who sees to it)
            return Reply(call.number, error=_carried(error))

    def expect(self, names: Sequence[Name]) -> None:
        """Names that may be said from now on."""
        self._names = names

    def open(self, media: Path, start: float) -> int:
        """Begin with a recording; the number by which it goes on."""
        number = next(self._numbers)
        self._open[number] = self._transcriber.transcribe(media, start)
        return number

    def next(self, number: int) -> Recognised | None:
        """The next stretch of a recording; None at its end."""
        return next(self._open[number], None)

    def close(self, number: int) -> None:
        """Let go of a recording."""
        cast("Generator[Recognised]", self._open.pop(number)).close()

    def phrase(self, samples: Samples, beam: int, hotwords: Sequence[str]) -> Heard:
        """A phrase that is over."""
        return self._transcriber.phrase(samples, beam=beam, hotwords=hotwords)

    def interim(self, samples: Samples) -> SoFar:
        """A phrase that goes on."""
        return self._transcriber.interim(samples)


def _carried(error: Exception) -> RuntimeError:
    """An error that can be sent, and says where it was met, without the values: they may hold
    what was said.
    """
    fault = RuntimeError(type(error).__name__)
    frames = traceback.extract_tb(error.__traceback__)
    for frame in frames:
        fault.add_note(f"{frame.filename}:{frame.lineno} in {frame.name}")
    return fault


def _serve(desk: Desk, calls: Connection[Reply, Call]) -> None:
    """Answer calls, several at a time, until nobody can make any."""
    sending = threading.Lock()

    def answer(call: Call) -> None:
        reply = desk.answer(call)
        with sending, suppress(OSError):  # nobody waits for it any more
            calls.send(reply)

    pool = ThreadPoolExecutor(THREADS, "call")
    with suppress(EOFError, OSError):
        while True:
            call = calls.recv()
            if call.number:
                pool.submit(answer, call)
            else:
                desk.answer(call)


def main(calls: int, trace: int) -> None:
    """The process."""
    faulthandler.enable(trace)
    go_first()
    connection: Connection[Any, Any] = Connection(calls)
    try:
        desk = Desk(connection.recv())
    except MemexError as error:
        connection.send(error)
        return
    connection.send(desk.model)
    _serve(desk, connection)
    os._exit(0)  # with all that it is at


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))

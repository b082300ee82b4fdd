"""A program on a pseudo-terminal: keys go in, and it is told when what is waited for is drawn."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from evals.bench.process import MeasurementFailed

COLUMNS, ROWS = 140, 45
PATIENCE: Final = 60.0
"""Seconds in which it must be drawn."""
LATEST: Final = 100_000
"""Characters of what is drawn that are searched, at least."""
STILL: Final = 0.3
"""Seconds without a picture after which it is at rest; a cursor blinks every 0.5 s."""
SEQUENCE: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_=>])"
)
FRAME: Final = "\x1b[?2026h"
"""With this a picture begins, where the terminal can show it at once (synchronised output)."""
ASKS, CAN = "\x1b[?2026$p", "\x1b[?2026;2$y"
"""Whether it can, and that it can."""


def text_of(drawn: str) -> str:
    """What is drawn without how; a line for each place that it is drawn at."""
    return SEQUENCE.sub(lambda found: "\n" if found[0].endswith("H") else "", drawn)


class Terminal:
    """A running program."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it. Raises `MeasurementFailed`."""
        self.began = time.perf_counter()
        self._file, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        kind = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env={**environment, **kind},
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._file)
            raise MeasurementFailed(f"{command[0]} does not start: {error.strerror}.") from error
        finally:
            os.close(theirs)
        self._drawn = ""

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def text(self) -> str:
        """What was drawn since the last keys."""
        return text_of(self._drawn)

    @property
    def frames(self) -> int:
        """Pictures since the last keys."""
        return self._drawn.count(FRAME)

    def press(self, keys: str) -> float:
        """Have keys pressed; when that was."""
        self._read(0)
        self._drawn = ""
        return self.press_on(keys)

    def press_on(self, keys: str) -> float:
        """The same, and what was drawn before still counts."""
        os.write(self._file, keys.encode())
        return time.perf_counter()

    def until(self, true: Callable[[str], object], what: str, patience: float = PATIENCE) -> float:
        """Read until something holds of what was drawn since the last keys; when that was drawn.
        Raises `MeasurementFailed` where it is not.
        """
        deadline = time.monotonic() + patience
        at = time.perf_counter()
        while not true(self.text):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise MeasurementFailed(f"{what} is not drawn: {self.text[-500:]}")
            if self._read(0.05):
                at = time.perf_counter()
            if len(self._drawn) > 2 * LATEST:
                self._drawn = self._drawn[-LATEST:]
        return at

    def sees(self, text: str, patience: float = PATIENCE) -> float:
        """Read until a text is drawn; when."""
        return self.until(lambda drawn: text in drawn, repr(text), patience)

    def rest(self) -> None:
        """Read until it draws nothing more."""
        while self._read(STILL):
            pass

    def read_for(self, seconds: float) -> None:
        """Read for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self._read(left)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        os.close(self._file)

    def _read(self, seconds: float) -> bool:
        """What is drawn within so many seconds; whether anything was."""
        if not select.select([self._file], [], [], seconds)[0]:
            return False
        try:
            came = os.read(self._file, 1 << 16).decode(errors="replace")
        except OSError:  # it has ended
            return False
        if ASKS in came:
            os.write(self._file, CAN.encode())
        self._drawn += came
        return True


Running = AbstractContextManager[Terminal]


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Terminal]:
    """A program, which ends with the block."""
    terminal = Terminal(command, environment)
    try:
        yield terminal
    finally:
        terminal.close()

"""Logging of the daemons: to systemd's journal where it listens, else to a file.

What was heard, read or asked is in no log. Memex's own messages name files,
models and numbers; of an exception its kind and place are logged, but not its
message, which may quote; of another library's message only where it was logged.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Final

from memex.config import Paths

LOG_BYTES: Final = 2_000_000
"""Of a log file; one older one is kept."""
TRUSTED: Final = frozenset({"memex", "memexd", "memex-ears", "memex-ingest", "ingest", "uvicorn"})
"""Loggers, by the first part of their names, whose messages quote nothing."""
PRIORITIES: Final = {
    logging.CRITICAL: 2,
    logging.ERROR: 3,
    logging.WARNING: 4,
    logging.INFO: 6,
    logging.DEBUG: 7,
}
"""syslog's, by level."""

_log = logging.getLogger(__name__)


class Discreet(logging.Formatter):
    """Formats a record without what an exception or another library may quote."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; a traceback's lines after the first."""
        told = logging.makeLogRecord(record.__dict__)
        told.exc_text = None
        if record.name.partition(".")[0] not in TRUSTED:
            told.msg, told.args = f"said something at {record.pathname}:{record.lineno}", None
        return super().format(told)

    def formatException(self, ei: object) -> str:  # noqa: N802 (logging's name)
        """Kinds and places of an exception and of those that led to it."""
        error = ei[1] if isinstance(ei, tuple) else None
        lines: list[str] = []
        while isinstance(error, BaseException):
            places = traceback.extract_tb(error.__traceback__)
            lines += (f"  {place.filename}:{place.lineno} in {place.name}" for place in places)
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or error.__context__
            lines += ["after"] if error else []
        return "\n".join(lines)


class Journal(Discreet):
    """For systemd's journal, which has times and takes a priority before each line."""

    def format(self, record: logging.LogRecord) -> str:
        """Every line of the record with its priority."""
        level = max((known for known in PRIORITIES if known <= record.levelno), default=10)
        return "\n".join(
            f"<{PRIORITIES[level]}>{line}" for line in super().format(record).split("\n")
        )


def in_journal() -> bool:
    """Whether what this process writes to stderr goes to systemd's journal."""
    try:
        state = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{state.st_dev}:{state.st_ino}"


def setup_logging(paths: Paths, name: str, *, foreground: bool) -> None:
    """Log to the journal, or to the data directory and in the foreground to the terminal.

    From here on the files that this process makes are its owner's alone, and
    what nobody caught is logged, not printed.
    """
    os.umask(0o077)
    paths.create()
    handlers: list[logging.Handler] = []
    if in_journal():
        stream = logging.StreamHandler()
        stream.setFormatter(Journal("%(name)s: %(message)s"))
        handlers.append(stream)
    else:
        file = logging.handlers.RotatingFileHandler(
            paths.logs / f"{name}.log", maxBytes=LOG_BYTES, backupCount=1
        )
        handlers += [file, logging.StreamHandler()] if foreground else [file]
        for handler in handlers:
            handler.setFormatter(Discreet("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=handlers)
    logging.captureWarnings(True)
    _catch()


def _catch() -> None:
    """Log what nobody caught: Python would print it whole to stderr, which is kept too."""

    def of_program(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _log.critical("this should not have happened", exc_info=(kind, error, trace))

    def of_thread(caught: threading.ExceptHookArgs) -> None:
        _log.error("a thread broke off", exc_info=caught.exc_value)

    def unraisable(caught: sys.UnraisableHookArgs) -> None:
        _log.error("something could not be tidied up", exc_info=caught.exc_value)

    sys.excepthook = of_program
    threading.excepthook = of_thread
    sys.unraisablehook = unraisable

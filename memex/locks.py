"""One process per role and data directory, held by a lock on a file with its pid."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO, Final

from memex.errors import AlreadyRunning, StorageError

TRIES: Final = 10
"""To take a lock: whoever asks for its holder has it for a moment."""
BETWEEN: Final = 0.02
"""Seconds between two of them."""


class RoleLock:
    """Holds a role ("memexd", "memex-ingest") of a data directory until `release`.

    The kernel frees it with the process, however that ends.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises `AlreadyRunning`, `StorageError`."""
        try:
            self._file = path.open("a+", encoding="ascii")
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror}.", "Mend its permissions."
            ) from error
        if not _taken(self._file):
            self._file.close()
            raise AlreadyRunning(
                f"Another {path.stem} (process {holder(path) or '?'}) serves {path.parent.parent}.",
                "Stop it with `memex down`, or name another data directory with MEMEX_HOME.",
            )
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Give the role up."""
        self._file.truncate(0)
        self._file.close()


def holder(path: Path) -> int | None:
    """The pid of the process that holds a role; None when nobody does.

    Raises `StorageError` where that cannot be known.
    """
    try:
        with path.open(encoding="ascii") as file:
            try:  # shared: two that ask at once do not take each other for the holder
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
                return int(text) if text.isdigit() else None
            return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror}.",
            "If it is another user's, name a data directory of your own with MEMEX_HOME.",
        ) from error


def _taken(file: IO[str]) -> bool:
    """Whether a lock could be taken."""
    for _ in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(BETWEEN)
        else:
            return True
    return False

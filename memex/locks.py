"""One process per role and data directory, held by a lock on a file with its pid."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from memex.errors import AlreadyRunning, StorageError


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
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise AlreadyRunning(
                f"Another {path.stem} (process {holder(path) or '?'}) serves {path.parent.parent}.",
                "Stop it with `memex down`, or name another data directory with MEMEX_HOME.",
            ) from error
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Give the role up."""
        self._file.truncate(0)
        self._file.close()


def holder(path: Path) -> int | None:
    """The pid of the process that holds a role; None when nobody does."""
    try:
        with path.open("r+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
                return int(text) if text.isdigit() else None
            return None
    except OSError:
        return None

"""What LanceDB says when something is wrong, as errors of Memex."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from memex.errors import DiskFull, IndexDamaged, MemexError, StorageError

_SOURCE: Final = re.compile(r", /\S+:\d+:\d+$")
"""Where in its source LanceDB noticed an error."""


@contextmanager
def reading(directory: Path) -> Iterator[None]:
    """Whatever LanceDB makes of damaged files is an `IndexDamaged`; a full disk is itself."""
    try:
        yield
    except MemexError:
        raise
    except BaseException as error:
        _only_faults(error)
        told = storage_error(directory, error)
        if isinstance(told, DiskFull):
            raise told from error
        raise IndexDamaged(told.message, "`memex verify` makes it again.") from error


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Whatever keeps LanceDB from writing is a `StorageError`."""
    try:
        yield
    except MemexError:
        raise
    except BaseException as error:
        _only_faults(error)
        raise storage_error(directory, error) from error


def _only_faults(error: BaseException) -> None:
    """Raise what is no fault of the table. A panic of LanceDB's Rust is one, though it is no
    `Exception`; its class is not public.
    """
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error


def storage_error(directory: Path, error: BaseException) -> StorageError:
    """What kept the index in this directory from being used."""
    if "No space left" in str(error) or "disk is full" in str(error):
        return DiskFull(f"No room is left on the disk of {directory}.", "Make room and try again.")
    said = _SOURCE.sub("", (str(error) or type(error).__name__).splitlines()[0])
    return StorageError(
        f"The index {directory} cannot be used: {said}.",
        "Mend its permissions, or rebuild it with `memex reindex`.",
    )

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
    except Exception as error:  # panics of its Rust among them, of no public class
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
    except Exception as error:  # as in `reading`
        raise storage_error(directory, error) from error


def storage_error(directory: Path, error: Exception) -> StorageError:
    """What kept the index in this directory from being used."""
    if "No space left" in str(error) or "disk is full" in str(error):
        return DiskFull(f"No room is left on the disk of {directory}.", "Make room and try again.")
    said = _SOURCE.sub("", (str(error) or type(error).__name__).splitlines()[0])
    return StorageError(
        f"The index {directory} cannot be used: {said}.",
        "Mend its permissions, or rebuild it with `memex reindex`.",
    )

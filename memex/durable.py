"""Files that survive a power cut, and that only their owner reads."""

from __future__ import annotations

import os
from pathlib import Path


def sync(directory: Path) -> None:
    """Bring the names in a directory to the disk: what was made, renamed or removed there."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private(path: str, flags: int) -> int:
    """An opener (`open(…, opener=private)`) of files that only their owner can read."""
    return os.open(path, flags, 0o600)

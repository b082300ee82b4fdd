"""What makes a file the same file, whatever it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.readers.transcripts import companion
from memex.errors import UnreadableFile
from memex.items import printable
from memex.protocols import Step

BLOCK: Final = 1 << 20
"""Bytes read at a time."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a file, and of the transcript beside it."""

    sha256: str
    size: int
    """Bytes."""
    device: int
    """The disk it lies on (st_dev)."""


def fingerprint(path: Path, progress: Callable[[Step], None]) -> Fingerprint:
    """Read a file's bytes. Raises `UnreadableFile`, and whatever `progress` raises."""
    digest = hashlib.sha256()
    size = 0
    beside = companion(path)
    try:
        device = path.stat().st_dev
        for part in (path, beside) if beside else (path,):
            size += _hash(part, digest.update, progress)
    except OSError as error:
        raise UnreadableFile(
            f"{printable(path)} cannot be read: {error.strerror}.", "Check the path."
        ) from error
    return Fingerprint(digest.hexdigest(), size, device)


def _hash(path: Path, update: Callable[[bytes], None], progress: Callable[[Step], None]) -> int:
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            update(block)
            done += len(block)
            progress(Step("looking", done, total, "bytes"))
    return done

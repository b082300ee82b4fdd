"""What has been recognised of a recording so far, on disk.

A JSON Lines file: a header that says of which file, by which model and with which
settings, then one line for each stretch, flushed to the disk before the next one is
begun. A line that was torn by a crash is cut off.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

from memex.errors import DiskFull, StorageError
from memex.protocols import Recognised
from memex.types import Correction, Segment, Word

SETTINGS: Final = 3
"""Raised whenever the same sound would be cut or recognised differently."""


class Checkpoint:
    """The stretches of one recording that are done; an opened file."""

    def __init__(self, path: Path, media: Path, model: str) -> None:
        """Take up what `path` holds where it was made of the same recording by the
        same model; begin anew otherwise. Raises `StorageError`, `OSError` where the
        recording is gone.
        """
        state = media.stat()
        header = {
            "size": state.st_size,
            "mtime_ns": state.st_mtime_ns,
            "model": model,
            "settings": SETTINGS,
        }
        self._path = path
        self.done: list[Recognised] = []
        self.complete = False
        try:
            length = self._take_up(header)
            self._file = path.open("r+b" if length else "wb")
            self._file.truncate(length)
            self._file.seek(length)
        except OSError as error:
            raise _failed(path, error) from error
        if not length:
            self._write(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        self._file.close()

    @property
    def position(self) -> float:
        """Seconds of the recording that are done."""
        return self.done[-1].position if self.done else 0.0

    def add(self, recognised: Recognised) -> None:
        """Note a stretch for good. Raises `StorageError`."""
        self._write(_row(recognised))
        self.done.append(recognised)

    def finish(self, damage: str | None) -> None:
        """Note that the whole recording is done, and where it breaks off."""
        self._write({"complete": True, "damage": damage})
        self.complete, self.damage = True, damage

    damage: str | None = None

    def _take_up(self, header: dict[str, Any]) -> int:
        """Read what is there; the bytes of it that are whole and fit."""
        try:
            lines = self._path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return 0
        rows = list(_whole_rows(lines))
        if not rows or rows[0][0] != header:
            return 0
        for row, _ in rows[1:]:
            if row.get("complete"):
                self.complete, self.damage = True, row.get("damage")
            else:
                self.done.append(_recognised(row))
        return sum(length for _, length in rows)

    def _write(self, row: dict[str, Any]) -> None:
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _failed(self._path, error) from error


def _failed(path: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"There is no room left on the disk of {path.parent}.",
            "Free some, and add the file again: what has been recognised is kept.",
        )
    return StorageError(f"{path} cannot be written: {error.strerror}.", "Mend its permissions.")


def _whole_rows(lines: list[bytes]) -> Iterator[tuple[dict[str, Any], int]]:
    """The rows before the first torn line, each with its length in bytes."""
    for line in lines:
        try:
            row = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            return
        if not isinstance(row, dict):
            return
        yield row, len(line)


def _row(recognised: Recognised) -> dict[str, Any]:
    return {
        "segments": [
            [s.text, s.start, s.end, [[w.text, w.start, w.end, w.probability] for w in s.words]]
            for s in recognised.segments
        ],
        "position": recognised.position,
        "duration": recognised.duration,
        "language": recognised.language,
        "suppressed": recognised.suppressed,
        "corrected": [[each.name, each.heard, each.at] for each in recognised.corrected],
    }


def _recognised(row: dict[str, Any]) -> Recognised:
    segments = tuple(
        Segment(text, start, end, words=tuple(Word(*word) for word in words))
        for text, start, end, words in row["segments"]
    )
    return Recognised(
        segments,
        row["position"],
        row["duration"],
        row["language"],
        tuple(row["suppressed"]),
        tuple(Correction(*each) for each in row["corrected"]),
    )

"""Recordings that grow: what is being heard lies on the disk while it is said.

    spool/live/ID.wav     16 kHz, mono, 16 bit
    spool/live/ID.jsonl   first whence it comes, then a mark a line

One process writes a recording and holds a lock on its marks, any may read along. Places
are samples from its start. A mark is {"begun": n} (speech began), {"said": [start, end]}
(a phrase is over) or {"lost": [n, samples, reason]} (silence stands there for what could
not be had). What a crash leaves is whole up to its last second, and `left` finds it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from memex.durable import private, sync
from memex.errors import DiskFull, StorageError
from memex.items import ID_LENGTH, Provenance, provenance_from_json, provenance_to_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

RATE: Final = 16_000
"""Samples a second."""
HEADER: Final = 44
"""Bytes of a WAV file before its samples."""
LONE: Final = 60.0
"""Seconds for which sound without marks is left alone: whoever removes both is at it."""
WIDTH: Final = 2
"""Bytes of a sample."""
UNKNOWN: Final = 0xFFFFFFFF
"""As a length in a WAV file: all that is there."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of speech between two pauses."""

    start: int
    """Samples from the start of the recording, the moment before the first sound included."""
    end: int


def recording_id(origin: Provenance) -> str:
    """A recording's id, and its item's in the spool: its device and its moment."""
    began = origin.started_at.isoformat() if origin.started_at else ""
    key = f"{origin.source}\0{origin.device}\0{began}"
    return hashlib.sha256(key.encode()).hexdigest()[:ID_LENGTH]


class Growing:
    """A recording as it is written. Methods raise `StorageError`; what was written before is
    on the disk then.
    """

    def __init__(self, folder: Path, origin: Provenance) -> None:
        """Begin one that starts at `origin.started_at`; `folder` is that of what grows."""
        self.id = recording_id(origin)
        self.origin = origin
        self.length = 0
        """Samples so far."""
        self.said = 0
        """Where the last phrase ended."""
        self._folder = folder
        self._wav = folder / f"{self.id}.wav"
        self._marks = folder / f"{self.id}.jsonl"
        self._lines: IO[bytes] | None = None
        self._sound: IO[bytes] | None = None
        try:
            self._begin()
        except FileExistsError as error:  # it is another's
            self._shut()
            raise StorageError(f"There is a recording {self.id} already.") from error
        except (OSError, StorageError) as error:
            with suppress(StorageError):
                self.discard()
            raise (_failed(folder, error) if isinstance(error, OSError) else error) from error

    def write(self, samples: Samples) -> None:
        """Add what came next: all of it, or where that fails nothing."""
        assert self._sound
        try:
            _append(self._sound, samples.astype("<i2", copy=False).tobytes())
        except OSError as error:
            raise _failed(self._folder, error) from error
        self.length += len(samples)

    def begun(self, at: int) -> None:
        """Speech began."""
        self._mark(begun=at)

    def phrase(self, start: int, end: int) -> None:
        """A phrase is over."""
        self.said = end
        self._mark(said=[start, end])

    def lost(self, at: int, samples: int, reason: str) -> None:
        """Silence was written there for what could not be had."""
        self._mark(lost=[at, samples, reason])

    def settle(self) -> None:
        """Have what was written on the disk for good."""
        assert self._sound
        assert self._lines
        try:
            os.fsync(self._sound.fileno())
            os.fsync(self._lines.fileno())
        except OSError as error:
            raise _failed(self._folder, error) from error

    def close(self, length: int | None = None) -> None:
        """It is over: whole, or cut to so many samples. From now on it is `left`."""
        assert self._sound
        try:
            _finish(self._sound, self.length if length is None else length)
        except OSError as error:
            raise _failed(self._folder, error) from error
        finally:
            self._shut()

    def discard(self) -> None:
        """It is not to be, or the user has removed its sound already: nothing is left of it."""
        try:
            self._wav.unlink(missing_ok=True)
            self._marks.unlink(missing_ok=True)
        except OSError as error:
            raise _failed(self._folder, error) from error
        finally:
            self._shut()

    @property
    def path(self) -> Path:
        """Its sound."""
        return self._wav

    def _begin(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._lines = open(self._marks, "xb", buffering=0, opener=private)  # noqa: SIM115 (_shut)
        fcntl.flock(self._lines, fcntl.LOCK_EX)
        self._mark(origin=provenance_to_json(self.origin))
        self._sound = open(self._wav, "xb", buffering=0, opener=private)  # noqa: SIM115 (_shut)
        _append(self._sound, header())
        self.settle()
        sync(self._folder)

    def _shut(self) -> None:
        for file in (self._sound, self._lines):
            if file:
                file.close()

    def _mark(self, **mark: object) -> None:
        assert self._lines
        try:
            _append(self._lines, json.dumps(mark, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            raise _failed(self._folder, error) from error


class Followed:
    """A recording read along while it grows, or after a crash."""

    def __init__(self, marks: Path) -> None:
        """Look at the recording of these marks. Raises `ValueError` for what is none (yet),
        `OSError` when it is gone.
        """
        self.id = marks.stem
        self.path = marks.with_suffix(".wav")
        self.phrases: list[Phrase] = []
        """Those that are over."""
        self.speaking: int | None = None
        """Where the phrase began that is being spoken."""
        self.lost: list[tuple[int, int, str]] = []
        self._marks = marks
        self._read = 0
        self.origin = Provenance()
        self.look()
        if self._read == 0:
            raise ValueError(f"{marks} says nothing yet")

    @property
    def length(self) -> int:
        """Samples that are there. Raises `OSError` when it is gone."""
        return max(0, self.path.stat().st_size - HEADER) // WIDTH

    def look(self) -> None:
        """Read the marks that are new. A line that is not whole is left for later; one that
        says nothing (a power cut) is passed over.
        """
        with self._marks.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                with suppress(ValueError, TypeError, LookupError):
                    self._take(json.loads(line))
                self._read += len(line)

    def samples(self, start: int, end: int) -> Samples:
        """A stretch, as far as it is there. Raises `OSError` when it is gone."""
        with self.path.open("rb") as file:
            file.seek(HEADER + start * WIDTH)
            data = file.read(max(0, end - start) * WIDTH)
        return np.frombuffer(data[: len(data) // WIDTH * WIDTH], dtype="<i2").astype(np.int16)

    def _take(self, mark: dict[str, Any]) -> None:
        match mark:
            case {"origin": origin}:
                self.origin = provenance_from_json(origin)
            case {"begun": at}:
                self.speaking = at
            case {"said": [start, end]}:
                self.phrases.append(Phrase(start, end))
                self.speaking = None
            case {"lost": [at, samples, reason]}:
                self.lost.append((at, samples, reason))


def growing(folder: Path) -> Iterator[Followed]:
    """The recordings that are growing, or were left; in no order."""
    if not folder.is_dir():
        return
    for marks in folder.glob("*.jsonl"):
        try:
            yield Followed(marks)
        except (ValueError, OSError):  # it begins or ends just now
            continue


def left(folder: Path) -> Iterator[Followed]:
    """The recordings that nobody writes any more: closed, or left by a crash. Each is locked
    while it is looked at. One that does not say whence it comes is said to be "recovered".
    """
    if not folder.is_dir():
        return
    for marks in sorted(folder.glob("*.jsonl")):
        with _locked(marks) as locked:
            if locked and (found := _salvaged(marks)):
                yield found
    for wav in sorted(folder.glob("*.wav")):
        marks = wav.with_suffix(".jsonl")
        if not marks.exists() and _untouched(wav):
            marks.touch(0o600)
            if found := _salvaged(marks):
                yield found


def mend(recording: Followed) -> None:
    """Close a recording that a crash left, with its length in its header. Raises
    `StorageError`.
    """
    try:
        with recording.path.open("r+b") as file:
            _finish(file, recording.length)
    except OSError as error:
        raise _failed(recording.path.parent, error) from error


def moment(origin: Provenance, at: int) -> datetime | None:
    """When a place of a recording was said."""
    return origin.started_at + timedelta(seconds=at / RATE) if origin.started_at else None


@contextmanager
def _locked(marks: Path) -> Iterator[bool]:
    """Take the lock on a recording; False where somebody has it, or the recording is gone."""
    try:
        file = marks.open("rb")
    except FileNotFoundError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield marks.exists()


def _salvaged(marks: Path) -> Followed | None:
    """A recording whose first line a power cut may have taken; None where nothing is left."""
    with suppress(ValueError):
        found = Followed(marks)
        if found.origin != Provenance():
            return found
    try:
        state = marks.with_suffix(".wav").stat()
    except FileNotFoundError:
        if _untouched(marks):
            marks.unlink(missing_ok=True)
        return None
    began = state.st_mtime - max(0, state.st_size - HEADER) / WIDTH / RATE
    when = datetime.fromtimestamp(began, UTC).astimezone()
    origin = Provenance(source="recovered", started_at=when)
    marks.write_text(json.dumps({"origin": provenance_to_json(origin)}) + "\n", encoding="utf-8")
    return Followed(marks)


def _untouched(file: Path) -> bool:
    """Whether a file is there, and nobody wrote it just now."""
    try:
        return time.time() - file.stat().st_mtime > LONE
    except FileNotFoundError:
        return False


def _append(file: IO[bytes], data: bytes) -> None:
    """Write all of it; where the disk refuses, the file is as it was. Raises `OSError`."""
    at = file.seek(0, os.SEEK_END)
    view = memoryview(data)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError:
        file.truncate(at)
        raise


def _finish(file: IO[bytes], length: int) -> None:
    """Cut the file to its length and say it in its header."""
    file.truncate(HEADER + length * WIDTH)
    file.seek(0)
    file.write(header(length))
    file.flush()
    os.fsync(file.fileno())


def header(length: int = UNKNOWN) -> bytes:
    """Of a WAV file with so many samples; one that grows is as long as its file."""
    size = UNKNOWN if length == UNKNOWN else length * WIDTH
    riff = UNKNOWN if length == UNKNOWN else size + HEADER - 8
    form = (1, 1, RATE, RATE * WIDTH, WIDTH, 8 * WIDTH)  # PCM, mono
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16, *form, b"data", size
    )


def _failed(folder: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"There is no room left on the disk of {folder}: nothing more can be heard.",
            "Make room.",
        )
    return StorageError(f"{folder} cannot be written: {error.strerror}.", "Mend its permissions.")

"""The spool: the one door by which anything enters, a directory with a file a thing.

    tmp/     being written
    new/     waiting, oldest first
    cur/     being read or heard by memex-ingest
    failed/  could not be read, with the reason

An item is a small JSON file named by what it points at (path, size and time of
change), so that asking twice for the same thing asks once. Moving between the
directories is one rename; nothing is lost by a crash between two of them.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from memex.errors import DiskFull, StorageError, UnreadableFile

State = Literal["new", "cur", "failed"]
STATES: Final[tuple[State, ...]] = ("new", "cur", "failed")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be remembered."""

    id: str
    """Names the file as it was when it was handed in."""
    path: str
    """Absolute; where the thing itself lies (a file or a folder)."""
    added_at: datetime
    explicit: bool = True
    """Named by the user; False for what was found in a folder."""
    reason: str = ""
    """Why it failed."""


class Spool:
    """The spool's directory. One process takes items, any may put them."""

    def __init__(self, directory: Path) -> None:
        """Make the directories where they are missing. Raises `StorageError`."""
        self.directory = directory
        try:
            for name in ("tmp", *STATES):
                (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _storage_error(directory, error) from error

    def put(self, path: Path, *, explicit: bool = True) -> Item:
        """Hand in a file or folder; one that waits or is being read is not put twice.

        Raises `UnreadableFile` when there is nothing at the path, `StorageError`.
        """
        path = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
        try:
            state = path.stat()
        except (OSError, ValueError) as error:
            raise UnreadableFile(
                f"{printable(path)} is not there or cannot be opened.", "Check the path."
            ) from error
        key = f"{path}\0{state.st_size}\0{state.st_mtime_ns}"
        item = Item(
            id=hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:24],
            path=str(path),
            added_at=datetime.now(UTC),
            explicit=explicit,
        )
        if not (self._file("cur", item.id).exists() or self._file("new", item.id).exists()):
            self._write("new", item)
            self._file("failed", item.id).unlink(missing_ok=True)
        return item

    def waiting(self) -> list[Item]:
        """What waits, oldest first."""
        return sorted(self.items("new"), key=lambda item: item.added_at)

    def items(self, state: State) -> Iterator[Item]:
        """The items in a state, in no order. One that is moved meanwhile is left out."""
        for file in (self.directory / state).glob("*.json"):
            try:
                fields = json.loads(file.read_text(encoding="utf-8", errors="surrogateescape"))
            except FileNotFoundError:
                continue
            yield Item(**{**fields, "added_at": datetime.fromisoformat(fields["added_at"])})

    def take(self, item: Item) -> None:
        """Move an item from `new` to `cur`."""
        self._file("new", item.id).rename(self._file("cur", item.id))

    def finish(self, item: Item) -> None:
        """An item is remembered: remove it."""
        self._file("cur", item.id).unlink(missing_ok=True)

    def fail(self, item: Item, reason: str) -> None:
        """Set an item aside, with the reason (without it where the disk is full)."""
        self._file("cur", item.id).rename(self._file("failed", item.id))
        with suppress(DiskFull):
            self._write("failed", replace(item, reason=reason))

    def recover(self) -> None:
        """Put back what was being read when its reader died. Only for the one who takes."""
        for item in list(self.items("cur")):
            self._file("cur", item.id).rename(self._file("new", item.id))

    def _file(self, state: State, id_: str) -> Path:
        return self.directory / state / f"{id_}.json"

    def _write(self, state: State, item: Item) -> None:
        """Write whole or not at all: into tmp/, to the disk, then in place."""
        fields = {**asdict(item), "added_at": item.added_at.isoformat()}
        draft = self.directory / "tmp" / f"{item.id}.{os.getpid()}"
        try:
            with draft.open("w", encoding="utf-8", errors="surrogateescape") as file:
                json.dump(fields, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._file(state, item.id))
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise _storage_error(self.directory, error) from error


def printable(path: Path | str) -> str:
    """A path as it can be shown: control characters and escape sequences made visible."""
    text = os.fsencode(path).decode(errors="replace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _storage_error(directory: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"No room is left on the disk of {directory}; nothing was taken in.",
            "Make room and try again.",
        )
    return StorageError(
        f"The spool {directory} cannot be written: {error.strerror}.",
        "Mend its permissions, or name another data directory with MEMEX_HOME.",
    )

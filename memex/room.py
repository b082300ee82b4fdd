"""Room on the disk of the data directory: so much of it stays free."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from memex.errors import DiskFull, StorageError

PART: Final = 20
"""Of a small disk at most one part in so many stays free."""
REMEDY: Final = "Make room, or lower `floor` under [intake] in config.toml"


@dataclass(frozen=True, slots=True)
class Room:
    """How much there is, in bytes."""

    free: int
    floor: int
    """What stays free: below it nothing more is taken in."""

    @property
    def shortage(self) -> str:
        """What is missing, in words; empty where nothing is."""
        if self.free >= self.floor:
            return ""
        return f"less than {size(self.floor)} are free on the disk of the data directory"


def room(home: Path, floor: int) -> Room:
    """The room where the data directory lies, or will lie; `floor` is in bytes. Raises
    `OSError`.
    """
    place = next(part for part in (home, *home.parents) if part.exists())
    disk = shutil.disk_usage(place)
    return Room(disk.free, min(floor, disk.total // PART))


def check_room(home: Path, floor: int, *, waits: bool = False) -> None:
    """Raises `DiskFull` where less than the floor is free; `waits` says whether what is to be
    taken in is kept until there is room. Raises `StorageError` where that cannot be seen.
    """
    try:
        shortage = room(home, floor).shortage
    except OSError as error:
        raise StorageError(f"{home} cannot be looked at: {error.strerror}.") from error
    if shortage:
        then = "what waits is read then" if waits else "then try again"
        raise DiskFull(f"Nothing is taken in: {shortage}.", f"{REMEDY}; {then}.")


def size(count: int) -> str:
    """Bytes as a person reads them."""
    return f"{count // 1_000_000:,} MB" if count >= 1_000_000 else f"{count // 1000:,} kB"

"""What goes wrong besides: a disk that refuses, a disk that is full, a clock set back."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from memex.errors import MemexError

SOURCE: Final = Path(__file__).with_name("faults.c")
WANTED: Final = struct.Struct("iii")
"""As in `faults.c`: failing calls in a million, seconds that the clock is off, and
how many calls have failed."""
HOUR: Final = 3600
DISK: Final = "256m"
"""Size of the disk that is filled: old versions of the index stay for ten minutes, 0.1 MB a
second of torture, for an hour more where the clock is set back."""
BLOCK: Final = 1 << 16
"""Bytes that it is filled with at a time, until only less fits."""


class CannotFault(MemexError):
    """A fault cannot be made on this machine."""


class Faults:
    """The switches of the library that is preloaded into the daemons."""

    def __init__(self, work: Path, home: Path) -> None:
        """Compile it into `work`. Raises `CannotFault`."""
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise CannotFault("There is no C compiler to make faults with.", "Install gcc.")
        self._library = work / "faults.so"
        self._switches = work / "faults"
        self._home = home
        command = [
            compiler,
            "-O1",
            "-shared",
            "-fPIC",
            "-o",
            str(self._library),
            str(SOURCE),
            "-ldl",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotFault(f"The faults cannot be compiled: {done.stderr.strip()}.")
        self._switches.write_bytes(WANTED.pack(0, 0, 0))

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process is started with to suffer them."""
        return {
            "LD_PRELOAD": str(self._library),
            "TORTURE_FAULTS": str(self._switches),
            "TORTURE_HOME": str(self._home),
        }

    def refuse(self, per_million: int) -> None:
        """So many calls in a million that change the data directory fail with EIO."""
        self._set(0, per_million)

    def set_clock(self, seconds: int) -> None:
        """The daemons see a clock that is so far off."""
        self._set(4, seconds)

    @property
    def injected(self) -> int:
        """Calls that have failed."""
        count: int = WANTED.unpack(self._switches.read_bytes())[2]
        return count

    def _set(self, at: int, value: int) -> None:
        with self._switches.open("r+b") as file:
            file.seek(at)
            file.write(struct.pack("i", value))


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A small disk in memory. Raises `CannotFault` where it cannot be mounted."""
    place.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        raise CannotFault("A small disk can only be mounted by root.", "Run this as root.")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    with (disk / "fill").open("ab", buffering=0) as file:
        for block in (bytes(BLOCK), bytes(4096)):
            with suppress(OSError):
                while True:
                    file.write(block)


def empty(disk: Path) -> None:
    """Give the room back."""
    (disk / "fill").unlink(missing_ok=True)

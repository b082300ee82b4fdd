"""Which disk a file lies on, and whether that one tells of changes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from memex.types import KnownFile

MOUNTS: Final = Path("/proc/self/mountinfo")
"""Where Linux lists what is mounted where."""
NETWORK: Final = frozenset(
    {"9p", "afs", "cifs", "drvfs", "fuse.rclone", "fuse.sshfs", "ncpfs", "nfs", "nfs4", "smb3",
     "smbfs", "vboxsf", "virtiofs"}
)  # fmt: skip
"""File systems on which others may write without this machine being told."""


def local_path(uri: str) -> Path:
    """The path of a file URI."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))


def is_network(path: Path) -> bool:
    """Whether changes below a folder may go untold (Linux; elsewhere False)."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    best = ("", "")
    for line in lines:
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4].encode().decode("unicode_escape")
        if path.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, rest.split(" ")[0])
    return best[1] in NETWORK


class Presence:
    """Whether the disks that known files lay on are there: asked once for each folder."""

    def __init__(self, root: Path) -> None:
        """`root` is the watched folder; it is there."""
        self._root = root
        self._devices: dict[Path, int | None] = {}

    def __call__(self, file: KnownFile) -> bool:
        """Whether the place of a file is on the disk it was on: then it is really gone."""
        device = self._device(local_path(file.uri).parent)
        return device is not None and (file.device is None or device == file.device)

    def _device(self, folder: Path) -> int | None:
        """The disk of the nearest folder that is there; None where it cannot be told."""
        if folder not in self._devices:
            try:
                self._devices[folder] = folder.stat().st_dev
            except (FileNotFoundError, NotADirectoryError):
                above = folder != self._root and folder != folder.parent
                self._devices[folder] = self._device(folder.parent) if above else None
            except OSError:
                self._devices[folder] = None
        return self._devices[folder]

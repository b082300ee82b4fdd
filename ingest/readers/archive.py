"""ZIP archives that were made by somebody else (EPUB, DOCX), opened with care."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ingest.readers.bounds import (
    FREE_RATIO,
    MAX_DOCUMENT,
    MAX_MEMBER,
    MAX_MEMBERS,
    MAX_RATIO,
    in_mebibytes,
    shown,
    unreadable,
)
from ingest.readers.text import one_line
from memex.errors import DamagedFile, EncryptedFile, FileTooLarge

_ENCRYPTED: Final = 0x1
"""The bit of a member's flags that says it needs a password."""

BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, KeyError
)  # fmt: skip
"""What the standard library raises for archives that are none."""


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive whose bounds have been checked; nothing is unpacked to disk.

    Raises `DamagedFile`, `EncryptedFile`, and `FileTooLarge` for a ZIP bomb.
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except BROKEN as error:
        raise _damaged(path, error) from error
    with archive:
        _check(archive, path)
        yield archive


def member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """A file of the archive. Raises `DamagedFile` where it is missing or broken,
    `FileTooLarge`.
    """
    try:
        if archive.getinfo(name).file_size > MAX_MEMBER:
            raise _bomb(path, archive.getinfo(name).file_size)
        return archive.read(name)
    except BROKEN as error:
        raise _damaged(path, error) from error
    except RuntimeError as error:  # the standard library's word for "encrypted"
        raise EncryptedFile(
            f"{shown(path)} is encrypted.", "Remove its protection first."
        ) from error


def _check(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    size = sum(item.file_size for item in members)
    packed = max(1, path.stat().st_size)
    if len(members) > MAX_MEMBERS or size > MAX_DOCUMENT:
        raise _bomb(path, size)
    if size > FREE_RATIO and size / packed > MAX_RATIO:
        raise _bomb(path, size)
    if any(item.flag_bits & _ENCRYPTED for item in members):
        raise EncryptedFile(
            f"{shown(path)} is a ZIP archive with a password.", "Unpack it and add what is inside."
        )


def _bomb(path: Path, size: int) -> FileTooLarge:
    return FileTooLarge(
        f"{shown(path)} would unpack to {in_mebibytes(size)}, far more than a document of its size "
        "has (a ZIP bomb?).",
        "If it is sound, split it into parts.",
    )


def _damaged(path: Path, error: Exception) -> DamagedFile:
    return DamagedFile(
        f"{shown(path)} is damaged or cut off ({one_line(str(error)) or 'it ends early'}).",
        "Get it again from where it came.",
    )

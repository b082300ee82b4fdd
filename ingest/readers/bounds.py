"""What protects this machine from the files it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from memex.errors import FileTooLarge, NoTextFound, UnreadableFile

MEBIBYTE: Final = 1024 * 1024

MAX_TEXT: Final = 64 * MEBIBYTE
"""Bytes of a text file: more than sixty novels."""
MAX_DOCUMENT: Final = 512 * MEBIBYTE
"""Bytes of a PDF, EPUB or DOCX, packed, and of all that an archive unpacks to."""
MAX_MEMBER: Final = 64 * MEBIBYTE
"""Bytes of one file inside an archive."""
MAX_MEMBERS: Final = 20_000
"""Files inside an archive."""
MAX_RATIO: Final = 200
"""How many times larger than itself an archive may unpack, beyond `FREE_RATIO`."""
FREE_RATIO: Final = 32 * MEBIBYTE
"""Bytes that any archive may unpack to, whatever their ratio."""
MAX_SEGMENT: Final = 8_000
"""Characters of a segment; longer ones are cut at a space."""
MAX_SEGMENTS: Final = 1_000_000
"""Segments of a document: paragraphs of a hundred long books."""
MAX_TITLE: Final = 300
"""Characters of a title, a heading or an attribute."""


def shown(path: Path) -> str:
    """A file's name as it can be printed: control characters are escaped, and
    what is no Unicode is replaced.
    """
    name = path.name or str(path)
    readable = name.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in readable)


def in_mebibytes(size: int) -> str:
    """A size in bytes, for a message."""
    return f"{size / MEBIBYTE:,.0f} MiB"


def check_size(path: Path, size: int, limit: int | None) -> None:
    """Raise `NoTextFound` for an empty file, `FileTooLarge` for one beyond `limit` bytes."""
    if size == 0:
        raise NoTextFound(f"{shown(path)} is empty (0 bytes).")
    if limit is not None and size > limit:
        raise FileTooLarge(
            f"{shown(path)} has {in_mebibytes(size)}; files of its kind are read up to "
            f"{in_mebibytes(limit)}.",
            "Split it into parts.",
        )


def unreadable(path: Path, error: OSError) -> UnreadableFile:
    """What the operating system said of a file, as the user is told."""
    if isinstance(error, FileNotFoundError):
        return UnreadableFile(
            f"{shown(path)} is not there (any more).", "Check the path, or add it again."
        )
    if isinstance(error, PermissionError):
        return UnreadableFile(
            f"{shown(path)} may not be read: permission denied.",
            "Give yourself the right to read it (chmod u+r).",
        )
    return UnreadableFile(f"{shown(path)} cannot be read: {error.strerror or error}.")


def read_bytes(path: Path, limit: int = MAX_TEXT) -> bytes:
    """A whole file. Raises `UnreadableFile`, `NoTextFound` where it is empty,
    `FileTooLarge` beyond `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
            size = len(data) if len(data) <= limit else path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    check_size(path, max(size, len(data)), limit)
    return data

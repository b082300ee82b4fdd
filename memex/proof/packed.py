"""Compressed files: gzip, bzip2, xz, zstd, LZ4, and ZIP with its members.

They are unpacked as a stream, never onto the disk, and no further than a bound.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from memex.proof.columns import Part
from memex.proof.needles import BLOCK

MAX_UNPACKED: Final = 64 << 30
"""Bytes that one file may unpack to."""
DAMAGED: Final = (EOFError, OSError, RuntimeError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)
"""What unpacking a damaged or encrypted file raises."""


class TooLarge(OSError):
    """A file unpacks to more than the bound."""


def _arrow(codec: str) -> Callable[[Path], Any]:
    return lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), codec)


OPENERS: Final[Mapping[bytes, Callable[[Path], Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x28\xb5\x2f\xfd": _arrow("zstd"),
    b"\x04\x22\x4d\x18": _arrow("lz4"),
}
"""What unpacks a file, by how it begins."""
ZIP: Final = b"PK\x03\x04"


def is_packed(start: bytes) -> bool:
    """Whether bytes are the beginning of a compressed file."""
    return start.startswith((ZIP, *OPENERS))


def packed_parts(path: Path, start: bytes) -> Iterator[Part]:
    """What a compressed file, which begins with `start`, holds. Raises one of `DAMAGED`."""
    if start.startswith(ZIP):
        with zipfile.ZipFile(path) as archive:
            for number, member in enumerate(archive.infolist(), start=1):
                yield f"name of member {number}", iter([member.filename.encode()])
                with archive.open(member) as file:
                    yield f"member {number}", _blocks(file)
        return
    opener = next(opener for magic, opener in OPENERS.items() if start.startswith(magic))
    with opener(path) as file:
        yield "unpacked", _blocks(file)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while block := file.read(BLOCK):
        size += len(block)
        if size > MAX_UNPACKED:
            raise TooLarge(f"it unpacks to more than {MAX_UNPACKED >> 30} GB")
        yield block

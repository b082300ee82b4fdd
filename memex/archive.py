"""The file of a backup: a tar, packed with gzip, that any machine can unpack.

Its first member says what it is, its last names every member with size and
SHA-256: without that one it is not whole. What is read from such a file is
trusted in nothing: not in its names, its sizes nor its kinds.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from memex.errors import DamagedFile, DiskFull, FileTooLarge, StorageError

FORMAT: Final = 1
"""Of the file; a newer one is refused."""
HEAD: Final = "memex-backup.json"
MANIFEST: Final = "manifest.json"
LEVEL: Final = 3
"""Of gzip: most of the gain at a third of the time."""
BLOCK: Final = 1 << 20
"""Bytes copied at a time."""
MAX_HEADER: Final = 1 << 20
"""Bytes that the headers of one member may take."""
MAX_MEMBERS: Final = 1_000_000
MAX_ROW: Final = 256
"""Bytes that a row of the manifest takes besides the name in it."""
SPARE: Final = 16 << 20
"""Bytes that unpacking leaves free on the disk."""
_PART: Final = r"(?!\.{1,2}(?:/|$))[^/\\\x00-\x1f\x7f]{1,255}"
_ITEM: Final = r"[^./\\*?\[\]\x00-\x1f\x7f-\x9f][^/\\*?\[\]\x00-\x1f\x7f-\x9f]{0,254}"
"""No pattern: the spool looks for the files of an item by its name."""
_NAMES: Final = re.compile(
    rf"config\.toml|(?:gaps|deaf|hushes)\.json|library\.db|spool/(?:new|failed)/{_ITEM}\.json|spool/data/{_ITEM}"
    rf"|audio(?:/{_PART}){{1,8}}"
)
"""What a backup may hold."""

Told = Callable[[int], None]
"""Is called with the bytes that were just done."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself."""

    created_at: str
    """ISO 8601, UTC."""
    memex: str
    """The version that made it."""
    schema: int
    """Of the library."""
    documents: int
    format: int = FORMAT


def belongs(name: str) -> bool:
    """Whether a backup may hold a member of this name."""
    return _NAMES.fullmatch(name) is not None and name.isprintable()


class Writer:
    """A backup that is being written."""

    def __init__(self, file: BinaryIO, head: Head) -> None:
        """Begin; the caller closes `file`."""
        self._zip = gzip.GzipFile("", "wb", LEVEL, file, mtime=0)
        self._tar = tarfile.open(fileobj=self._zip, mode="w:")  # noqa: SIM115 (as long as this)
        self._members: dict[str, tuple[int, str]] = {}
        self._put_text(HEAD, json.dumps(asdict(head)))

    def add(self, name: str, source: BinaryIO, told: Told) -> None:
        """Add an open file, as long as it is now."""
        size = os.fstat(source.fileno()).st_size
        self._put(name, _Counted(source, told), size)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add what is in memory."""
        self._put(name, _Counted(io.BytesIO(data), lambda _: None), len(data))

    def finish(self) -> int:
        """Write the manifest; the number of members before it."""
        count = len(self._members)
        rows = {name: {"size": size, "sha256": sha} for name, (size, sha) in self._members.items()}
        self._put_text(MANIFEST, json.dumps({"members": rows}, ensure_ascii=False))
        self._tar.close()
        self._zip.close()
        return count

    def _put_text(self, name: str, text: str) -> None:
        self.add_bytes(name, text.encode())

    def _put(self, name: str, source: _Counted, size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, source)  # type: ignore[arg-type]  # it only reads
        self._members[name] = (size, source.digest.hexdigest())


class _Counted:
    """A file whose bytes are hashed and told as they are read."""

    def __init__(self, source: BinaryIO, told: Told) -> None:
        self._source = source
        self._told = told
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        self._told(len(data))
        return data


class _Bounded(gzip.GzipFile):
    """What tar's headers claim to be long, or go on without end, is not read into memory."""

    left = MAX_HEADER
    """Bytes that may still be read."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= self.left:
            raise tarfile.ReadError("a header is too long")
        self.left -= size
        return super().read(size)


def _next(tar: tarfile.TarFile, data: _Bounded) -> tarfile.TarInfo | None:
    """The next member; afterwards its own bytes may be read."""
    data.left = MAX_HEADER
    member = tar.next()
    tar.members.clear()  # type: ignore[attr-defined]  # it would keep them all
    data.left = member.size if member else 0
    return member


def unpack(file: Path, place: Path, told: Told) -> Head:
    """Unpack a backup into an empty directory, and hold every member against the manifest.

    `told` gets the bytes of the file that are done. Raises `DamagedFile` for what is no
    backup, is not whole, or holds what no backup holds; `FileTooLarge`, `StorageError`.
    """
    with _troubles(file, place), file.open("rb") as raw, _Bounded(fileobj=raw, mode="rb") as data:
        tar = tarfile.open(fileobj=data, mode="r:")  # noqa: SIM115 (it holds nothing itself)
        member = _next(tar, data)
        if member is None or member.name != HEAD:
            raise tarfile.ReadError("it does not begin as a backup does")
        text = _text(tar, member, MAX_HEADER)
        head = _head(file, text)
        seen = {HEAD: (len(text), hashlib.sha256(text).hexdigest())}
        done = 0
        while (member := _next(tar, data)) is not None:
            if member.name == MANIFEST:
                limit = sum(MAX_ROW + len(json.dumps(name)) for name in seen)
                _compare(file, _text(tar, member, limit), seen)
                _end(data)
                return head
            _check(file, member, seen)
            seen[member.name] = _extract(tar, member, place)
            told(raw.tell() - done)
            done = raw.tell()
    raise DamagedFile(f"{file} breaks off: its end is missing.", "Take another backup.")


def _head(file: Path, text: bytes) -> Head:
    fields = json.loads(text)
    if isinstance(fields, dict) and fields.get("format", FORMAT) != FORMAT:
        raise DamagedFile(f"{file} is a backup of a newer Memex.", "Update Memex.")
    head = Head(**fields)
    datetime.fromisoformat(head.created_at)
    numbers = (head.schema, head.documents)
    if not isinstance(head.memex, str) or any(type(number) is not int for number in numbers):
        raise TypeError("its head is not one")
    return head


def _end(data: _Bounded) -> None:
    """Read what fills the last record: only at its end does gzip compare its checksum."""
    data.left = 2 * tarfile.RECORDSIZE
    while data.read(tarfile.BLOCKSIZE):
        pass


def _compare(file: Path, text: bytes, seen: dict[str, tuple[int, str]]) -> None:
    """Every member is there as it was written, and no other."""
    rows = json.loads(text)["members"]
    wanted = {name: (row["size"], row["sha256"]) for name, row in rows.items()}
    if wanted != seen:
        wrong = [name for name in wanted.keys() | seen.keys() if wanted.get(name) != seen.get(name)]
        raise DamagedFile(
            f"{file} is damaged: {min(wrong)!r} is not what was backed up.", "Take another backup."
        )


def _check(file: Path, member: tarfile.TarInfo, seen: dict[str, tuple[int, str]]) -> None:
    """A member is a plain file of a name that a backup has, once."""
    plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and member.sparse is None
    if not plain or not belongs(member.name) or member.name in seen:
        raise DamagedFile(
            f"{file} is not a backup that Memex made: it holds {member.name[:200]!r}.",
            "Nothing of it was put in place.",
        )
    if len(seen) > MAX_MEMBERS:
        raise FileTooLarge(f"{file} holds more than {MAX_MEMBERS:,} files.")


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> tuple[int, str]:
    """Write a member below `place`; its size and SHA-256."""
    free = shutil.disk_usage(place).free - SPARE
    if member.size > free:
        raise DiskFull(
            f"No room is left on the disk of {place}: {member.name} takes {member.size:,} bytes.",
            "Make room and try again.",
        )
    target = place / member.name
    for parent in reversed(Path(member.name).parents):
        (place / parent).mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    with open_private(target) as out:
        for block in _blocks(tar, member):
            digest.update(block)
            out.write(block)
    return member.size, digest.hexdigest()


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo, limit: int) -> bytes:
    if member.size > limit or not member.isreg():
        raise tarfile.ReadError(f"{member.name} is too long")
    return b"".join(_blocks(tar, member))


def _blocks(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    source = tar.extractfile(member)
    assert source is not None
    left = member.size
    while left:
        block = source.read(min(left, BLOCK))
        if not block:
            raise tarfile.ReadError("unexpected end of data")
        left -= len(block)
        yield block


def open_private(path: Path) -> BinaryIO:
    """Make a file that only its owner can read, and open it for writing."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


@contextmanager
def _troubles(file: Path, place: Path) -> Iterator[None]:
    """What a foreign or broken file makes its readers raise, said."""
    try:
        yield
    except (
        tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile,
        ValueError, TypeError, KeyError, AttributeError, RecursionError,
    ) as error:  # fmt: skip
        raise DamagedFile(
            f"{file} is not a backup of Memex, or not whole: {error or type(error).__name__}.",
            "Nothing of it was put in place.",
        ) from error
    except OSError as error:
        raise storage_error(place, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """What a disk refuses, said."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"No room is left on the disk of {path}.", "Make room and try again.")
    return StorageError(
        f"{error.filename or path} cannot be read or written: {error.strerror or error}.",
        "Mend its permissions, or name another place.",
    )

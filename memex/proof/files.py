"""The search: every file of a data directory, in every way in which it can be read.

A file that is no text and that none of these ways opens (sound, pictures, what is
encrypted or damaged) has its bytes searched all the same, and is listed as unread.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from memex.proof.columns import Part, arrow_parts, is_lance, lance_parts, lance_words
from memex.proof.needles import BLOCK, Needles
from memex.proof.packed import DAMAGED, is_packed, packed_parts
from memex.proof.probes import Kind, Probe
from memex.proof.report import Finding, Report, Unread
from memex.proof.tables import COMPANIONS, MAGIC, handle, table_parts, table_words
from memex.protocols import Step

ARROW: Final = b"ARROW1"
LANCE: Final = b"LANC"
"""The end of a Lance file."""
PLAIN: Final = frozenset({".manifest", ".txn", ".bin"})
"""Suffixes of Lance's files that are neither text nor compressed: what they say is in their
bytes, and numbers."""
ERRORS: Final = (*DAMAGED, ValueError, sqlite3.Error, pa.ArrowException)
"""What opening a damaged file raises."""
SAID: Final = {
    "lance": "its columns cannot be read; its bytes were searched",
    "arrow": "its columns cannot be read; its bytes were searched",
    "sqlite": "its tables cannot be read; its bytes were searched",
    "packed": "it cannot be unpacked whole; its bytes were searched",
    "nested": "something compressed lies in it; its bytes were searched",
    "other": "of no known kind (sound, a picture?); its bytes were searched",
    "link": "a link; what it points at was not searched",
    "refused": "it cannot be opened",
}


def search(home: Path, probes: Sequence[Probe]) -> Iterator[Step | Report]:
    """Search a data directory; the last item is the `Report`.

    Memory does not grow with the files. A file that goes away meanwhile is passed
    over; what is written meanwhile may be missed, so nothing should be.
    """
    search = _Search(home, Needles(probes))
    paths = [
        Path(folder, name)
        for folder, folders, files in os.walk(home)
        for name in sorted((*folders, *files))
    ]
    total = sum(_size(path) for path in paths)
    yield Step("searching", 0, total, "bytes")
    for path in paths:
        search.name(path)
        search.file(path)
        yield Step("searching", search.size, max(total, search.size), "bytes")
    yield Report(
        tuple(search.findings), tuple(search.unread), search.files, search.size, len(probes)
    )


@dataclass
class _Search:
    """What one search has come to."""

    home: Path
    needles: Needles
    findings: list[Finding] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    files: int = 0
    size: int = 0

    def name(self, path: Path) -> None:
        """Search the name of a file or folder."""
        self._note(path, "name", self.needles.count([os.fsencode(path.name)]).times)

    def file(self, path: Path) -> None:
        """Search a file in every way."""
        try:
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                target = self.needles.count([os.fsencode(path.readlink())])
                self._note(path, "target", target.times)
                self._pass_over(path, "link")
            if not stat.S_ISREG(mode):
                return
            start, is_text = self._bytes(path)
        except FileNotFoundError:
            return
        except OSError:
            self._pass_over(path, "refused")
            return
        kind = _kind(path, start, is_text=is_text)
        if kind in ("text", "plain"):
            return
        try:
            self._parts(path, kind, start)
        except FileNotFoundError:
            return
        except ERRORS:
            self._pass_over(path, kind)

    def _bytes(self, path: Path) -> tuple[bytes, bool]:
        """Search a file's bytes. Returns its beginning, and whether it is a text."""
        start = b""

        def blocks() -> Iterator[bytes]:
            nonlocal start
            at = 0
            with handle(path) as file:
                while block := os.pread(file, BLOCK, at):
                    at += len(block)
                    start = start or block[:512]
                    self.size += len(block)
                    yield block

        self.files += 1
        counted = self.needles.count(blocks())
        self._note(path, "bytes", counted.times)
        return start, counted.is_text

    def _parts(self, path: Path, kind: str, start: bytes) -> None:
        """Search what a file holds, as its kind is read."""
        if kind == "lance":
            self._each(path, lance_parts(path))
            for words in lance_words(path):
                found = sum(stem in words for stem in self.needles.stems)
                self._note(path, "full-text index", {"stem": found})
        elif kind == "arrow":
            self._each(path, arrow_parts(path))
        elif kind == "sqlite":
            self._each(path, table_parts(path))
            for where, terms in table_words(path):
                found = sum(term in self.needles.stems for term in terms)
                self._note(path, where, {"stem": found})
        elif kind == "packed":
            self._each(path, self._flat(path, packed_parts(path, start)))
        else:
            self._pass_over(path, kind)

    def _flat(self, path: Path, parts: Iterable[Part]) -> Iterator[Part]:
        """The parts of an archive; those which would have to be opened in turn are noted."""
        for where, blocks in parts:
            yield where, self._through(path, blocks)

    def _through(
        self, path: Path, blocks: Iterator[bytes | memoryview]
    ) -> Iterator[bytes | memoryview]:
        first = last = bytes(next(blocks, b""))
        yield first
        for block in blocks:
            last = bytes(block)
            yield last
        if _holds_more(first) or last.endswith(LANCE):
            self._pass_over(path, "nested")

    def _each(self, path: Path, parts: Iterable[Part]) -> None:
        for where, blocks in parts:
            self._note(path, where, self.needles.count(blocks).times)

    def _note(self, path: Path, where: str, found: dict[Kind, int]) -> None:
        name = str(path.relative_to(self.home))
        self.findings += [Finding(name, where, kind, n) for kind, n in found.items() if n]

    def _pass_over(self, path: Path, reason: str) -> None:
        unread = Unread(str(path.relative_to(self.home)), SAID[reason])
        if unread not in self.unread:
            self.unread.append(unread)


def _kind(path: Path, start: bytes, *, is_text: bool) -> str:
    """In which way a file is read; one of `SAID`, or "text" or "plain"."""
    if is_lance(path):
        return "lance"
    if start.startswith(MAGIC):
        return "sqlite"
    if start.startswith(ARROW):
        return "arrow"
    if is_packed(start):
        return "packed"
    if is_text:
        return "text"
    plain = path.suffix in PLAIN or path.name.endswith(COMPANIONS)
    return "plain" if plain else "other"


def _holds_more(start: bytes) -> bool:
    """Whether bytes begin something that would have to be opened in turn."""
    is_tar = start[257:262] == b"ustar"
    return is_tar or is_packed(start) or start.startswith((ARROW, MAGIC))


def _size(path: Path) -> int:
    try:
        state = path.lstat()
    except OSError:
        return 0
    return state.st_size if stat.S_ISREG(state.st_mode) else 0

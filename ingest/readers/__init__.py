"""Readers: a file becomes a `Document` whose segments keep their place.

A reader is a function behind a dictionary (`READERS`, by suffix). Each raises
`memex.errors.UnreadableFile` or a subclass for what it cannot read.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ingest.readers.bounds import MAX_DOCUMENT, MAX_TEXT, check_size, shown, unreadable
from ingest.readers.media import read_media
from ingest.readers.plain import read_plain
from ingest.readers.sniff import Content, sniff
from ingest.readers.subtitles import read_subtitles
from ingest.reading import Reading
from memex.errors import DamagedFile, DiskFull, EncryptedFile, UnreadableFile, UnsupportedFile
from memex.types import Document

Reader = Callable[[Path, Reading], Document]


def _when_needed(name: str) -> Reader:
    """The reader `read_NAME` of the module of that name, which is imported when there is
    something to read: its library takes memory that an idle daemon does not need.
    """

    def read_it(path: Path, reading: Reading) -> Document:
        reader: Reader = getattr(import_module(f"ingest.readers.{name}"), f"read_{name}")
        return reader(path, reading)

    return read_it


read_docx: Final = _when_needed("docx")
read_epub: Final = _when_needed("epub")
read_html: Final = _when_needed("html")
read_mail: Final = _when_needed("mail")
read_markdown: Final = _when_needed("markdown")
read_pdf: Final = _when_needed("pdf")

MEDIA_SUFFIXES: Final = (
    *(".mp3", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".opus", ".flac", ".wav", ".aiff", ".wma"),
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"),
)

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        **dict.fromkeys((".txt", ".text", ".rst", ".org"), read_plain),
        **dict.fromkeys((".md", ".markdown"), read_markdown),
        **dict.fromkeys((".html", ".htm", ".xhtml"), read_html),
        ".pdf": read_pdf,
        ".epub": read_epub,
        ".docx": read_docx,
        **dict.fromkeys((".srt", ".vtt"), read_subtitles),
        ".eml": read_mail,
        **dict.fromkeys(MEDIA_SUFFIXES, read_media),
    }
)
"""Readers by suffix, in lower case."""

_BY_CONTENT: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "pdf": read_pdf,
        "epub": read_epub,
        "docx": read_docx,
        "html": read_html,
        "vtt": read_subtitles,
        "media": read_media,
    }
)
"""Readers of content that cannot be mistaken."""

_TEXT_READERS: Final = frozenset({read_plain, read_markdown, read_html, read_subtitles, read_mail})
"""Readers of files that are text as such."""
_IS_TEXT: Final = frozenset({"text", "html", "vtt"})
"""Kinds of content that are text themselves."""


def readable(path: Path) -> bool:
    """Whether there is a reader for a file of this name."""
    return path.suffix.lower() in READERS


def read(path: Path, reading: Reading) -> Document:
    """Read a file with the reader of its suffix, or of its content where that is
    clearly something else (a PDF called .txt).

    Raises `UnreadableFile` or one of its kinds, `DiskFull`, and for recordings
    `ModelError`.
    """
    named = READERS.get(path.suffix.lower())
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise UnreadableFile(f"{shown(path)} is no file.", "Name a file, or a folder of files.")
        if named is None:
            raise _unsupported(path)
        check_size(path, state.st_size, None)
        reader = _reader(path, named, sniff(path))
        check_size(path, state.st_size, _limit(reader))
        return reader(path, reading)
    except OSError as error:
        raise _told(path, error) from error


def _reader(path: Path, named: Reader, content: Content) -> Reader:
    """The reader that fits both name and content. Raises `DamagedFile`."""
    if content.kind == "encrypted office":
        raise EncryptedFile(
            f"{shown(path)} is encrypted: it opens only with a password.",
            "Save it without a password in a word processor.",
        )
    meant = _BY_CONTENT.get(content.kind)
    if named is read_media and content.kind in _IS_TEXT:
        return named  # it tells what is wrong
    if named in {read_subtitles, read_mail} and content.kind in _IS_TEXT:
        return named  # their texts begin with anything
    if meant is not None:
        return meant
    if named is read_media or (named in _TEXT_READERS and content.kind in _IS_TEXT):
        return named
    if named in {read_epub, read_docx} and content.kind == "zip":
        return named  # it tells what is wrong
    raise DamagedFile(
        f"{shown(path)} is not what its name says: it seems to be {content.name}.",
        "If it should be sound, get it again from where it came.",
    )


def _limit(reader: Reader) -> int | None:
    """Bytes up to which a file is read; None for recordings, which are streamed."""
    if reader is read_media:
        return None
    return MAX_TEXT if reader in _TEXT_READERS else MAX_DOCUMENT


def _unsupported(path: Path) -> UnsupportedFile:
    kinds = ", ".join(suffix.removeprefix(".") for suffix in READERS)
    ending = (
        f"files ending in {shown(Path(path.suffix))}" if path.suffix else "files without an ending"
    )
    return UnsupportedFile(f"{shown(path)}: {ending} cannot be read.", f"These can: {kinds}.")


def _told(path: Path, error: OSError) -> UnreadableFile | DiskFull:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull("There is no room left on the device.", "Make room, then add it again.")
    return unreadable(path, error)

"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import codecs
import mmap
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.readers.bounds import MAX_DOCUMENT

_HEAD: Final = 4096
"""Bytes that are looked at."""

_SIGNATURES: Final[tuple[tuple[bytes, int, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", 0, "a PNG picture"),
    (b"\xff\xd8\xff", 0, "a JPEG picture"),
    (b"GIF87a", 0, "a GIF picture"),
    (b"GIF89a", 0, "a GIF picture"),
    (b"II*\x00", 0, "a TIFF picture"),
    (b"MM\x00*", 0, "a TIFF picture"),
    (b"WEBP", 8, "a WebP picture"),
    (b"ftypheic", 4, "a HEIC picture"),
    (b"ftypavif", 4, "an AVIF picture"),
    (b"AT&TFORM", 0, "a DjVu document"),
    (b"%!PS", 0, "a PostScript document"),
    (b"{\\rtf", 0, "a rich text (RTF) document"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"BZh", 0, "a bzip2 archive"),
    (b"\xfd7zXZ\x00", 0, "an xz archive"),
    (b"\x28\xb5\x2f\xfd", 0, "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive"),
    (b"Rar!\x1a\x07", 0, "a RAR archive"),
    (b"ustar", 257, "a tar archive"),
    (b"\x7fELF", 0, "a program"),
    (b"MZ\x90\x00", 0, "a Windows program"),
    (b"\xcf\xfa\xed\xfe", 0, "a program"),
    (b"SQLite format 3\x00", 0, "an SQLite database"),
    (b"BOOKMOBI", 60, "a Kindle (MOBI) book"),
)
"""(bytes, offset, what they say the file is); none of these can be read."""

_MEDIA: Final[tuple[tuple[bytes, int], ...]] = (
    (b"ID3", 0),
    (b"fLaC", 0),
    (b"OggS", 0),
    (b"WAVE", 8),
    (b"AVI ", 8),
    (b"AIFF", 8),
    (b"AIFC", 8),
    (b"ftyp", 4),
    (b"\x1aE\xdf\xa3", 0),
    (b"0&\xb2u\x8ef\xcf\x11", 0),
)
"""(bytes, offset) of sound and film."""

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")
_HTML: Final = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*(?:<!doctype\s+html|<html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_WEBVTT: Final = re.compile(rb"WEBVTT(?:[ \t\r\n]|$)")
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MAX_BINARY: Final = 0.02
"""Share of control characters up to which something is text."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file seems to be."""

    kind: str
    """"pdf", "epub", "docx", "html", "vtt", "media", "text", "encrypted office",
    "zip", "other" or "unknown"."""
    name: str
    """In words, with its article."""


_NAMES: Final[Mapping[str, str]] = {
    "pdf": "a PDF",
    "epub": "an EPUB book",
    "docx": "a Word document",
    "html": "an HTML page",
    "vtt": "WebVTT subtitles",
    "media": "a sound or film file",
    "text": "plain text",
    "encrypted office": "a Word document with a password",
    "zip": "a ZIP archive",
    "unknown": "binary data of an unknown kind",
}


def sniff(path: Path) -> Content:
    """What the file is. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    kind = _kind(head, path)
    if kind is not None:
        return Content(kind, _NAMES[kind])
    for signature, offset, name in _SIGNATURES:
        if head[offset:].startswith(signature):
            return Content("other", name)
    if any(head[offset:].startswith(signature) for signature, offset in _MEDIA):
        return Content("media", _NAMES["media"])
    if head.startswith(b"PK\x03\x04"):
        return _inside_zip(path)
    if head.startswith(_OLE):
        return Content("other", "an old Microsoft Office document (.doc, .xls, .ppt, .msg)")
    return _text(head)


def _kind(head: bytes, path: Path) -> str | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(_OLE) and _contains(path, _ENCRYPTED_PACKAGE):
        return "encrypted office"
    return None


def _contains(path: Path, needle: bytes) -> bool:
    if path.stat().st_size > MAX_DOCUMENT:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(needle) >= 0


def _inside_zip(path: Path) -> Content:
    """EPUB and DOCX are archives; what they are stands inside."""
    if path.stat().st_size > MAX_DOCUMENT:
        return Content("zip", _NAMES["zip"])
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return Content("zip", _NAMES["zip"])
    if "META-INF/container.xml" in names:
        return Content("epub", _NAMES["epub"])
    if any(name.startswith("word/") for name in names):
        return Content("docx", _NAMES["docx"])
    if any(name.startswith("xl/") for name in names):
        return Content("other", "a spreadsheet (XLSX)")
    if any(name.startswith("ppt/") for name in names):
        return Content("other", "a presentation (PPTX)")
    if "content.xml" in names and "META-INF/manifest.xml" in names:
        return Content("other", "an OpenDocument file (ODT, ODS, ODP)")
    return Content("zip", _NAMES["zip"])


def _text(head: bytes) -> Content:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return Content("text", _NAMES["text"])
    head = head.removeprefix(codecs.BOM_UTF8)
    if _HTML.match(head):
        return Content("html", _NAMES["html"])
    if _WEBVTT.match(head):
        return Content("vtt", _NAMES["vtt"])
    if len(_BINARY.findall(head)) > _MAX_BINARY * len(head):
        return Content("unknown", _NAMES["unknown"])
    return Content("text", _NAMES["text"])

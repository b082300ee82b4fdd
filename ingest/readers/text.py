"""Bytes to text that is safe to store, to index and to print."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import charset_normalizer

from ingest.readers.bounds import MAX_SEGMENT, MAX_TITLE, shown
from memex.errors import DamagedFile

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE: Final = 64 * 1024
"""Bytes from which an encoding is guessed."""
_LEGACY: Final = [
    *(f"cp{number}" for number in (*range(1250, 1259), 437, 850, 866, 874, 932, 949)),
    *("koi8_r", "koi8_u", "iso8859_2", "iso8859_5", "iso8859_7", "mac_roman"),
    *("gb18030", "big5", "euc_jp", "euc_kr", "shift_jis", "utf_16_le", "utf_16_be"),
]
"""Encodings that are met in files."""
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"}
)
"""Names that Python can decode but that no document means."""
_NOT_WESTERN: Final = frozenset(
    {"Croatian", "Czech", "Hungarian", "Polish", "Romanian", "Slovak", "Slovene", "Turkish"}
)
_SIGN_IN_WORD: Final = re.compile(r"[^\W\d_][^\w\s'’\-–—./&@+«»„“”‘…(){}\[\]:,;!?*\"<>|=][^\W\d_]")
_MAX_INVALID: Final = 0.002
"""Share of invalid sequences up to which a file is UTF-8 with a few slips."""
_MAX_CONTROL: Final = 0.02
"""Share of control characters up to which something is text."""

_ANSI: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)"  # window titles, links
    r"|\x1b[ -/]*[0-~]"
)
_LINE_END: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\ufeff\ufffe\uffff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BINARY: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def clean(text: str) -> str:
    """Text without terminal escape sequences, control characters (but line ends
    and tabs) and soft hyphens. Every kind of line end becomes a newline.
    """
    text = _LINE_END.sub("\n", _ANSI.sub("", text))
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))


def one_line(text: str) -> str:
    """Cleaned text with every run of white space made one space."""
    return " ".join(clean(text).split())


def label(text: object) -> str:
    """A title, name or attribute from a file: one line of bounded length."""
    line = one_line(str(text))
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"


def pieces(text: str, limit: int = MAX_SEGMENT) -> Iterator[str]:
    """A text in pieces of at most `limit` characters, cut at a line end or space."""
    start = 0
    while len(text) - start > limit:
        window = text[start : start + limit]
        cut = max(window.rfind("\n"), window.rfind(" "))
        cut = cut if cut > limit // 2 else limit - 1
        yield window[: cut + 1].strip()
        start += cut + 1
    yield text[start:].strip()


def decode(data: bytes, path: Path, declared: str | None = None) -> str:
    """The text of a file, not yet cleaned.

    In order: byte order mark, the encoding that the file declares, UTF-8 (with
    a few slips), the best guess of charset-normalizer, Windows-1252. Raises
    `DamagedFile` where the bytes are no text.
    """
    text = _decode(data, declared)
    sample = text[:_SAMPLE]
    if len(_BINARY.findall(sample)) > _MAX_CONTROL * len(sample):
        raise DamagedFile(
            f"{shown(path)} holds no text: it seems to be binary data.",
            "Give it the ending of what it is, or export it as text.",
        )
    return text


def _decode(data: bytes, declared: str | None) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    text = _as_declared(data, declared) if declared else None
    if text is not None:
        return text
    lenient = data.decode("utf-8", errors="replace")
    slips = lenient.count("\ufffd")
    if slips == 0:
        return lenient
    valid = sum(c > "\x7f" for c in lenient[:_SAMPLE]) - lenient[:_SAMPLE].count("\ufffd")
    if slips <= _MAX_INVALID * len(lenient) and valid > slips:
        return lenient
    return data.decode(_guessed(data[:_SAMPLE]), errors="replace")


def _guessed(sample: bytes) -> str:
    """The encoding of text that is no Unicode. Western European (Windows-1252) is
    preferred among the Latin ones, which a guess by letter statistics mixes up,
    unless it puts signs into words or the language is not a western one.
    """
    best = charset_normalizer.from_bytes(sample, cp_isolation=_LEGACY).best()
    if best is None:
        return "cp1252"
    guess = sample.decode(best.encoding, errors="replace")
    if not all("LATIN" in unicodedata.name(c, "") for c in guess if c.isalpha()):
        return best.encoding
    western = sample.decode("cp1252", errors="replace")
    if "\ufffd" in western or _SIGN_IN_WORD.search(western):
        return best.encoding
    return best.encoding if best.language in _NOT_WESTERN else "cp1252"


def _as_declared(data: bytes, name: str) -> str | None:
    """The text in the encoding of that name, if there is one and it fits. As on
    the web, Latin-1 means Windows-1252.
    """
    try:
        codec = codecs.lookup(name).name
        if codec in _NO_CHARSETS:
            return None
        return data.decode("cp1252" if codec in {"iso8859-1", "ascii"} else codec)
    except (LookupError, UnicodeError, ValueError):
        return None

"""Plain text: paragraphs with their line numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from ingest.readers.assembly import Metadata, assemble
from ingest.readers.bounds import read_bytes
from ingest.readers.text import clean, decode
from ingest.reading import Reading
from memex.types import Document, Segment

_WRAPPED: Final = 45
"""Characters of a paragraph's median line from which its line ends are no more
than the edge of the page."""
_WRAPPED_MAX: Final = 120
"""Characters of the longest line in a wrapped paragraph; longer ones are
paragraphs of their own."""
_CHUNK: Final = 1_000
"""Characters up to which short lines (verse, lists, logs) stay together."""
_ITEM: Final = re.compile(r"^\s*(?:[-*+•–]|\d{1,3}[.)]|[a-z][.)])\s+\S")


def read_plain(path: Path, reading: Reading) -> Document:
    """A text file. Raises `UnreadableFile`."""
    return assemble(path, "note", plain_segments(clean(decode(read_bytes(path), path))), Metadata())


def plain_segments(text: str, first_line: int = 1) -> Iterator[Segment]:
    """The paragraphs of a cleaned text, lines counted from `first_line`."""
    paragraph: list[str] = []
    for number, line in enumerate(text.split("\n"), first_line):
        if line.strip():
            paragraph.append(line.rstrip())
        elif paragraph:
            yield from _paragraphs(paragraph, number - len(paragraph))
            paragraph = []
    if paragraph:
        number = first_line + text.count("\n") + 1
        yield from _paragraphs(paragraph, number - len(paragraph))


def _paragraphs(lines: list[str], number: int) -> Iterator[Segment]:
    """The segments of lines that no blank line divides."""
    if max(map(len, lines)) > _WRAPPED_MAX:
        for offset, line in enumerate(lines):
            yield Segment(line.strip(), line=number + offset)
    elif len(lines) > 1 and any(map(_ITEM.match, lines)):
        yield from _items(lines, number)
    elif len(lines) > 1 and median(map(len, lines[:-1])) >= _WRAPPED:
        yield Segment(joined(lines), line=number)
    else:
        yield from _chunks(lines, number)


def _items(lines: list[str], number: int) -> Iterator[Segment]:
    """A list: an item each, with the lines that continue it."""
    starts = [n for n, line in enumerate(lines) if n == 0 or _ITEM.match(line)]
    for start, end in pairwise([*starts, len(lines)]):
        yield Segment(joined(lines[start:end]), line=number + start)


def _chunks(lines: list[str], number: int) -> Iterator[Segment]:
    """Short lines, kept as lines, together up to `_CHUNK` characters."""
    start, length = 0, 0
    for n, line in enumerate(lines):
        if length + len(line) > _CHUNK and n > start:
            yield Segment("\n".join(lines[start:n]).strip(), line=number + start)
            start, length = n, 0
        length += len(line)
    yield Segment("\n".join(lines[start:]).strip(), line=number + start)


def joined(lines: list[str]) -> str:
    """Wrapped lines as one. A line that ends in a word's hyphen takes no space."""
    text = ""
    for line in map(str.strip, lines):
        hyphen = text[-1:] == "-" and text[-2:-1].isalpha() and line[:1].isalpha()
        text += line if hyphen or not text else f" {line}"
    return " ".join(text.split())

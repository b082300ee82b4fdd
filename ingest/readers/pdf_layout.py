"""Lines of a page to paragraphs, by the place and size of their letters.

Places are in points (1/72 inch); y grows upwards, as in PDF.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, Protocol

from ingest.readers.text import one_line

_HYPHEN: Final = "\x02"
"""PDFium's mark for a hyphen that divides a word at a line's end."""
_LIGATURES: Final = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LIGATURE: Final = re.compile("[ﬀ-ﬆ]")
_BULLET: Final = re.compile(r"[•‣▪◦●■–*-]\s*\S|\(?(?:\d{1,3}|[a-z])[.)]\s+\S")
_ENDED: Final = re.compile(r"""[.!?:;…][\d"'”’»)\]]*$""")
_PAGE_NUMBER: Final = re.compile(
    r"\W*(?:page\s+)?(\d{1,5})(?:\s*(?:of|/)\s*\d{1,5})?\W*", re.IGNORECASE
)
_SOFT_BREAK: Final = re.compile(r"[^\W\d_]-$")

_MARGIN: Final = 0.12
"""Share of a page's height, at its top and bottom, where running lines stand."""
_NEIGHBOURS: Final = 2
"""Pages before and after that are searched for the same running line."""
_REPEATS: Final = 2
"""Neighbours that must have a line for it to be a running line."""
_MAX_OFFSET: Final = 40
"""Unnumbered (or roman) pages before the first numbered one."""
_SAME_PLACE: Final = 4.0
"""Points by which a running line may move from page to page."""

_SPACE: Final = 0.15
"""Gap of two letters, in their type size, from which a space is missing between them."""
_TRACKED: Final = 0.3
"""Share of wide gaps in a line from which its letters are spaced on purpose."""
_WIDE: Final = 1.35
"""Times the usual distance of lines, from which a gap divides paragraphs."""
_OTHER_SIZE: Final = 0.12
"""Relative difference of type size that divides paragraphs."""
_INDENT: Final = 0.8
"""Indentation of a paragraph's first line, in its type size."""
_SHORT: Final = 0.85
"""Share of a full line below which a finished line ends its paragraph."""


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a character, in points."""

    left: float
    bottom: float
    right: float
    top: float
    size: float
    """Of the type."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text (two, where a hyphen divides a word between them)."""

    text: str
    first: Box
    last: Box

    @property
    def middle(self) -> float:
        """Half-way up its first character."""
        return (self.first.bottom + self.first.top) / 2


@dataclass(frozen=True, slots=True)
class PageText:
    """The lines of a page."""

    number: int
    """From 1."""
    height: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together."""

    text: str
    middle: float
    """Half-way up its first line."""
    size: float
    """Of its type."""


class Places(Protocol):
    """Where the characters of a page are, by their index."""

    def box(self, index: int) -> Box:
        """The place of a character and the size of its type."""

    def edges(self, index: int) -> tuple[float, float]:
        """Left and right edge of a character, with the room that its font asks for."""


def lines(characters: str, places: Places) -> Iterator[Line]:
    """A page's characters as lines."""
    for match in re.finditer(r"[^\r\n]+", characters):
        raw = match[0]
        start = match.start() + len(raw) - len(raw.lstrip())
        end = match.start() + len(raw.rstrip())
        if start >= end:
            continue
        first = places.box(start)
        spaced = _spaced(characters[start:end], start, first.size, places)
        undivided = spaced.replace(_HYPHEN, "").replace("\ufffe", "")
        text = one_line(_LIGATURE.sub(lambda found: _LIGATURES[found[0]], undivided))
        if text:
            yield Line(text, first, places.box(end - 1))


def _spaced(raw: str, start: int, size: float, places: Places) -> str:
    """A line with the spaces that its letters' places show and its text lacks
    (some programs move on instead of printing a space).
    """
    edges = [places.edges(index) for index in range(start, start + len(raw))]
    wide = {
        n + 1
        for n, ((_, right), (left, _)) in enumerate(pairwise(edges))
        if left - right > _SPACE * size and not f"{raw[n]}{raw[n + 1]}".isspace()
        and _HYPHEN not in raw[n : n + 2]
    }  # fmt: skip
    if not wide or len(wide) > _TRACKED * len(raw):
        return raw
    return "".join(f" {c}" if n in wide else c for n, c in enumerate(raw))


def without_running_lines(pages: Iterable[PageText]) -> Iterator[PageText]:
    """Pages without headers and footers: lines near the edge that return, but for
    their numbers, on neighbouring pages (the first of each stays), and bare page
    numbers. Holds five pages at a time.
    """
    window: deque[tuple[PageText, frozenset[tuple[str, int]]]] = deque()
    kept: set[str] = set()
    done = 0
    for page in pages:
        window.append((page, frozenset(_edge_keys(page))))
        if len(window) > _NEIGHBOURS:
            yield _stripped(window, done, kept)
            done = min(done + 1, _NEIGHBOURS)
        if len(window) > 2 * _NEIGHBOURS:
            window.popleft()
    while done < len(window):
        yield _stripped(window, done, kept)
        done += 1


def _edge_keys(page: PageText) -> Iterator[tuple[str, int]]:
    for line in page.lines:
        if _at_edge(line, page):
            yield _key(line)


def _at_edge(line: Line, page: PageText) -> bool:
    return not _MARGIN * page.height < line.middle < (1 - _MARGIN) * page.height


def _key(line: Line) -> tuple[str, int]:
    """What a running line has in common from page to page: words and place."""
    return re.sub(r"\d+", "#", line.text.casefold()), round(line.middle / _SAME_PLACE)


def _stripped(
    window: Sequence[tuple[PageText, frozenset[tuple[str, int]]]], index: int, kept: set[str]
) -> PageText:
    page = window[index][0]
    others = [keys for n, (_, keys) in enumerate(window) if n != index]
    text: list[Line] = []
    for line in page.lines:
        if _is_number(line, page):
            continue
        words, place = _key(line)
        near = {(words, place + step) for step in (-1, 0, 1)}
        running = _at_edge(line, page) and sum(not near.isdisjoint(k) for k in others) >= _REPEATS
        if not running or words not in kept:
            text.append(line)
        if running:
            kept.add(words)
    return PageText(page.number, page.height, tuple(text))


def _is_number(line: Line, page: PageText) -> bool:
    """Whether a line near the edge is no more than its page's number: the last
    of the page or the first, and a number that is not too far from the count.
    """
    match = _PAGE_NUMBER.fullmatch(line.text)
    if match is None or not _at_edge(line, page):
        return False
    heights = [other.middle for other in page.lines]
    outermost = line.middle - min(heights) < _SAME_PLACE or max(heights) - line.middle < _SAME_PLACE
    return outermost and abs(int(match[1]) - page.number) <= _MAX_OFFSET


def paragraphs(page: PageText) -> list[Paragraph]:
    """The paragraphs of a page."""
    if not page.lines:
        return []
    steps = [a.last.bottom - b.first.bottom for a, b in pairwise(page.lines)]
    usual = _usual_step(steps, page.lines)
    width = max(line.last.right for line in page.lines)
    found: list[list[Line]] = [[page.lines[0]]]
    for step, (before, line) in zip(steps, pairwise(page.lines), strict=True):
        if _divides(before, line, step / usual, width):
            found.append([line])
        else:
            found[-1].append(line)
    return [_paragraph(group) for group in found]


def _usual_step(steps: Sequence[float], found: Sequence[Line]) -> float:
    """The distance of two lines of a paragraph, in points."""
    size = median(line.first.size for line in found) or 1.0
    near = [step for step in steps if 0.5 * size < step < 2.5 * size]
    return median(near) if near else 1.2 * size


def _divides(before: Line, line: Line, step: float, width: float) -> bool:
    """Whether a new paragraph begins; `step` counts in usual distances of lines."""
    if abs(step) < 0.3:
        return False
    ended = _ENDED.search(before.text) is not None
    if step < 0:  # a new column
        return ended or not line.text[0].islower()
    larger, smaller = max(before.last.size, line.first.size), min(before.last.size, line.first.size)
    if step > _WIDE or larger - smaller > _OTHER_SIZE * larger:
        return True
    short = before.last.right < _SHORT * width
    if _BULLET.match(line.text):
        return ended or short
    indent = line.first.left - before.first.left
    if indent > _INDENT * line.first.size and not _BULLET.match(before.text):
        return True
    return ended and short


def _paragraph(group: Sequence[Line]) -> Paragraph:
    text = ""
    for line in group:
        if _SOFT_BREAK.search(text) and line.text[0].islower():
            text = text[:-1] + line.text
        else:
            text += f" {line.text}" if text else line.text
    return Paragraph(text, group[0].middle, group[0].first.size)

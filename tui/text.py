"""Text of documents on the screen: nothing in it is obeyed, and its cells line up.

Terminals disagree about how wide joined emoji are, and some reorder a whole line where a
document says so. What only joins, selects a variant or steers direction is left out, so that
every terminal agrees with what is counted here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import Final

from textual.content import Content, Span

VARIANTS: Final = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400))))
"""Selectors of a variant, and skin tones."""
DIRECTIONS: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""What turns the direction of what stands behind it."""
LINE_BREAKS: Final = "\n\r\x0b\x0c\x85\u2028\u2029"


@lru_cache(maxsize=8192)
def _shown(char: str) -> str:
    """A character as it is drawn."""
    if char in VARIANTS or unicodedata.category(char) == "Cf":
        return ""
    if char.isspace():
        return " "
    return char if char.isprintable() else repr(char)[1:-1]


def shown(text: str) -> str:
    """Text on one line: control characters as Python writes them, white space as spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def typable(text: str) -> str:
    """Text for a line to type in: a space stands for each character that a terminal obeys."""
    if text.isprintable():
        return text
    return "".join(" " if _is_obeyed(char) else char for char in text)


def _is_obeyed(char: str) -> bool:
    return char in DIRECTIONS or unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}


def paragraphs(text: str) -> list[str]:
    """The lines of a text, each shown."""
    return [shown(line) for line in text.splitlines()] or [""]


def lit(text: str, marks: Iterable[tuple[int, int, str]]) -> Content:
    """Text on one line, with a style from one character up to another for each mark."""
    drawn = [_shown(char) for char in text]
    places = [0, *accumulate(map(len, drawn))]
    last = len(text)
    inside = ((min(start, last), min(end, last), style) for start, end, style in marks)
    spans = [Span(places[start], places[end], style) for start, end, style in inside if start < end]
    return Content("".join(drawn), spans)


def cut(text: str, width: int) -> str:
    """Shown text in at most so many cells, with an ellipsis where something is left out."""
    return Content(shown(text)).truncate(max(0, width), ellipsis=True).plain


def clock(seconds: float) -> str:
    """Seconds as M:SS, or H:MM:SS."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def day(time: str | None) -> str:
    """An ISO time as a local date; "" where there is none."""
    return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d}" if time else ""

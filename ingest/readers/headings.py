"""Where in a document's outline a segment stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ingest.readers.blocks import Block
from ingest.readers.text import label
from memex.types import Segment

SEPARATOR: Final = " › "
MAX_DEPTH: Final = 6
"""Levels of a path."""


def path_of(titles: Iterable[str]) -> str | None:
    """Titles, outermost first, as "Part › Chapter"; None where there are none."""
    named = [label(title) for title in titles]
    return SEPARATOR.join([title for title in named if title][:MAX_DEPTH]) or None


def folded(text: str) -> str:
    """A text's letters and digits, to compare headings by."""
    return "".join(filter(str.isalnum, text.casefold()))


@dataclass(slots=True)
class Outline:
    """The headings that are open at a place of a document."""

    base: tuple[str, ...] = ()
    """Titles above all headings: what a table of contents says."""
    _open: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, title: str) -> None:
        """Come upon a heading; those of its level and below are closed."""
        self._open = [(above, name) for above, name in self._open if above < level]
        if not (self.base and folded(self.base[-1]) == folded(title)):
            self._open.append((level, title))

    def restart(self, base: tuple[str, ...]) -> None:
        """Come upon an entry of the table of contents."""
        self.base = base
        self._open = []

    @property
    def path(self) -> str | None:
        """The open headings, outermost first, joined."""
        return path_of((*self.base, *(title for _, title in self._open)))


def segments_under(blocks: Iterable[Block]) -> Iterator[Segment]:
    """Blocks as segments that know which headings they stand under. A heading
    stands under itself.
    """
    outline = Outline()
    for block in blocks:
        if block.level:
            outline.enter(block.level, block.text)
        yield Segment(block.text, heading=outline.path)

"""The pages of a document that are here, and where their lines stand. Pure: no screen, no daemon.

Of what is not here the height is guessed, and put right when it comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from memex.types import Segment

PAGE: Final = 40
"""Segments of a page."""
MOST: Final = 24
"""Pages that are kept; of a longer document those that are farthest away go."""
GUESSED: Final = 100
"""Lines of a page that has not been seen."""

Height = Callable[["Segment", "Segment | None"], int]
"""The lines of a segment behind the one before it."""


@dataclass(slots=True)
class Page:
    """Segments in a row."""

    segments: Sequence[Segment]
    before: Segment | None
    """The one that stands before them."""
    tops: Sequence[int] = (0,)
    """The line at which each begins, counted in the page, and the one after the last."""

    def pairs(self) -> Iterator[tuple[Segment, Segment | None]]:
        """Each segment with the one before it."""
        return zip(self.segments, [self.before, *self.segments], strict=False)

    def measure(self, height: Height) -> int:
        """Find where the segments stand; how many lines they take."""
        self.tops = [0, *accumulate(height(*pair) for pair in self.pairs())]
        return self.tops[-1]


@dataclass(slots=True)
class Pages:
    """Those of one document."""

    document: str = ""
    count: int = 0
    """Segments of the whole."""
    here: dict[int, Page] = field(default_factory=dict)
    """By number, from 0."""
    tops: list[int] = field(default_factory=lambda: [0])
    """The line at which each page begins, and the one after the last."""
    _heights: list[int] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Of the whole document."""
        return self.tops[-1]

    @staticmethod
    def window(number: int) -> tuple[int, int]:
        """The positions to ask for: those of a page, and the one before it."""
        return max(0, number * PAGE - 1), (number + 1) * PAGE - 1

    def put(self, first: int, count: int, segments: list[Segment], height: Height) -> int | None:
        """Put a window in its place; its page's number, None where there is no such page."""
        if count != self.count:  # it is seen for the first time, or grows
            self.count = count
            pages = -(-count // PAGE)
            self._heights = [*self._heights, *[GUESSED] * pages][:pages]
        number = -(-first // PAGE)
        before = segments.pop(0) if first % PAGE and segments else None
        if number >= len(self._heights):
            return None
        self.here[number] = Page(segments, before)
        self._heights[number] = self.here[number].measure(height)
        self.tops = [0, *accumulate(self._heights)]
        return number

    def measure(self, height: Height) -> None:
        """Find where everything stands in another width."""
        for number, page in self.here.items():
            self._heights[number] = page.measure(height)
        self.tops = [0, *accumulate(self._heights)]

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise."""
        for page in self.here.values():
            page.segments = [_renamed(each, before, now) for each in page.segments]
            page.before = page.before and _renamed(page.before, before, now)

    def trim(self, near: int) -> None:
        """Let pages go that are far from one."""
        far = sorted(self.here, key=lambda number: abs(number - near))
        for number in far[MOST:]:
            del self.here[number]

    # By line.

    def page_at(self, line: int) -> int:
        """The number of the page that has a line."""
        return max(0, min(len(self._heights), bisect_right(self.tops, line)) - 1)

    def seen(self, top: int, height: int) -> range:
        """The pages of which something is seen, and those beside them."""
        first, last = self.page_at(top), self.page_at(top + height)
        return range(max(0, first - 1), min(len(self._heights), last + 2))

    def at(self, line: int) -> tuple[int, int] | None:
        """The segment that has a line, and which of its lines that is; None where it is not
        here.
        """
        number = self.page_at(line)
        page = self.here.get(number)
        if page is None or not 0 <= line < self.lines:
            return None
        within = line - self.tops[number]
        at = min(bisect_right(page.tops, within) - 1, len(page.segments) - 1)
        return number * PAGE + at, within - page.tops[at]

    def line_of(self, position: int) -> int:
        """The line at which a segment begins."""
        number = min(position // PAGE, len(self._heights))
        page = self.here.get(number)
        within = page.tops[min(position % PAGE, len(page.tops) - 1)] if page else 0
        return self.tops[min(number, len(self.tops) - 1)] + within

    # By position and second.

    def segment(self, position: int) -> Segment | None:
        """A segment, if it is here."""
        page = self.here.get(position // PAGE)
        at = position % PAGE
        return page.segments[at] if page and at < len(page.segments) else None

    def before(self, position: int) -> Segment | None:
        """The segment before one that is here."""
        page = self.here[position // PAGE]
        at = position % PAGE
        return page.segments[at - 1] if at else page.before

    def heard_at(self, second: float) -> int | None:
        """The segment that is heard at a second, or was heard last before it; None where that
        is not here.
        """
        for number in sorted(self.here, reverse=True):
            starts = [segment.start or 0.0 for segment in self.here[number].segments]
            if starts and starts[0] <= second:
                at = bisect_right(starts, second) - 1
                after = number * PAGE + len(starts)
                last = at == len(starts) - 1 and number + 1 not in self.here and after < self.count
                end = self.here[number].segments[at].end
                return None if last and end is not None and second > end else number * PAGE + at
        return 0 if 0 in self.here and self.here[0].segments else None

    def neighbour(self, second: float, by: int) -> float | None:
        """When the utterance begins that comes so many after the one at a second; None where
        there is none, or it is not here.
        """
        at = self.heard_at(second)
        other = None if at is None else self.segment(max(0, at + by))
        return other.start if other else None


def _renamed(segment: Segment, before: str, now: str | None) -> Segment:
    return replace(segment, speaker=now) if segment.speaker == before else segment

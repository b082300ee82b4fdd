"""A document as one reads it: its segments come by pages as they are scrolled to, so that a
talk of ten hours opens as quickly as a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui.findings import Place
from tui.layout import Look, laid_out, segment_of
from tui.messages import Read, Wanted
from tui.pages import PAGE, Pages

if TYPE_CHECKING:
    from memex.types import Segment

CACHED: Final = 20 * PAGE
"""Segments that are kept as they are drawn."""


class Reader(ScrollView, can_focus=True):
    """The view. It asks for pages with `Wanted`, and gets them by `take`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """Nothing is read yet."""
        super().__init__(id=id)
        self.pages = Pages()
        self._target = range(0)
        self._words: frozenset[str] = frozenset()
        self._heard: tuple[int, float] | None = None
        """The segment that is played, and the second."""
        self._asked: set[int] = set()
        self._goal: int | None = None
        """The segment that is to be seen, until the user scrolls."""
        self._strips: dict[int, list[Strip]] = {}

    def show(self, place: Place) -> None:
        """Show a place in its document."""
        if place.document != self.pages.document:
            self.clear()
            self.pages.document = place.document
        self._target = range(place.first, place.last + 1)
        self._words = place.words
        self._strips.clear()
        self._goal = place.first
        grew = self.pages.count > 0 and self.pages.segment(place.first) is None
        self._ask_for(place.first // PAGE, anew=grew)
        self._settle()

    def clear(self) -> None:
        """Show nothing."""
        self.pages = Pages()
        self._heard, self._goal = None, None
        self._target = range(0)
        self._asked.clear()
        self._strips.clear()
        self.virtual_size = Size(0, 0)
        self.refresh()

    def take(self, read: Read) -> None:
        """Take a page that was asked for, unless something else is read by now."""
        if read.document != self.pages.document:
            return
        number, line = self._anchor()
        segments = [segment_of(fields) for fields in read.segments]
        came = self.pages.put(read.first, read.count, segments, self._height)
        if came is not None:
            self._asked.discard(came)
        self._settle((number, line))

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise."""
        anchor = self._anchor()
        self.pages.rename(before, now)
        self._lay_out(anchor)

    def ask_again(self) -> None:
        """Ask anew for what did not come."""
        self._asked.clear()
        if self._goal is not None:
            self._ask_for(self._goal // PAGE)
        self._look_around()

    def targets(self) -> Sequence[Segment]:
        """The segments of the place that is looked at, as far as they are here."""
        found = (self.pages.segment(position) for position in self._target)
        return [segment for segment in found if segment]

    def hear(self, second: float | None) -> None:
        """Show what is played at a second, and keep it in sight; None: nothing is."""
        old = self._heard
        position = None if second is None else self.pages.heard_at(second)
        if second is not None and position is None and old:
            self._ask_for(old[0] // PAGE + 1)
        self._heard = None if second is None or position is None else (position, second)
        for each in (old, self._heard):
            if each:
                self._strips.pop(each[0], None)
        if self._heard and (old is None or old[0] != self._heard[0]):
            self._follow(self._heard[0])
        if old or self._heard:
            self.refresh()

    def _follow(self, position: int) -> None:
        """Bring what is heard into sight."""
        line, height = self.pages.line_of(position), self.scrollable_content_region.height
        if not self.scroll_offset.y <= line < self.scroll_offset.y + height - 2:
            self._goal = None
            self.scroll_to(y=max(0, line - height // 3), animate=False)

    def _anchor(self) -> tuple[int, int]:
        """The page at the top of what is seen, and the line in it."""
        number = self.pages.page_at(self.scroll_offset.y)
        return number, self.scroll_offset.y - self.pages.tops[number]

    def _height(self, segment: Segment, before: Segment | None) -> int:
        return len(laid_out(segment, before, Look(self.scrollable_content_region.width)))

    def _settle(self, anchor: tuple[int, int] | None = None) -> None:
        """Scroll to where it was meant to be, now that heights have changed."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.pages.lines)
        goal = self._goal
        if goal is not None and self.pages.segment(goal):
            third = self.scrollable_content_region.height // 3
            self.scroll_to(y=max(0, self.pages.line_of(goal) - third), animate=False, force=True)
        elif anchor and anchor[0] < len(self.pages.tops):
            self.scroll_to(y=self.pages.tops[anchor[0]] + anchor[1], animate=False, force=True)
        self._look_around()
        self.refresh()

    def _look_around(self) -> None:
        """Ask for the pages that are seen and those beside them; let others go."""
        if self.pages.count:
            for number in self.pages.seen(self.scroll_offset.y, self.size.height):
                self._ask_for(number)
            self.pages.trim(self.pages.page_at(self.scroll_offset.y))

    def _ask_for(self, number: int, *, anew: bool = False) -> None:
        beyond = self.pages.count and number * PAGE >= self.pages.count
        wanted = anew or (number not in self.pages.here and not beyond)
        if wanted and number not in self._asked:
            self._asked.add(number)
            self.post_message(Wanted(self.pages.document, *self.pages.window(number)))

    def on_resize(self) -> None:
        """Lay out anew what is here, and stay at the place."""
        self._lay_out(self._anchor())

    def _lay_out(self, anchor: tuple[int, int]) -> None:
        """Draw anew what is here."""
        self._strips.clear()
        if self.pages.count:
            self.pages.measure(self._height)
            self._settle(anchor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._look_around()

    def on_mouse_scroll_down(self) -> None:
        """Somebody scrolls: the place is no longer held."""
        self._goal = None

    def on_mouse_scroll_up(self) -> None:
        """Likewise."""
        self._goal = None

    def on_key(self) -> None:
        """Likewise."""
        self._goal = None

    def notify_style_update(self) -> None:
        """Colours have changed: draw anew."""
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """A line of what is seen."""
        found = self.pages.at(y + self.scroll_offset.y)
        if found:
            strips = self._drawn(found[0])
            if found[1] < len(strips):
                return strips[found[1]]
        return Strip.blank(self.size.width, self.visual_style.rich_style)

    def _drawn(self, position: int) -> list[Strip]:
        """The strips of a segment that is here."""
        segment = self.pages.segment(position)
        if position not in self._strips and segment:
            if len(self._strips) > CACHED:
                self._strips.clear()
            second = self._heard[1] if self._heard and self._heard[0] == position else None
            width = self.scrollable_content_region.width
            look = Look(width, position in self._target, self._words, second)
            self._strips[position] = [
                strip
                for line in laid_out(segment, self.pages.before(position), look)
                for strip in Visual.to_strips(self, line, width, 1, self.visual_style, pad=True)
            ]
        return self._strips.get(position, [])

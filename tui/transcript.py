"""What is being said, line by line: at the newest, unless the user went back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from memex.live import Caption
from tui.captions import Line, Said, laid_out, lines_of


class Transcript(ScrollView, can_focus=True):
    """The view over `tui.captions`, with a cursor for whoever went back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Play, read"),
        Binding("up,k", "move(-1)", "Back", show=False),
        Binding("down,j", "move(1)", "On", show=False),
        Binding("pageup", "turn(-1)", "A page back", show=False),
        Binding("pagedown", "turn(1)", "A page on", show=False),
        Binding("home", "to_first", "The oldest", show=False),
        Binding("end", "to_newest", "Newest", key_display="End"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"transcript--cursor"}

    class Picked(Message):
        """Where an utterance stands is to be opened."""

        def __init__(self, caption: Caption) -> None:
            """Which."""
            super().__init__()
            self.caption = caption

    class Moved(Message):
        """It is at the newest now, or no longer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """Nothing was said."""
        super().__init__(id=id)
        self.follows = True
        """Whether it stays at the newest."""
        self._said: Sequence[Said] = ()
        self._laid_out: Sequence[Said] = ()
        """What the lines are of: it is laid out while it is seen only."""
        self._at: tuple[str, ...] | None = None
        """The key of what has the cursor."""
        self._tops: list[int] = [0]
        """The line at which each begins, and the one after the last."""
        self._laid: dict[Line, list[Content]] = {}
        self._lines: list[list[Content]] = []
        self._own = False
        """Whether it is scrolled from here."""

    def show(self, said: Sequence[Said]) -> None:
        """Show these instead; whoever went back stays where they are."""
        anchor = self._anchor()
        self._said = said
        if self._at is not None and self._number is None:
            self._at = None  # it is among those that are no longer kept
        self._settle(anchor)

    @property
    def said(self) -> Said | None:
        """What has the cursor."""
        return None if self._number is None else self._said[self._number]

    @property
    def _number(self) -> int | None:
        return next((n for n, said in enumerate(self._said) if said.key == self._at), None)

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    # Where it stands.

    def _anchor(self) -> tuple[tuple[str, ...], int] | None:
        """What is at the top of what is seen, and which of its lines."""
        number = bisect_right(self._tops, self.scroll_offset.y) - 1
        if not 0 <= number < len(self._laid_out):
            return None
        return self._laid_out[number].key, self.scroll_offset.y - self._tops[number]

    def _settle(self, anchor: tuple[tuple[str, ...], int] | None) -> None:
        """Lay it out, and scroll to where it was meant to be."""
        if not self._width:
            return  # another room is seen
        lines = list(lines_of(self._said))
        self._laid_out = self._said
        self._laid = {line: self._laid.get(line) or laid_out(line, self._width) for line in lines}
        self._lines = [self._laid[line] for line in lines]
        self._tops = [0, *accumulate(map(len, self._lines))]
        self.virtual_size = Size(self._width, self._tops[-1])
        if self.follows:
            self._scroll(self._tops[-1])
        elif anchor:
            tops = {said.key: top for said, top in zip(self._said, self._tops, strict=False)}
            self._scroll(tops.get(anchor[0], 0) + anchor[1] if anchor[0] in tops else 0)
        self.refresh()

    def _scroll(self, line: int) -> None:
        self._own = True
        self.scroll_to(y=min(line, self.max_scroll_y), animate=False, force=True, immediate=True)
        self._own = False

    def on_resize(self) -> None:
        """Lay it out anew, and stay at the place."""
        anchor = self._anchor()
        self._laid.clear()
        self._settle(anchor)
        if self._number is not None:
            self._reveal(self._number)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls back stays there; at the end it goes on with what is said."""
        super().watch_scroll_y(old_value, new_value)
        if not self._own:
            self._follow(new_value >= self.max_scroll_y)

    def _follow(self, follows: bool) -> None:
        if follows != self.follows:
            self.follows = follows
            self.post_message(self.Moved())

    # Keys.

    def action_move(self, by: int) -> None:
        """Move the cursor; beyond the newest there is none."""
        number = self._number
        if number is None:
            number = len(self._said) if by < 0 else len(self._said) - 1
        self._go(number + by)

    def action_turn(self, by: int) -> None:
        """Move it by a page."""
        height = max(1, self.scrollable_content_region.height - 1)
        line = self.scroll_offset.y + by * height
        if line >= self.max_scroll_y:
            self.action_to_newest()
        else:
            self._go(max(0, bisect_right(self._tops, line) - 1), top=True)

    def action_to_first(self) -> None:
        """Move it to the oldest."""
        self._go(0)

    def action_to_newest(self) -> None:
        """Go on with what is said."""
        self._at = None
        self._follow(True)
        self._settle(None)

    def action_open(self) -> None:
        """Have it opened: what has the cursor, or the newest."""
        said = self.said or next((each for each in reversed(self._said) if each.caption), None)
        if said and said.caption:
            self.post_message(self.Picked(said.caption))

    def _go(self, number: int, *, top: bool = False) -> None:
        if not self._said or number >= len(self._said):
            self.action_to_newest()
            return
        number = max(0, number)
        self._at = self._said[number].key
        self._follow(False)
        if top:
            self._scroll(self._tops[number])
        self._reveal(number)

    def _reveal(self, number: int) -> None:
        """Bring one into sight."""
        if number + 1 >= len(self._tops):
            return  # another room is seen: it is not laid out
        first, last = self._tops[number], self._tops[number + 1]
        height = self.scrollable_content_region.height
        if first < self.scroll_offset.y:
            self._scroll(first)
        elif last > self.scroll_offset.y + height:
            self._scroll(last - height)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to what was clicked; there once more opens it."""
        number = bisect_right(self._tops, event.y + self.scroll_offset.y) - 1
        if 0 <= number < len(self._said):
            if number == self._number:
                self.action_open()
            else:
                self._go(number)

    # The picture.

    def render_line(self, y: int) -> Strip:
        """A line of what is seen."""
        at = y + self.scroll_offset.y
        number = bisect_right(self._tops, at) - 1
        if not (self._width and 0 <= number < len(self._lines)):
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        style = self.visual_style
        if self._laid_out[number].key == self._at:
            style += self.get_visual_style("transcript--cursor")
        line = self._lines[number][at - self._tops[number]].truncate(self._width, pad=True)
        return Visual.to_strips(self, line, self._width, 1, style, pad=True)[0]

"""A list of lines, as long as one likes: only those that are seen are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual


class Row(Protocol):
    """A line of a list."""

    @property
    def key(self) -> str:
        """What tells it from the others."""

    def line(self, width: int) -> Content:
        """How it looks in so many cells."""


R = TypeVar("R", bound=Row)


class Rows(ScrollView, Generic[R], can_focus=True):
    """The list, with a cursor that stays with its row when others come and go."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "turn(1)", "A page on", show=False),
        Binding("pageup", "turn(-1)", "A page back", show=False),
        Binding("home", "to(0)", "First", show=False),
        Binding("end", "to(-1)", "Last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """An empty list."""
        super().__init__(id=id)
        self.rows: Sequence[R] = ()
        self.at = 0

    @property
    def row(self) -> R | None:
        """The row that has the cursor."""
        return self.rows[self.at] if self.rows else None

    def show(self, rows: Sequence[R]) -> None:
        """Show these instead."""
        before, key = self.at, self.row.key if self.row else None
        self.rows = rows
        kept = next((at for at, row in enumerate(rows) if row.key == key), None)
        self.at = kept if kept is not None else min(self.at, max(0, len(rows) - 1))
        self.virtual_size = Size(self.scrollable_content_region.width, len(rows))
        if self.at != before:
            self._settle()  # else somebody may have scrolled, and is left there
        self.refresh()

    def begin(self) -> None:
        """Go to the first row."""
        self.action_to(0)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._go(self.at + by)

    def action_turn(self, by: int) -> None:
        """Move it by a page."""
        self._go(self.at + by * max(1, self.scrollable_content_region.height - 1))

    def action_to(self, at: int) -> None:
        """Move it to a row; -1 is the last."""
        self._go(at if at >= 0 else len(self.rows) - 1)

    def picked(self) -> None:
        """The row with the cursor was clicked, which has it already."""

    def moved(self) -> None:
        """Another row has the cursor."""

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to what was clicked; there once more picks it."""
        at = event.y + self.scroll_offset.y
        if at >= len(self.rows):
            return
        if at == self.at:
            self.picked()
        else:
            self._go(at)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.rows))
        self._settle()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line of what is seen."""
        at = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not width or at >= len(self.rows):
            return Strip.blank(width, self.visual_style.rich_style)
        style = self.visual_style
        if at == self.at:
            style += self.get_visual_style("rows--cursor")
        line = self.rows[at].line(width).truncate(width, pad=True)
        return Visual.to_strips(self, line, width, 1, style, pad=True)[0]

    def _go(self, at: int) -> None:
        at = max(0, min(len(self.rows) - 1, at))
        if self.rows and at != self.at:
            self.at = at
            self._settle()
            self.moved()

    def _settle(self) -> None:
        self.scroll_to_region(Region(0, self.at, 1, 1), animate=False, force=True)
        self.refresh()

"""Chips: words of the query that narrow it, picked from a row under it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.messages import Narrowed
from tui.text import cut

CHIP: Final = re.compile(
    r"(?<!\S)(?:since:\d{4}-\d{2} before:\d{4}-\d{2}(?!\S)"  # a month: the two go together
    r"|(?:from|in|kind|since|until|before|after):(?:\"[^\"]+\"|“[^”]+”|[^\s\"“]+))",
    re.IGNORECASE,
)
LONGEST: Final = 28
"""Cells of a chip's words."""


def picked(query: str) -> list[str]:
    """The chips that a query has."""
    return [found[0] for found in CHIP.finditer(query)]


def toggled(query: str, words: str) -> str:
    """The query with a chip, or without it where it has it."""
    if words in picked(query):
        kept = re.sub(rf"(?<!\S){re.escape(words)}(?!\S)", " ", query, count=1)
        return " ".join(kept.split())
    return f"{query.strip()} {words}".strip()


@dataclass(frozen=True, slots=True)
class _Drawn:
    words: str
    start: int
    """The cell at which it begins in the row."""
    end: int


class Chips(Widget, can_focus=True):
    """The row: what the query has is filled, what can be added has its count."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Chip", show=False),
        Binding("right", "move(1)", "Chip", show=False),
        Binding("enter,space", "pick", "Pick"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"chips--on", "chips--off", "chips--cursor"}

    at: reactive[int] = reactive(0)
    """Which chip has the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """An empty row."""
        super().__init__(id=id)
        self._chips: list[tuple[str, int | None]] = []
        self._drawn: list[_Drawn] = []

    def show(self, query: str, offered: Sequence[tuple[str, int]]) -> None:
        """Show the chips of a query, and those that narrow it."""
        on = picked(query)
        others = [(words, count) for words, count in offered if words not in on]
        chips = [*((words, None) for words in on), *others]
        if chips != self._chips:
            self._chips = chips
            self.at = min(self.at, max(0, len(chips) - 1))
            self.refresh()

    def render(self) -> Content:
        """The chips that fit, from the left; those before the cursor give way."""
        drawn = [self._draw(at) for at in range(len(self._chips))]
        first = 0
        while first < self.at and _cells(drawn[first : self.at + 1]) > self.size.width:
            first += 1
        self._drawn, cell = [], 0
        for (words, _), chip in zip(self._chips[first:], drawn[first:], strict=True):
            self._drawn.append(_Drawn(words, cell, cell + chip.cell_length))
            cell += chip.cell_length + 1
        fitting = [each for each in self._drawn if each.end <= self.size.width]
        self._drawn = fitting or self._drawn[:1]
        return Content(" ").join(drawn[first : first + len(self._drawn)])

    def _draw(self, at: int) -> Content:
        words, count = self._chips[at]
        name = "chips--on" if count is None else "chips--off"
        style = self.get_visual_style(name)
        if self.has_focus and at == self.at:
            style = self.get_visual_style(name, "chips--cursor")
        label = cut(words, LONGEST)
        said = f" {label} ✕ " if count is None else f" {label} {count} "
        return Content.styled(said, style)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.at = max(0, min(len(self._chips) - 1, self.at + by))

    def action_pick(self) -> None:
        """Pick the chip that has the cursor."""
        if self._chips:
            self.post_message(Narrowed(self._chips[self.at][0]))

    def on_click(self, event: events.Click) -> None:
        """Pick the chip that was clicked."""
        for chip in self._drawn:
            if chip.start <= event.x < chip.end:
                self.post_message(Narrowed(chip.words))

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()


def _cells(chips: Sequence[Content]) -> int:
    """Of a row of these, with what parts them."""
    return sum(chip.cell_length + 1 for chip in chips) - 1

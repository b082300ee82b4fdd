"""The first line: where one is, and how Memex is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.ears import SIGNS, STYLES, Ears
from tui.messages import Linked
from tui.text import cut

TABS: Final = {"search": "Search", "ask": "Ask", "library": "Library", "live": "Live"}
"""The rooms, in order, from F2 on."""
QUIET: Final = "$foreground 55%"
BETWEEN: Final = " · "
LIGHTS: Final = {"here": "$success", "starting": "$warning", "busy": "$warning", "gone": "$error"}


class Masthead(Widget):
    """Tabs at the left, state at the right."""

    tab: reactive[str] = reactive("search")

    class Turned(Message):
        """Another tab was clicked."""

        def __init__(self, tab: str) -> None:
            """`tab` is one of `TABS`."""
            super().__init__()
            self.tab = tab

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._linked = Linked("starting")
        self._status: Mapping[str, Any] = {}
        self._ears: Ears | None = None
        self._ends: list[tuple[int, str]] = []

    def link(self, linked: Linked) -> None:
        """Show how the daemon is."""
        self._linked = linked
        self.refresh()

    def tell(self, status: Mapping[str, Any]) -> None:
        """Show what it says of itself."""
        self._status = status
        self.refresh()

    def sense(self, ears: Ears) -> None:
        """Show how the ears are."""
        self._ears = ears
        self.refresh()

    def render(self) -> Content:
        """One line."""
        left = Content.styled(" memex ", "bold $text-primary")
        self._ends = []
        for key, (name, title) in enumerate(TABS.items(), 2):
            style = "bold $text on $primary 35%" if name == self.tab else "$foreground 55%"
            left = left + Content.styled(f" {title} ", style)
            if self.size.width >= 60:
                left = left + Content.styled(f"F{key} ", "$foreground 35%")
            self._ends.append((left.cell_length, name))
        right = self._state(self.size.width - left.cell_length - 2)
        gap = " " * max(1, self.size.width - left.cell_length - right.cell_length - 1)
        return left + Content(gap) + right

    def _state(self, room: int) -> Content:
        """How the ears are, which is always in sight; then how Memex is, the most important first,
        as far as there is room.
        """
        here = self._linked.link == "here"
        parts = [*self._working(), self._count()] if here else [self._linked.why]
        light = Content.styled("●", LIGHTS[self._linked.link])
        room -= light.cell_length + 1
        ears = self._hearing(room - _cells(parts))
        while here and parts and ears.cell_length + _cells(parts) > room:
            parts.pop()
        between = BETWEEN if ears and parts else ""
        rest = cut(BETWEEN.join(parts), room - ears.cell_length - len(between))
        return ears + Content.styled(f"{between}{rest} ", QUIET if here else "") + light

    def _hearing(self, room: int) -> Content:
        """Whether anything is heard, and why not where there is room for it."""
        if self._ears is None:
            return Content("")
        state = self._ears.state
        said = self._ears.said if len(self._ears.said) + 2 <= room else state
        return Content.styled(f"{SIGNS[state]} {said}", STYLES[state])

    def _count(self) -> str:
        count = sum((self._status.get("documents") or {}).values())
        return f"{count:,} document{'' if count == 1 else 's'}"

    def _working(self) -> list[str]:
        """What failed and what waits."""
        queue = self._status.get("queue") or {}
        waiting = queue.get("waiting", 0) + queue.get("working", 0)
        failed = len(self._status.get("failed") or ())
        said = [f"{waiting} to read"] if waiting else []
        return [f"{failed} failed", *said] if failed else said

    def on_click(self, event: events.Click) -> None:
        """Turn to the tab that was clicked."""
        for end, name in self._ends:
            if event.x < end:
                self.post_message(self.Turned(name))
                return


def _cells(parts: list[str]) -> int:
    """Of these behind something else."""
    return sum(cell_len(part) + len(BETWEEN) for part in parts)

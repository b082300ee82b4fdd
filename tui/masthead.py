"""The first line: where one is, and how Memex is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.messages import Linked

TABS: Final = {"search": "Search", "ask": "Ask", "library": "Library"}
"""The rooms, in order."""
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
        self._ends: list[tuple[int, str]] = []

    def link(self, linked: Linked) -> None:
        """Show how the daemon is."""
        self._linked = linked
        self.refresh()

    def tell(self, status: Mapping[str, Any]) -> None:
        """Show what it says of itself."""
        self._status = status
        self.refresh()

    def render(self) -> Content:
        """One line."""
        left = Content.styled(" memex ", "bold $text-primary")
        self._ends = []
        for key, (name, title) in zip(("F2", "F3", "F4"), TABS.items(), strict=True):
            style = "bold $text on $primary 35%" if name == self.tab else "$foreground 55%"
            left = left + Content.styled(f" {title} ", style)
            if self.size.width >= 60:
                left = left + Content.styled(f"{key} ", "$foreground 35%")
            self._ends.append((left.cell_length, name))
        right = self._state(self.size.width - left.cell_length - 2)
        gap = " " * max(1, self.size.width - left.cell_length - right.cell_length - 1)
        return left + Content(gap) + right

    def _state(self, room: int) -> Content:
        """How Memex is: the most important first, as far as there is room."""
        light = Content.styled("●", LIGHTS[self._linked.link])
        if self._linked.link != "here":
            return (Content(self._linked.why + " ").truncate(room - 1, ellipsis=True)) + light
        parts = [*self._hearing(), *self._working(), self._count()]
        while len(parts) > 1 and sum(map(len, parts)) + 3 * len(parts) > room:
            parts.pop()
        return Content.styled(" · ".join(parts) + " ", "$foreground 55%") + light

    def _count(self) -> str:
        count = sum((self._status.get("documents") or {}).values())
        return f"{count:,} document{'' if count == 1 else 's'}"

    def _hearing(self) -> list[str]:
        """Whether the microphone is open."""
        status = self._status
        if status.get("private"):
            return ["private"]
        if status.get("paused"):
            return ["paused"]
        ears = status.get("ears") or {}
        return [ears["state"]] if ears.get("state") in {"listening", "silent", "lost"} else []

    def _working(self) -> list[str]:
        """What waits and what failed."""
        queue = self._status.get("queue") or {}
        waiting = queue.get("waiting", 0) + queue.get("working", 0)
        failed = len(self._status.get("failed") or ())
        said = [f"{waiting} to read"] if waiting else []
        return [*said, f"{failed} failed"] if failed else said

    def on_click(self, event: events.Click) -> None:
        """Turn to the tab that was clicked."""
        for end, name in self._ends:
            if event.x < end:
                self.post_message(self.Turned(name))
                return

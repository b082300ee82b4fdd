"""The player's line under what is read: where it is, how fast, how to go on."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import clock


class Transport(Widget):
    """Seen while something is played or paused."""

    position: reactive[float] = reactive(0.0)
    """The second that is heard."""
    length: reactive[float | None] = reactive(None)
    """Seconds of the recording, where that is known."""
    speed: reactive[float] = reactive(1.0)
    paused: reactive[bool] = reactive(False)

    def show(self, position: float, speed: float, *, paused: bool) -> None:
        """Show how the player is."""
        self.display = True
        self.position, self.speed, self.paused = position, speed, paused

    def render(self) -> Content:
        """One line."""
        sign = Content.styled("⏸ " if self.paused else "▶ ", "bold $text-success")
        time = clock(self.position) + (f" / {clock(self.length)}" if self.length else "")
        speed = Content.styled(f"  {self.speed:g}×  ", "$foreground 55%")
        said = Content.assemble(sign, time, speed)
        room = self.size.width - said.cell_length
        if not self.length or room < 8:
            return said
        full = round(min(1.0, self.position / self.length) * (room - 1))
        return Content.assemble(
            said, ("━" * full, "$success"), ("╸", "$success"),
            ("─" * (room - 1 - full), "$foreground 20%"),
        )  # fmt: skip

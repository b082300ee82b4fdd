"""Asking whether something is meant that cannot be taken back."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Sure(ModalScreen[bool]):
    """What would happen, over everything else: y does it, Esc does not. Enter does nothing, for
    it is what one may have pressed once too often, nor does a y that was typed before this stood
    there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "dismiss(False)", "Leave it", key_display="Esc"),
    ]

    _since = 0.0
    """When it was asked, by the clock of events."""

    def __init__(self, title: str, said: Content, doing: str) -> None:
        """A title, what would happen, and a verb for it."""
        super().__init__()
        self._title = title
        self._said = said
        self._doing = doing

    def compose(self) -> ComposeResult:
        """A frame: what can be scrolled, and the question below it."""
        with Vertical(id="sure") as frame:
            frame.border_title = Content(self._title)
            frame.border_subtitle = Content(f"y {self._doing} · Esc leaves it")
            with VerticalScroll(id="said"):
                yield Static(self._said, markup=False)

    def on_mount(self, event: events.Mount) -> None:
        """It is asked from now on."""
        self._since = event.time

    def on_key(self, event: events.Key) -> None:
        """Do it."""
        if event.key == "y" and event.time > self._since:
            event.stop()
            self.dismiss(True)

"""Asking whether something is meant that cannot be taken back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Sure(ModalScreen[bool]):
    """What would happen, over everything else: y does it, Esc does not. Enter does nothing, for
    it is what one may have pressed once too often.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Do it"),
        Binding("escape,n,q", "dismiss(False)", "Leave it", key_display="Esc"),
    ]

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

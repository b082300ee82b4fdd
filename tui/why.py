"""Why an answer is as it is, over everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.text import paragraphs, shown


class Sheet(ModalScreen[None]):
    """Something to be read, over everything else; Esc closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,w,question_mark", "dismiss", "Close", key_display="Esc"),
    ]

    def __init__(self, title: str, said: Content) -> None:
        """What it says."""
        super().__init__()
        self._title = title
        self._said = said

    def compose(self) -> ComposeResult:
        """A frame with text that can be scrolled."""
        with VerticalScroll(id="sheet") as frame:
            frame.border_title = Content(self._title)
            frame.border_subtitle = Content("Esc closes")
            yield Static(self._said, markup=False)


class Why(Sheet):
    """The trace of an answer."""

    def __init__(self, question: str, reasons: Sequence[tuple[str, str]]) -> None:
        """Headings and texts."""
        parts = [
            Content.styled(shown(heading), "bold $text-primary")
            + Content("\n" + "\n".join(paragraphs(text)))
            for heading, text in reasons
        ]
        super().__init__(f"Why: {shown(question)[:60]}", Content("\n\n").join(parts))

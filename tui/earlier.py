"""Earlier queries, to be picked by what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.text import shown


class Earlier(ModalScreen[str | None]):
    """A list that what is typed narrows: words in any order."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("down,ctrl+r", "move(1)", "Next", show=False, priority=True),
        Binding("up", "move(-1)", "Before", show=False, priority=True),
    ]

    def __init__(self, queries: Sequence[str], typed: str) -> None:
        """The newest first."""
        super().__init__()
        self._queries = queries
        self._typed = typed
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """What is typed, and the list."""
        with Vertical(id="earlier") as frame:
            frame.border_title = Content("Earlier")
            frame.border_subtitle = Content("what was forgotten is not here")
            yield Input(self._typed, placeholder="words of it", compact=True, select_on_focus=False)
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show all that fit."""
        self._narrow(self._typed)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self._narrow(event.value)

    def on_input_submitted(self) -> None:
        """Take the one that has the cursor."""
        at = self.query_one(OptionList).highlighted
        self.dismiss(self._shown[at] if at is not None else None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the one that was clicked."""
        self.dismiss(self._shown[event.option_index])

    def action_move(self, by: int) -> None:
        """Move the cursor in the list, while typing goes on."""
        list_ = self.query_one(OptionList)
        if list_.option_count:
            list_.highlighted = ((list_.highlighted or 0) + by) % list_.option_count

    def action_leave(self) -> None:
        """Take none."""
        self.dismiss(None)

    def _narrow(self, typed: str) -> None:
        words = typed.casefold().split()
        self._shown = [
            query for query in self._queries if all(word in query.casefold() for word in words)
        ]
        list_ = self.query_one(OptionList)
        list_.set_options(Option(Content(shown(query))) for query in self._shown)
        list_.highlighted = 0 if self._shown else None

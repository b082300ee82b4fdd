"""Saved queries and earlier ones, to be picked by what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.prompt import Field
from tui.text import shown

STAR: Final = "★"
"""Of a query that is saved."""


class Earlier(ModalScreen[str | None]):
    """A list that what is typed narrows: words in any order. Saved ones come first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("down,ctrl+r", "move(1)", "Next", show=False, priority=True),
        Binding("up", "move(-1)", "Before", show=False, priority=True),
        Binding("ctrl+s", "save", "Save", show=False, priority=True),
    ]

    def __init__(
        self, queries: Sequence[str], saved: Sequence[str], typed: str, keep: Callable[[str], None]
    ) -> None:
        """The newest first. `keep` saves one, or saves it no longer; what there is then is
        told by `fill`.
        """
        super().__init__()
        self._queries = queries
        self._saved = saved
        self._typed = typed
        self._keep = keep
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """What is typed, and the list."""
        with Vertical(id="earlier") as frame:
            frame.border_title = Content("Saved and earlier")
            frame.border_subtitle = Content("Ctrl+S saves, or no longer")
            yield Field(self._typed, placeholder="words of it", compact=True, select_on_focus=False)
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show all that fit."""
        self._narrow(self._typed)

    def fill(self, queries: Sequence[str], saved: Sequence[str]) -> None:
        """There are others now; the cursor stays with its query."""
        looked_at = self._picked()
        self._queries, self._saved = queries, saved
        self._narrow(self.query_one(Input).value)
        if looked_at in self._shown:
            self.query_one(OptionList).highlighted = self._shown.index(looked_at)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self._narrow(event.value)

    def on_input_submitted(self) -> None:
        """Take the one that has the cursor."""
        self.dismiss(self._picked())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the one that was clicked."""
        self.dismiss(self._shown[event.option_index])

    def action_move(self, by: int) -> None:
        """Move the cursor in the list, while typing goes on."""
        list_ = self.query_one(OptionList)
        if list_.option_count:
            list_.highlighted = ((list_.highlighted or 0) + by) % list_.option_count

    def action_save(self) -> None:
        """Save the one that has the cursor, or save it no longer."""
        if query := self._picked():
            self._keep(query)

    def action_leave(self) -> None:
        """Take none."""
        self.dismiss(None)

    def _picked(self) -> str | None:
        at = self.query_one(OptionList).highlighted
        return None if at is None else self._shown[at]

    def _narrow(self, typed: str) -> None:
        words = typed.casefold().split()
        self._shown = [
            query
            for query in dict.fromkeys((*self._saved, *self._queries))
            if all(word in query.casefold() for word in words)
        ]
        list_ = self.query_one(OptionList)
        list_.set_options(Option(self._line(query)) for query in self._shown)
        list_.highlighted = 0 if self._shown else None

    def _line(self, query: str) -> Content:
        mark = f"{STAR} " if query in self._saved else "  "
        return Content.assemble((mark, "$text-accent"), shown(query))

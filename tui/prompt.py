"""Lines to type in."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.text import typable


class Field(Input):
    """A line. What stands in it is drawn as it is: so nothing gets into it that a terminal would
    obey, whether it is pasted or comes from a query of another program.
    """

    def validate_value(self, value: str) -> str:
        """Text alone."""
        return typable(value)


class Prompt(Field):
    """That of the search. Down goes into the hits, up to earlier queries."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Search", show=False),
        Binding("down", "below", "Hits"),
        Binding("up", "earlier", "Earlier"),
        Binding("ctrl+r", "history", "History"),
        Binding("ctrl+s", "save", "Save"),
    ]

    class Walked(Message):
        """Up or down was pressed: 1 is to earlier queries."""

        def __init__(self, by: int) -> None:
            """`by` is 1 or -1."""
            super().__init__()
            self.by = by

    class Sought(Message):
        """Saved queries and earlier ones are to be shown."""

    class Kept(Message):
        """What stands there is to be saved."""

    def action_save(self) -> None:
        """Ctrl+S."""
        self.post_message(self.Kept())

    def action_history(self) -> None:
        """Ctrl+R."""
        self.post_message(self.Sought())

    def action_below(self) -> None:
        """Down."""
        self.post_message(self.Walked(-1))

    def action_earlier(self) -> None:
        """Up."""
        self.post_message(self.Walked(1))

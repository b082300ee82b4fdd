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
    """That of the search, where it is said that a query can be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save")]

    class Kept(Message):
        """What stands there is to be saved."""

    def action_save(self) -> None:
        """Say so."""
        self.post_message(self.Kept())

"""A list as Textual draws it by itself, which tells how many pictures a second it can draw at most:
`python -m evals.bench.bare LINES`.
"""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList


class Bare(App[None]):
    """A list, and nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", priority=True)]

    def __init__(self, lines: int) -> None:
        """Of so many lines."""
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """The list."""
        yield OptionList(*(f"Line {n} of the list" for n in range(self._lines)))


if __name__ == "__main__":
    Bare(int(sys.argv[1])).run()

"""What a memory offers in which there is nothing yet: samples, a folder, the microphone; and
the models that it needs.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

import memex
from memex.errors import DaemonUnavailable, MemexError
from tui.link import Line
from tui.memory import Memory
from tui.messages import Modelled, Refused, Taken
from tui.prompt import Field
from tui.text import shown
from tui.threads import beside, tell

SAMPLES: Final = Path(memex.__file__).with_name("samples")
CHOICES: Final = {
    "samples": ("Look at the samples", "a podcast, a book, minutes, notes"),
    "folder": ("Read a folder or file of yours", "books, articles, notes, mail, recordings"),
    "microphone": ("Listen to the microphone", "from now on; `memex private on` closes it"),
}
ROLES: Final = {"speech": "hears", "embedding": "compares", "reader": "answers"}
SAID: Final = {"present": ("✓", "$text-success"), "missing": ("✗", "$text-error")}


class Choices(OptionList):
    """What can be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Choose")]


class Welcome(Vertical):
    """The offer."""

    def __init__(self, line: Line, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """What is chosen goes through `line`."""
        super().__init__(id=id)
        self._line = line

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Static(_greeting(), markup=False)
        yield Choices(*(Option(_choice(*CHOICES[id_]), id=id_) for id_ in CHOICES))
        yield Field(placeholder="~/Documents", id="path")
        yield Static(id="taken", markup=False)
        yield Static(id="models", markup=False)

    def begin(self, *, focus: bool) -> None:
        """Show it, with the models; with `focus`, where its room is seen."""
        if focus:
            self.query_one(OptionList).focus()
        beside(self, lambda: tell(self, Modelled(self._line.models())), "models")

    def on_modelled(self, message: Modelled) -> None:
        """Show which models are here, and how to get the others."""
        message.stop()
        lines = [Content.styled("The models that it needs", "bold")]
        for role, name, status in message.models:
            sign, style = SAID.get(status, ("·", ""))
            said = f" {ROLES[role]:<10}{shown(name)}"
            lines.append(Content.assemble((f"  {sign}", style), said))
        if any(status == "missing" for *_, status in message.models):
            lines.append(Content("  Fetch what is missing: `memex models pull`, once, 290 MB."))
        self.query_one("#models", Static).update(Content("\n").join(lines))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do what was chosen."""
        event.stop()
        path = self.query_one("#path", Input)
        path.display = event.option_id == "folder"
        if event.option_id == "samples":
            self._add(SAMPLES)
        elif event.option_id == "folder":
            path.focus()
        else:
            beside(self, self._listen, "listen")

    def on_input_changed(self, event: Input.Changed) -> None:
        """It is a path, no query."""
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Read what was named."""
        event.stop()
        if event.value.strip():
            self._add(Path(event.value.strip()).expanduser().absolute())

    def on_taken(self, message: Taken) -> None:
        """Show how far it is."""
        message.stop()
        self.query_one("#taken", Static).update(message.said)

    def _add(self, path: Path) -> None:
        self.post_message(Taken("Reading …"))
        beside(self, lambda: self._read(path), "add")

    def _read(self, path: Path) -> None:
        """In a thread."""
        try:
            self._line.use(lambda memory: self._follow(memory, path))
        except DaemonUnavailable:
            tell(self, Taken("memexd went away; what was taken is kept, and read later."))
        except MemexError as error:
            tell(self, Taken(""))
            tell(self, Refused(error))
        else:
            self._line.watch()  # now there is something to search

    def _follow(self, memory: Memory, path: Path) -> None:
        added = memory.add([path])
        for error in added.errors:
            raise error
        states: dict[str, str] = {}
        for event in memory.follow(added):
            if event:
                states[event.item] = event.state
                told = ", ".join(
                    f"{count} {state}" for state, count in Counter(states.values()).items()
                )
                tell(self, Taken(f"{told}: {shown(Path(event.path).name)} {event.stage}".rstrip()))

    def _listen(self) -> None:
        """In a thread."""
        try:
            self._line.listen()
        except MemexError as error:
            tell(self, Refused(error))
        else:
            tell(self, Taken("Memex listens. What is said can be found seconds later."))


def _greeting() -> Content:
    return Content.assemble(
        ("Nothing is remembered yet.\n\n", "bold $text-primary"),
        "Memex finds what you once read, heard or said, and plays the second of it. "
        "All of it stays on this machine.",
    )


def _choice(title: str, said: str) -> Content:
    return Content.assemble((f" {title:<32}", "bold"), (said, "$foreground 55%"))

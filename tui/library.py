"""The room of what there is: documents, people, podcasts, watched folders, gaps."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, ClassVar, Final, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input, Static

from tui.documents import Documents
from tui.findings import Place
from tui.folders import Folders
from tui.gaps import Gaps
from tui.link import Line
from tui.messages import Chosen, Linked, Opened
from tui.naming import People
from tui.podcasts import Podcasts
from tui.prompt import Field
from tui.rows import Rows
from tui.section import QUIET, Findable, Section, Tallied

TITLES: Final = {
    "documents": "Documents",
    "people": "People",
    "podcasts": "Podcasts",
    "folders": "Folders",
    "gaps": "Gaps",
}
"""The parts, in order."""
HINT: Final = "F4 on "
CRAMPED: Final = 16
"""Lines of the room below which only its list is shown."""


class Parts(Widget):
    """The parts, in a line: what there is of each, red where something is the matter."""

    class Turned(Message):
        """Another part was clicked."""

        def __init__(self, part: str) -> None:
            """Which of `TITLES`."""
            super().__init__()
            self.part = part

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._part = next(iter(TITLES))
        self._badges: Mapping[str, tuple[str, bool]] = {}
        self._ends: list[tuple[int, str]] = []

    def show(self, part: str, badges: Mapping[str, tuple[str, bool]]) -> None:
        """Which one is seen, and what is to be said of each."""
        if (part, badges) != (self._part, self._badges):
            self._part, self._badges = part, badges
            self.refresh()

    def render(self) -> Content:
        """One line: what there is of each where there is room for it; where there is none, those
        before the part that is seen give way.
        """
        width = self.size.width
        drawn = {part: self._draw(part, badge=True) for part in TITLES}
        if _cells(drawn) > width:
            drawn = {part: self._draw(part, badge=False) for part in TITLES}
        while _cells(drawn) > width and next(iter(drawn)) != self._part:
            del drawn[next(iter(drawn))]
        line = Content("")
        self._ends = []
        for part, tab in drawn.items():
            line += tab
            self._ends.append((line.cell_length, part))
        gap = width - line.cell_length - len(HINT)
        return line + Content(" " * gap) + Content.styled(HINT, QUIET) if gap > 0 else line

    def _draw(self, part: str, *, badge: bool) -> Content:
        """A tab; where its badge is left out, a trouble is a cross."""
        said, trouble = self._badges.get(part, ("", False))
        style = "bold $text on $primary 35%" if part == self._part else QUIET
        mark = (said if badge else "") or ("✗" if trouble else "")
        return Content.assemble(
            (f" {TITLES[part]}", style),
            (f" {mark}" if mark else "", "$text-error" if trouble else style),
            (" ", style),
        )

    def on_click(self, event: events.Click) -> None:
        """Turn to the part that was clicked."""
        for end, part in self._ends:
            if event.x < end:
                self.post_message(self.Turned(part))
                return


class Library(Vertical):
    """The room: a part of it is seen, and a line that narrows its list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "list", "List", priority=True),
    ]

    def __init__(self, line: Line, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """All of it comes and goes through `line`, in threads."""
        super().__init__(id=id)
        self.place: Place | None = None
        """What was opened last, or is looked at."""
        self._line = line
        self._part = next(iter(TITLES))
        self._held = ""

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Parts()
        with Horizontal(id="libline"):
            yield Static("❯", id="libsign")
            yield Field(
                placeholder=Documents.ASKS, id="filter", compact=True, select_on_focus=False
            )
            yield Static(id="held", markup=False)
        with ContentSwitcher(id="parts", initial=self._part):
            yield Documents(self._line, id="documents")
            yield People(self._line, id="people")
            yield Podcasts(self._line, id="podcasts")
            yield Folders(self._line, id="folders")
            yield Gaps(self._line, id="gaps")

    @property
    def prompt(self) -> Field:
        """The line that narrows the list."""
        return self.query_one("#filter", Field)

    @property
    def part(self) -> Section[Findable]:
        """The part that is seen."""
        return self._named(self._part)

    @property
    def shelf(self) -> Rows[Findable]:
        """The list that is seen."""
        return self.part.listing

    def on_resize(self, event: events.Resize) -> None:
        """Where there is little room, the list has it."""
        self.set_class(event.size.height < CRAMPED, "-cramped")

    # Parts.

    def enter(self) -> None:
        """The room is seen: have the lists as they are now."""
        for part in TITLES:
            self._named(part).enter()

    def turn(self, part: str) -> None:
        """To another part, with its keys at hand."""
        self._part = part
        self.query_one("#parts", ContentSwitcher).current = part
        self.prompt.placeholder = self.part.ASKS
        self.prompt.value = ""
        self.part.narrow("")
        self.part.enter()
        self._tally()
        self.screen.set_focus(self.prompt if part == "documents" else self.shelf)

    def turn_on(self) -> None:
        """To the next part; behind the last comes the first."""
        parts = [*TITLES]
        self.turn(parts[(parts.index(self._part) + 1) % len(parts)])

    def on_parts_turned(self, message: Parts.Turned) -> None:
        """A part was clicked."""
        message.stop()
        self.turn(message.part)

    def _named(self, part: str) -> Section[Findable]:
        return cast("Section[Findable]", self.query_one(f"#{part}"))

    # What is told.

    def link(self, message: Linked) -> None:
        """Say how the daemon is; when it is back, the lists are asked for anew."""
        for part in TITLES:
            self._named(part).link(message)
            if message.link == "here" and self.display:
                self._named(part).renew()

    def tell(self, status: Mapping[str, Any]) -> None:
        """Say what memexd says of itself; where something came or went, list it anew."""
        for part in TITLES:
            self._named(part).tell(status)
            if self.display:
                self._named(part).keep_up()
        self._tally()

    def on_tallied(self, message: Tallied) -> None:
        """Say how many there are."""
        message.stop()
        self._tally()

    def _tally(self) -> None:
        badges = {part: self._named(part).badge() for part in TITLES}
        self.query_one(Parts).show(self._part, badges)
        count = self.part.count()
        if count != self._held:
            self._held = count
            self.query_one("#held", Static).update(Content.styled(count, QUIET))

    # Typing.

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        event.stop()
        self.part.narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Into the list."""
        event.stop()
        self.action_list()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is of the line."""
        return action != "list" or (self.is_mounted and self.screen.focused is self.prompt)

    def action_list(self) -> None:
        """Into the list."""
        self.screen.set_focus(self.shelf)

    # What is open.

    def on_chosen(self, message: Chosen) -> None:
        """Remember it. (The message goes on to the screen.)"""
        self.place = message.place

    def on_opened(self, message: Opened) -> None:
        """Likewise."""
        self.place = message.place

    def forget(self, documents: Set[str]) -> None:
        """Keep nothing of what was forgotten."""
        self.query_one(Documents).forget(documents)
        if self.place and self.place.document in documents:
            self.place = None

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise."""
        if self.place:
            self.place = self.place.renamed(before, now)
        people = self.query_one(People)
        if people.seen:
            people.renew()


def _cells(drawn: Mapping[str, Content]) -> int:
    """Of all tabs."""
    return sum(tab.cell_length for tab in drawn.values())

"""The room of what there is: the documents, what could not be read, how Memex is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from memex.errors import DaemonUnavailable, MemexError
from tui.findings import Place
from tui.holdings import Failure, Holding, failures, holdings, narrowed
from tui.link import Line
from tui.memory import Memory
from tui.messages import Chosen, Forgot, Linked, Listed, Opened, Refused, Weighed
from tui.rows import Rows
from tui.state import State
from tui.sure import Sure
from tui.text import cut, day, shown
from tui.threads import Newest, beside, tell
from tui.why import Sheet

if TYPE_CHECKING:
    from memex.wire import Json

CALM: Final = 0.15
"""Seconds that the cursor rests before a document is looked at."""
EVERY: Final = 10.0
"""Seconds at least between two looks at the catalogue while documents arrive."""
CRAMPED: Final = 16
"""Lines of the room below which only its documents are shown."""
FAILURES: Final = 5
"""Lines of what could not be read."""
UNSURE: Final = (
    "`memex up` finishes what was begun. What is in the list then was not: forget it again."
)


class Filter(Input):
    """The line that narrows the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "List", show=False),
        Binding("down", "submit", "List"),
    ]


class Shelf(Rows[Holding]):
    """The documents."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Play, read"),
        Binding("f", "forget", "Forget"),
    ]

    class Moved(Message):
        """The cursor is at another document."""

    class Doomed(Message):
        """A document is to be forgotten."""

        def __init__(self, holding: Holding) -> None:
            """Which."""
            super().__init__()
            self.holding = holding

    def moved(self) -> None:
        """Say so."""
        self.post_message(self.Moved())

    def picked(self) -> None:
        """Open it."""
        self.action_open()

    def action_open(self) -> None:
        """Have the document played, or read."""
        if self.row:
            self.post_message(Opened(self.row.place))

    def action_forget(self) -> None:
        """Have it forgotten."""
        if self.row:
            self.post_message(self.Doomed(self.row))


class Failures(Rows[Failure]):
    """What could not be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "tell", "Why"),
        Binding("r", "want('retry')", "Retry"),
        Binding("R", "want('all')", "Retry all", show=False),
        Binding("d", "want('drop')", "Drop"),
    ]

    class Wanted(Message):
        """Something is to be done with one: "retry" or "drop"; or with "all"."""

        def __init__(self, failure: Failure, what: str) -> None:
            """What, and with which."""
            super().__init__()
            self.failure = failure
            self.what = what

    def picked(self) -> None:
        """Tell why."""
        self.action_tell()

    def action_tell(self) -> None:
        """Show all that is known of it."""
        if self.row:
            self.app.push_screen(Sheet("Not read", self.row.told()))

    def action_want(self, what: str) -> None:
        """Have something done."""
        if self.row:
            self.post_message(self.Wanted(self.row, what))


class Done(Message):
    """Something that was asked for is done."""

    def __init__(self, said: str) -> None:
        """What to say of it."""
        super().__init__()
        self.said = said


class Library(Vertical):
    """The room."""

    def __init__(self, line: Line, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """All of it comes and goes through `line`, in threads."""
        super().__init__(id=id)
        self.place: Place | None = None
        """The document that was opened last, or is looked at."""
        self._line = line
        self._all: Sequence[Holding] | None = None
        self._linked = Linked("starting")
        self._status: Mapping[str, Any] = {}
        self._listed: tuple[object, float] = (None, 0.0)
        """What the status said when the catalogue was asked for, and when that was."""
        self._rest: Timer | None = None
        self._newest: Newest[None] = Newest(self._list, lambda run: beside(self, run, "list"))

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        with Horizontal(id="libline"):
            yield Static("❯", id="libsign")
            yield Filter(
                placeholder="Words of a title, a kind, a date",
                id="filter",
                compact=True,
                select_on_focus=False,
            )
            yield Static(id="held", markup=False)
        yield Shelf(id="shelf")
        yield Static(id="failed-title", markup=False)
        yield Failures(id="failures")
        with VerticalScroll(id="state"):
            yield Static(id="state-lines", markup=False)

    @property
    def prompt(self) -> Input:
        """The line to type in."""
        return self.query_one(Filter)

    @property
    def shelf(self) -> Shelf:
        """The documents."""
        return self.query_one(Shelf)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._show_state()

    def on_resize(self, event: Resize) -> None:
        """Where there is little room, the documents have it."""
        self.set_class(event.size.height < CRAMPED, "-cramped")

    # What there is.

    def enter(self) -> None:
        """The room is seen: have the list as it is now."""
        self._refresh()
        self._look()

    def link(self, message: Linked) -> None:
        """Show how the daemon is; when it is back, the list is asked for anew."""
        self._linked = message
        self._show_state()
        if message.link == "here" and self.display:
            self._refresh()

    def tell(self, status: Mapping[str, Any]) -> None:
        """Show what it says of itself; where documents came or went, they are listed anew."""
        self._status = status
        self._show_state()
        mark, at = self._listed
        if self.display and mark != self._mark() and time.monotonic() - at >= EVERY:
            self._refresh()

    def _mark(self) -> object:
        """What changes when documents come or go."""
        return self._status.get("documents"), self._status.get("last")

    def _refresh(self) -> None:
        self._listed = self._mark(), time.monotonic()
        self._newest.want(None)

    def _list(self, _: None) -> None:
        """In a thread."""
        try:
            tell(self, Listed(self._line.use(holdings)))
        except DaemonUnavailable:
            return  # the link says so, and it is asked again when it is back
        except MemexError as error:
            tell(self, Refused(error))

    def on_listed(self, message: Listed) -> None:
        """Show the list."""
        message.stop()
        self._all = message.holdings
        self._narrow()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        event.stop()
        self._narrow()
        self.shelf.begin()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Into the list."""
        event.stop()
        if self.shelf.rows:
            self.shelf.focus()

    def _narrow(self) -> None:
        if self._all is None:
            return
        before = self.shelf.row
        rows = narrowed(self._all, self.prompt.value)
        self.shelf.show(rows)
        held = f"{len(self._all):,}"
        self._say(f"{len(rows):,} of {held}" if len(rows) < len(self._all) else held)
        if self.shelf.row and (before is None or before.key != self.shelf.row.key):
            self.on_shelf_moved()

    def _say(self, said: str) -> None:
        """At the end of the line."""
        self.query_one("#held", Static).update(Content.styled(said, "$foreground 55%"))

    def on_shelf_moved(self, message: Shelf.Moved | None = None) -> None:
        """Look at a document, once the cursor rests."""
        if message:
            message.stop()
        if self._rest:
            self._rest.stop()
        self._rest = self.set_timer(CALM, self._look)

    def _look(self) -> None:
        holding = self.shelf.row
        if holding and self.display and self.screen.has_class("-wide"):
            self.place = holding.place
            self.post_message(Chosen(self.place))

    def on_opened(self, message: Opened) -> None:
        """Remember it. (The message goes on to the screen.)"""
        self.place = message.place

    # How it is.

    def _show_state(self) -> None:
        failed = self.query_one(Failures)
        rows = failures(self._status)
        failed.show(rows)
        failed.styles.height = min(FAILURES, len(rows))
        self.set_class(bool(rows), "-failed")
        if failed.has_focus and not rows:
            self.shelf.focus()
        count = Content.styled(f" {len(rows):,} could not be read", "bold $text-error")
        hint = Content.styled("  Tab leads there", "$foreground 55%")
        self.query_one("#failed-title", Static).update(count + hint)
        self.query_one("#state-lines", Static).update(self._state())

    def _state(self) -> Content | State:
        """How Memex is; where memexd is gone, that, for nothing else is known then."""
        if self._linked.link != "here":
            return Content.styled(
                f" {shown(self._linked.why) or 'Reaching memexd …'}", "$text-error"
            )
        return State(self._status, datetime.now(UTC)) if self._status else Content("")

    # What failed.

    def on_failures_wanted(self, message: Failures.Wanted) -> None:
        """Let it be read again; or give it up, when that is meant."""
        message.stop()
        failure = message.failure
        if message.what == "drop":
            said = Content("\n").join(
                [
                    failure.told(),
                    Content(""),
                    Content(
                        "A file of yours stays where it is. Of a recording that Memex made or "
                        "fetched itself the sound is gone then."
                    ),
                ]
            )

            def meant(yes: bool | None) -> None:
                if yes:
                    self._do(lambda memory: memory.drop(failure.key), "Given up.")

            self.app.push_screen(Sure("Give it up?", said, "gives it up"), meant)
        else:
            name = "all" if message.what == "all" else failure.key
            self._do(lambda memory: memory.retry(name), "It is read again, when its turn comes.")

    def _do(self, work: Callable[[Memory], object], done: str) -> None:
        def run() -> None:
            try:
                self._line.use(work)
            except MemexError as error:
                tell(self, Refused(error))
            else:
                self._line.watch()
                tell(self, Done(done))

        beside(self, run, "failed")

    def on_done(self, message: Done) -> None:
        """Say so."""
        message.stop()
        self.notify(message.said, timeout=3)

    # Forgetting.

    def on_shelf_doomed(self, message: Shelf.Doomed) -> None:
        """Ask what would go."""
        message.stop()
        document = message.holding.key

        def work() -> None:
            try:
                found = self._line.use(lambda memory: memory.selected(_selection(document)))
            except MemexError as error:
                tell(self, Refused(error))
            else:
                tell(self, Weighed(document, found))

        beside(self, work, "weigh")

    def on_weighed(self, message: Weighed) -> None:
        """Show it, and forget when that is meant."""
        message.stop()

        def meant(yes: bool | None) -> None:
            if yes:
                self._say("Forgetting …")
                beside(self, lambda: self._forget(message), "forget")

        self.app.push_screen(Sure("Forget for good?", preview(message.found), "forgets"), meant)

    def _forget(self, weighed: Weighed) -> None:
        """In a thread."""
        ids = [row["id"] for row in weighed.found["documents"]]

        def work(memory: Memory) -> None:
            steps = memory.forgetting(ids, heard=_selection(weighed.document))
            if "forgotten" not in [step["type"] for step in steps]:
                raise DaemonUnavailable("memexd went away in the middle of this.")

        try:
            self._line.use(work)
        except DaemonUnavailable as error:
            tell(self, Refused(DaemonUnavailable(error.message, UNSURE)))
        except MemexError as error:
            tell(self, Refused(error))
        else:
            tell(self, Forgot(frozenset(ids)))
            self._line.watch()

    def on_forgot(self, message: Forgot) -> None:
        """List it no longer. (The message goes on to the screen.)"""
        if self.place and self.place.document in message.documents:
            self.place = None
        self._all = [each for each in self._all or () if each.key not in message.documents]
        self._narrow()
        self._refresh()


def _selection(document: str) -> Json:
    """One document, as `memex forget ID` has it."""
    nothing = dict.fromkeys(("source", "since", "until", "matching"))
    return {"documents": [document], **nothing}


def preview(found: Mapping[str, Any]) -> Content:
    """What would go, and what would not."""
    rows, echoes = found["documents"], found["echoes"]
    lines = [Content(f"{len(rows)} versions of it go together.\n")] if len(rows) > 1 else []
    for row in rows:
        copies = f", {row['copies']} copies" if row["copies"] > 1 else ""
        facts = f"{row['kind']} {day(row['created_at'])}, {row['segments']:,} segments{copies}"
        lines += [
            Content.styled(cut(row["title"], 100), "bold"),
            Content.styled(f"  {facts}", "$foreground 55%"),
            Content.styled(f"  {shown(row['uri'])}", "$foreground 55%"),
        ]
    if echoes:
        lines.append(Content(f"and {echoes:,} links to what was overheard"))
    told = (
        "Its text, its place in the index, kept sound, what was searched and found in it: all of "
        "that goes. The file itself, which is yours, stays where it is, and is not read again as "
        "it is. Backups and exports are out of Memex's reach."
    )
    return Content("\n").join([*lines, Content(""), Content(told)])

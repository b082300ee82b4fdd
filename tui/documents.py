"""The documents of the library: what could not be read, how Memex is, forgetting."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import UTC, datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from memex.errors import MemexError
from tui.forgetting import forgotten, preview, weighed
from tui.holdings import Failure, Holding, failures, holdings
from tui.messages import Chosen, Forgot, Opened, Refused, Weighed
from tui.rows import Rows
from tui.section import Listing, Section
from tui.state import State
from tui.sure import Sure
from tui.threads import beside, tell
from tui.why import Sheet

CALM: Final = 0.15
"""Seconds that the cursor rests before a document is looked at."""
FAILURES: Final = 5
"""Lines of what could not be read."""
STRAYED: Final = "Nothing is forgotten: you went on before it could be asked. f asks again."


class Shelf(Listing[Holding]):
    """The documents."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Play, read"),
        Binding("f", "forget", "Forget"),
    ]

    class Doomed(Message):
        """A document is to be forgotten."""

        def __init__(self, holding: Holding) -> None:
            """Which."""
            super().__init__()
            self.holding = holding

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


class Documents(Section[Holding]):
    """The documents; below them what failed, and the state."""

    ASKS = "Words of a title, a kind, a date"

    _rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Shelf(id="shelf")
        yield Static(id="failed-title", markup=False)
        yield Failures(id="failures")
        with VerticalScroll(id="state"):
            yield Static(id="state-lines", markup=False)

    @property
    def listing(self) -> Shelf:
        """The documents."""
        return self.query_one(Shelf)

    def fetched(self) -> Sequence[Holding]:
        """All of them, in a thread."""
        return self._line.use(holdings, starts=False)

    def badge(self) -> tuple[str, bool]:
        """What failed is said in the first line of every room."""
        return super().badge()[0], bool(self.status.get("failed"))

    def enter(self) -> None:
        """Look at the one that has the cursor, too."""
        super().enter()
        self._look()

    def settled(self) -> None:
        """Look at a document, once the cursor rests."""
        if self._rest:
            self._rest.stop()
        self._rest = self.set_timer(CALM, self._look)

    def _look(self) -> None:
        if self.row and self.seen and self.screen.has_class("-wide"):
            self.post_message(Chosen(self.row.place))

    # How it is.

    def redraw(self) -> None:
        """Of the document at the cursor nothing is said here: the desk shows it."""

    def told(self) -> None:
        """Show what failed, and the state."""
        failed = self.query_one(Failures)
        rows = failures(self.status)
        failed.show(rows)
        failed.styles.height = min(FAILURES, len(rows))
        self.set_class(bool(rows), "-failed")
        if failed.has_focus and not rows:
            self.listing.focus()
        count = Content.styled(f" {len(rows):,} could not be read", "bold $text-error")
        hint = Content.styled("  Tab leads there", "$foreground 55%")
        self.query_one("#failed-title", Static).update(count + hint)
        self.query_one("#state-lines", Static).update(self._state())

    def known(self) -> Content:
        """The state, where it is none of lines."""
        return self.away() or Content("")

    def _state(self) -> Content | State:
        """How Memex is; where memexd is gone, that, for nothing else is known then."""
        if self.linked.link != "here" or not self.status:
            return self.known()
        return State(self.status, datetime.now(UTC))

    # What failed.

    def on_failures_wanted(self, message: Failures.Wanted) -> None:
        """Let it be read again; or give it up, when that is meant."""
        message.stop()
        failure = message.failure
        if message.what != "drop":
            name = "all" if message.what == "all" else failure.key
            self.do(lambda: self._retried(name), "failed")
            return
        warning = (
            "A file of yours stays where it is. Of a recording that Memex made or fetched itself "
            "the sound is gone then."
        )
        said = Content("\n").join([failure.told(), Content(""), Content(warning)])

        def meant(yes: bool | None) -> None:
            if yes:
                self.do(lambda: self._dropped(failure.key), "failed")

        self.app.push_screen(Sure("Give it up?", said, "gives it up"), meant)

    def _retried(self, name: str) -> str:
        self._line.use(lambda memory: memory.retry(name))
        return "It is read again, when its turn comes."

    def _dropped(self, name: str) -> str:
        self._line.use(lambda memory: memory.drop(name))
        return "Given up."

    # Forgetting.

    def on_shelf_doomed(self, message: Shelf.Doomed) -> None:
        """Ask what would go."""
        message.stop()
        document = message.holding.key

        def work() -> None:
            try:
                found = weighed(self._line, document)
            except MemexError as error:
                tell(self, Refused(error))
            else:
                tell(self, found)

        beside(self, work, "weigh")

    def on_weighed(self, message: Weighed) -> None:
        """Show it, and forget when that is meant; unless somebody went on meanwhile: a key that is
        meant for something else would be the answer.
        """
        message.stop()
        if not self._stays_at(message.document):
            self.notify(STRAYED, severity="warning", markup=False)
            return

        def meant(yes: bool | None) -> None:
            if yes:
                self.notify("Forgetting …", timeout=3)
                beside(self, lambda: self._forget(message), "forget")

        self.app.push_screen(Sure("Forget for good?", preview(message.found), "forgets"), meant)

    def _stays_at(self, document: str) -> bool:
        """Whether keys go to the list, and the cursor is at a document of it."""
        at_list = self.screen.is_active and self.screen.focused is self.listing
        return at_list and self.row is not None and self.row.key == document

    def _forget(self, found: Weighed) -> None:
        """In a thread."""
        try:
            gone = forgotten(self._line, found)
        except MemexError as error:
            tell(self, Refused(error))
        else:
            tell(self, Forgot(gone))
            self._line.watch()

    def forget(self, documents: Set[str]) -> None:
        """List what is no more no longer."""
        self.show([each for each in self._all or () if each.key not in documents])
        if self.seen:
            self.renew()

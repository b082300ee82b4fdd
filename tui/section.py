"""A part of the library: a list of one kind of thing, and what is known of its row."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from memex.errors import DaemonUnavailable, MemexError
from tui.holdings import Worded, narrowed
from tui.link import Line
from tui.messages import Linked, Listed, Refused
from tui.rows import Row, Rows
from tui.text import shown
from tui.threads import Newest, beside, tell

EVERY: Final = 10.0
"""Seconds at least between two looks at a list while things come and go."""
QUIET: Final = "$foreground 55%"


def local(time: str) -> str:
    """An ISO time as a local one, to the minute."""
    return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d %H:%M}"


class Findable(Row, Worded, Protocol):
    """A row that typing finds."""


E = TypeVar("E", bound=Findable)


class Listing(Rows[E]):
    """The list."""

    class Moved(Message):
        """The cursor is at another row."""

    class Picked(Message):
        """The row that has the cursor was clicked."""

    def moved(self) -> None:
        """Say so."""
        self.post_message(self.Moved())

    def picked(self) -> None:
        """Say so."""
        self.post_message(self.Picked())


class Tallied(Message):
    """There are more, or fewer; or others are shown."""


class Done(Message):
    """Something that was asked for is done."""

    def __init__(self, said: str, key: str = "") -> None:
        """What to say of it, and the row to go to, where there is a new one."""
        super().__init__()
        self.said = said
        self.key = key


class Section(Vertical, Generic[E]):
    """The part. Its keys are those of its list; what needs a row is not offered without one."""

    ASKS: ClassVar[str] = ""
    """What can be typed to narrow the list."""
    OF_ROW: ClassVar[frozenset[str]] = frozenset()
    """Actions that need a row."""

    def __init__(self, line: Line, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """All of it comes and goes through `line`, in threads."""
        super().__init__(id=id)
        self.linked = Linked("starting")
        self.status: Mapping[str, Any] = {}
        self._line = line
        self._all: Sequence[E] | None = None
        self._typed = ""
        self._listed: tuple[object, float] = (None, 0.0)
        """What the status said when the list was asked for, and when that was."""
        self._had_row = False
        self._goal = ""
        """The key of a row that is to have the cursor once it comes."""
        self._newest: Newest[None] = Newest(self._fetch, lambda run: beside(self, run, "list"))

    def compose(self) -> ComposeResult:
        """The list, and what is known of its row."""
        yield Listing[E]()
        with VerticalScroll(classes="known"):
            yield Static(markup=False)

    @property
    def listing(self) -> Rows[E]:
        """The list."""
        return self.query_one(Listing)

    @property
    def row(self) -> E | None:
        """What has the cursor."""
        return self.listing.row

    @property
    def seen(self) -> bool:
        """Whether it is on the screen, rather than another part, or another room."""
        return all(node.display for node in self.ancestors_with_self)

    # What a part is.

    @abstractmethod
    def fetched(self) -> Sequence[E]:
        """The rows, in a thread. Raises `MemexError`."""

    @abstractmethod
    def known(self) -> Content:
        """What is known of the row; where there is none, how there can be one."""

    def badge(self) -> tuple[str, bool]:
        """What the tab says of it besides its name, and whether that is a trouble."""
        return f"{len(self._all):,}" if self._all else "", False

    def mark(self) -> object:
        """What of the status changes when rows come or go."""
        return self.status.get("documents"), self.status.get("last")

    def told(self) -> None:
        """The status, or the link, is another."""
        self.redraw()

    def settled(self) -> None:
        """The list is another, or the cursor is elsewhere in it."""

    # What it does with that.

    def enter(self) -> None:
        """It is seen: have the list as it is now."""
        self.redraw()
        self.renew()

    def link(self, message: Linked) -> None:
        """The daemon came, or went."""
        self.linked = message
        self.told()

    def tell(self, status: Mapping[str, Any]) -> None:
        """What memexd says of itself."""
        self.status = status
        self.told()

    def keep_up(self) -> None:
        """Where rows came or went, list them anew."""
        mark, at = self._listed
        if mark != self.mark() and time.monotonic() - at >= EVERY:
            self.renew()

    def renew(self) -> None:
        """Have the list anew."""
        self._listed = self.mark(), time.monotonic()
        self._newest.want(None)

    def _fetch(self, _: None) -> None:
        """In a thread."""
        try:
            tell(self, Listed(self.fetched()))
        except DaemonUnavailable:
            return  # the link says so, and it is asked again when it is back
        except MemexError as error:
            tell(self, Refused(error))

    def on_listed(self, message: Listed) -> None:
        """Show the list."""
        message.stop()
        self.show(message.rows)

    def show(self, rows: Sequence[E]) -> None:
        """Show these, where they are others."""
        if rows != self._all:
            self._all = rows
            self._narrow()
        else:
            self.redraw()

    def narrow(self, typed: str) -> None:
        """Show those that have the words that are typed."""
        if typed != self._typed:
            self._typed = typed
            self._narrow()
            self.listing.begin()

    def count(self) -> str:
        """How many are shown, of how many."""
        if self._all is None:
            return ""
        shown_, all_ = len(self.listing.rows), len(self._all)
        return f"{shown_:,} of {all_:,}" if shown_ < all_ else f"{all_:,}"

    def _narrow(self) -> None:
        if self._all is not None:
            before = self.row
            self.listing.show(narrowed(self._all, self._typed))
            self._reach_goal()
            self.post_message(Tallied())
            if before is None or self.row is None or before.key != self.row.key:
                self.settled()
        self.redraw()

    def _reach_goal(self) -> None:
        keys = [row.key for row in self.listing.rows] if self._goal else []
        if self._goal in keys:
            self.listing.action_to(keys.index(self._goal))
            self._goal = ""

    def redraw(self) -> None:
        """Say anew what is known, where that is seen."""
        if self.seen:
            self.query_one(".known Static", Static).update(self.known())
        if self._had_row != (self.row is not None):
            self._had_row = self.row is not None
            self.refresh_bindings()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Say what is known of the row."""
        message.stop()
        self.settled()
        self.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs a row."""
        return self.row is not None if self.is_mounted and action in self.OF_ROW else True

    def do(self, work: Callable[[], str], name: str) -> None:
        """Do something in a thread, which returns what to say of it; and list anew."""

        def run() -> None:
            try:
                said = work()
            except MemexError as error:
                tell(self, Refused(error))
            else:
                self._line.watch()
                tell(self, Done(said))

        beside(self, run, name)

    def on_done(self, message: Done) -> None:
        """Say so."""
        message.stop()
        self.notify(message.said, timeout=4, markup=False)
        self._goal = message.key
        self.renew()

    def away(self) -> Content | None:
        """That memexd is gone, where it is."""
        if self.linked.link == "here":
            return None
        return Content.styled(f"{shown(self.linked.why) or 'Reaching memexd …'}", "$text-error")

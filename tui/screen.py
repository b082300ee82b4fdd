"""The screen: rooms at the left or above, the desk at the right or below."""

from __future__ import annotations

import os
import shutil
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input

from memex.errors import DaemonUnavailable, InvalidRequest, MemexError
from tui.ask import Ask
from tui.desk import Desk
from tui.ears import ears_of
from tui.footer import Keyline
from tui.keys import Keys
from tui.library import Library
from tui.link import Line
from tui.live import Live
from tui.masthead import Masthead
from tui.memory import Hush
from tui.messages import (
    Chosen,
    Forgot,
    Hushed,
    Linked,
    Opened,
    Played,
    Read,
    Refused,
    Renamed,
    Sensed,
    Stopped,
    Told,
    Wanted,
)
from tui.opening import Opening, file_of, launch, opening, run
from tui.player import Player
from tui.search import Search
from tui.text import shown
from tui.threads import beside, tell

WIDE: Final = 110
"""Cells from which on the desk stands beside the rooms."""


class Yielded(Message):
    """A program is to have the terminal."""

    def __init__(self, found: Opening) -> None:
        """Which."""
        super().__init__()
        self.found = found


class Main(Screen[None]):
    """The one screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause"),
        Binding("left", "skip(-1)", "Skip", key_display="←→"),
        Binding("right", "skip(1)", "Skip on", show=False),
        Binding("left_square_bracket", "faster(-1)", "Speed", key_display="[ ]"),
        Binding("right_square_bracket", "faster(1)", "Faster", show=False),
        Binding("s", "stop", "Stop", show=False),
        Binding("plus,equals_sign", "mark('right')", "Right", key_display="+"),
        Binding("minus", "mark('wrong')", "Wrong", key_display="-"),
        Binding("y", "copy", "Copy"),
        Binding("o", "open", "Open"),
        Binding("slash", "type", "Type", key_display="/"),
        Binding("question_mark", "keys", "Keys", key_display="?"),
        Binding("escape", "back", "Back", show=False),
        Binding("f2", "turn('search')", "Search", show=False),
        Binding("f3", "turn('ask')", "Ask", show=False),
        Binding("f4", "library", "Library", show=False),
        Binding("f5", "turn('live')", "Live", show=False),
        Binding("f8", "hush('private')", "Private", show=False),
        Binding("f9", "hush('paused')", "Pause hearing", show=False),
    ]

    def __init__(self, line: Line, player: Player) -> None:
        """Over the link to memexd, and the player."""
        super().__init__()
        self._line = line
        self._player = player

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Masthead()
        with Container(id="rooms"):
            with ContentSwitcher(id="room", initial="search"):
                yield Search(self._line, id="search")
                yield Ask(self._line, id="ask")
                yield Library(self._line, id="library")
                yield Live(self._line, id="live")
            yield Desk(self._player, id="desk")
        yield Keyline()

    @property
    def search(self) -> Search:
        """The room of search."""
        return self.query_one(Search)

    @property
    def ask(self) -> Ask:
        """The room of questions."""
        return self.query_one(Ask)

    @property
    def library(self) -> Library:
        """The room of what there is."""
        return self.query_one(Library)

    @property
    def live(self) -> Live:
        """The room of what is being heard."""
        return self.query_one(Live)

    @property
    def room(self) -> Search | Ask | Library | Live:
        """The one that is seen."""
        match self.query_one("#room", ContentSwitcher).current:
            case "ask":
                return self.ask
            case "library":
                return self.library
            case "live":
                return self.live
            case _:
                return self.search

    @property
    def desk(self) -> Desk:
        """Where a place is read."""
        return self.query_one(Desk)

    def on_mount(self) -> None:
        """Begin to type at once."""
        self.search.prompt.focus()

    def on_resize(self, event: Resize) -> None:
        """Beside each other, or above."""
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(event.size.height < 30, "-low")

    # What threads tell.

    def on_linked(self, message: Linked) -> None:
        """Show how the daemon is; when it is back, what is wanted is asked again."""
        self.query_one(Masthead).link(message)
        self.library.link(message)
        self.live.link(message)
        if message.link == "here":
            self.desk.reader.ask_again()
            self.search.remember()
            self.search.again()

    def on_told(self, message: Told) -> None:
        """Show what it says of itself."""
        self.query_one(Masthead).tell(message.status)
        self.search.tell(message.status)
        self.library.tell(message.status)

    def on_sensed(self, message: Sensed) -> None:
        """Show how the ears are."""
        ears = ears_of(message.fields)
        self.query_one(Masthead).sense(ears)
        self.live.sense(ears)

    def on_hushed(self, message: Hushed) -> None:
        """Say whether anything is heard now."""
        self.notify(message.said, timeout=4)

    def on_refused(self, message: Refused) -> None:
        """Say what was not done, and why."""
        error = message.error
        self.notify(
            shown(error.remedy) or " ",
            title=shown(error.message),
            severity="error",
            markup=False,
        )

    def on_played(self, message: Played) -> None:
        """Show how far the player is."""
        self.desk.played(message)

    def on_stopped(self, message: Stopped) -> None:
        """The player stands."""
        self.desk.stopped(message)
        if message.error:
            self.on_refused(Refused(message.error))
        self.refresh_bindings()

    # Reading.

    def on_chosen(self, message: Chosen) -> None:
        """Look at another hit, or citation, or document: these two only where there is room
        beside them.
        """
        if self.room is self.search or self.has_class("-wide"):
            self.desk.show(message.place)
            self.refresh_bindings()

    def on_wanted(self, message: Wanted) -> None:
        """Fetch a window of a document."""

        def work() -> None:
            try:
                found = self._line.use(
                    lambda memory: memory.segments(message.document, message.first, message.last)
                )
            except DaemonUnavailable:
                return  # the link says so; it is asked again when it is back
            except MemexError as error:
                tell(self, Refused(error))
            else:
                window = message.first, found["count"], found["segments"]
                tell(self, Read(message.document, *window))

        beside(self, work, "read")

    def on_read(self, message: Read) -> None:
        """A window came."""
        self.desk.take(message)

    def on_opened(self, message: Opened) -> None:
        """Play it, or read it."""
        place = message.place
        if place.first < 0:
            return  # where it stands is not known yet
        self.desk.show(place)
        if place.heard:
            self.desk.play(place)
        else:
            self.desk.reader.focus()

    def on_forgot(self, message: Forgot) -> None:
        """Leave nothing of it on the screen."""
        self.desk.forget(message.documents)
        for room in (self.search, self.ask, self.library, self.live):
            room.forget(message.documents)

    def on_renamed(self, message: Renamed) -> None:
        """Say how somebody is called by now, wherever that stands."""
        for room in (self.search, self.ask, self.library, self.live):
            room.rename(message.before, message.now)
        self.desk.rename(message.before, message.now)

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is of the player is there while it plays; what is typed is no command."""
        if action in {"mark", "type", "keys"} and isinstance(self.focused, Input):
            return False
        if not self.is_mounted or (action == "type" and self.room is self.live):
            return False
        if action in {"pause", "skip", "faster", "stop"}:
            return self.desk.playing
        if action == "mark" and self.room is not self.search:
            return self.room is self.ask
        return self.desk.place is not None or action not in {"mark", "copy", "open"}

    def action_pause(self) -> None:
        """Pause, or go on."""
        self.desk.pause()

    def action_skip(self, by: int) -> None:
        """To another utterance."""
        self.desk.skip(by)

    def action_faster(self, by: int) -> None:
        """Another speed."""
        self.desk.faster(by)

    def action_stop(self) -> None:
        """Stop the player."""
        self.desk.stop()

    def action_turn(self, room: str) -> None:
        """To another room; what was searched for may be what is asked."""
        self.live.leave()
        self.query_one("#room", ContentSwitcher).current = room
        self.query_one(Masthead).tab = room
        if room == "ask":
            if not self.ask.prompt.value and not self.ask.cells():
                self.ask.prompt.value = self.search.prompt.value
                self.ask.prompt.action_select_all()  # what is typed takes its place
            self.desk.show(self.ask.place)
        elif room == "library":
            self.desk.show(self.library.place)
            self.library.enter()
        elif room == "live":
            self.desk.show(self.live.place)
            self.live.enter()
        else:
            self.desk.show(self.search.results.place)
        self.set_focus(self.room.prompt)

    def action_library(self) -> None:
        """To the library; from there, to the next part of it."""
        if self.library.has_focus_within:
            self.library.turn_on()
        else:
            self.action_turn("library")

    def on_masthead_turned(self, message: Masthead.Turned) -> None:
        """A tab was clicked."""
        self.action_turn(message.tab)

    def action_hush(self, how: Hush, on: bool | None = None) -> None:
        """Hear nothing, or again."""
        beside(self, lambda: self._line.hush(how, on=on), "hush")

    def action_mark(self, verdict: str) -> None:
        """Call right or wrong what is looked at."""
        room = self.room
        if isinstance(room, Search | Ask):  # what is listed elsewhere answers nothing
            room.mark(verdict)

    def action_copy(self) -> None:
        """Copy the place with its source."""
        try:
            self.app.copy_to_clipboard(self.desk.quote())
        except MemexError as error:
            self.on_refused(Refused(error))
        else:
            self.notify("Copied, with its source.", timeout=2)

    def action_open(self) -> None:
        """Open the document where it belongs, once its file is found."""
        if (place := self.desk.place) is None:
            return
        line, in_browser = self.desk.line(), self.app.is_web

        def work() -> None:
            try:
                found = opening(place, line, os.environ, shutil.which)
                if not found.takes_screen:
                    launch(found)
                elif in_browser:
                    raise InvalidRequest(
                        f"A browser has no terminal for {found.arguments[0]}.",
                        f"The file is {file_of(place.uri)}, on the machine that serves this.",
                    )
                else:
                    tell(self, Yielded(found))
            except MemexError as error:
                tell(self, Refused(error))

        beside(self, work, "open")

    def on_yielded(self, message: Yielded) -> None:
        """Give the terminal to an editor or pager until it ends. Nothing is drawn meanwhile."""
        message.stop()
        try:
            with self.app.suspend():
                run(message.found)
        except MemexError as error:
            self.on_refused(Refused(error))
        self.refresh()

    def action_type(self) -> None:
        """Type a query, or a question."""
        self.set_focus(self.room.prompt)

    def action_back(self) -> None:
        """From the text to what it belongs to, from there to the line."""
        room = self.room
        if isinstance(room, Live):
            self._close(room)
        elif isinstance(room, Library) and self._covers(room):
            room.place = None
            self.desk.show(None)
            room.shelf.focus()
        elif self.focused is not self.desk.reader:
            room.prompt.focus()
        elif isinstance(room, Ask):
            room.focus_cell()
        elif isinstance(room, Library):
            room.shelf.focus()
        elif room.results.option_count:
            room.results.focus()
        else:
            room.prompt.focus()

    def _close(self, room: Live) -> None:
        """From the text to what is said; there once more, nothing is read beside it."""
        if self.focused is self.desk.reader:
            room.prompt.focus()
        elif room.place is not None:
            room.place = None
            self.desk.show(None)
        else:
            room.prompt.action_to_newest()

    def _covers(self, room: Library) -> bool:
        """Whether a document stands where the library's state would, until one goes back."""
        beside = self.has_class("-wide")
        return room.place is not None and not beside and self.focused is not room.prompt

    def action_keys(self) -> None:
        """Show all keys."""
        self.app.push_screen(Keys())

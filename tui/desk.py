"""Where a place is read and heard: its title, its document scrolled to it, the player."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from memex.errors import InvalidRequest, MemexError
from tui.findings import SIGNS, Place
from tui.messages import Played, Read, Refused, Stopped, Wanted
from tui.opening import quoted, recording_of
from tui.pages import PAGE, Pages
from tui.player import Player
from tui.reader import Reader
from tui.text import cut, day, shown
from tui.threads import beside, tell
from tui.transport import Transport

LEAD: Final = 0.3
"""Seconds before the moment from which it is played."""
SKIP: Final = 10.0
"""Seconds of a skip, where the text of what is heard is not on the desk."""


class Located(Message):
    """Where the sound of a place is."""

    def __init__(self, place: Place, recording: Path) -> None:
        """Which place, and which file."""
        super().__init__()
        self.place = place
        self.recording = recording


class Unheard(Message):
    """The sound of a place is not here."""

    def __init__(self, place: Place, error: MemexError) -> None:
        """The error says why."""
        super().__init__()
        self.place = place
        self.error = error


class Desk(Vertical):
    """One place at a time; what is played goes on while others are looked at."""

    def __init__(self, player: Player, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """Nothing lies on it yet."""
        super().__init__(id=id)
        self.place: Place | None = None
        self._player = player
        self._heard: Place | None = None
        """What is played."""
        self._sought: Place | None = None
        """What is to be played, while its file is looked for."""
        self._unmeasured = False
        """Whether it is still to be asked how long that is."""

    def on_mount(self) -> None:
        """There is nothing to see."""
        self.display = False

    def compose(self) -> ComposeResult:
        """Title, text, player."""
        yield Static(id="title", markup=False)
        yield Reader(id="reader")
        yield Transport(id="transport")

    @property
    def reader(self) -> Reader:
        """The text."""
        return self.query_one(Reader)

    def show(self, place: Place | None) -> None:
        """Look at a place; at nothing."""
        self.place = place
        self.display = place is not None or self.playing
        if place is None:
            self.reader.clear()
        else:
            self.reader.show(place)
            self.reader.hear(self._player.position if self._is_heard(place) else None)
        self._entitle()

    def forget(self, documents: Set[str]) -> None:
        """Show and play nothing of documents that are no more."""
        if self.playing and self._heard_document in documents:
            self.stop()
        if self._sought and self._sought.document in documents:
            self._sought = None
        if self.place and self.place.document in documents:
            self.show(None)

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise."""
        self.reader.rename(before, now)
        if self.place:
            self.place = self.place.renamed(before, now)
            self._entitle()

    def _entitle(self) -> None:
        place, width = self.place, self.size.width
        if place is None:
            self.query_one("#title", Static).update("")
            return
        facts = [day(place.said_at), shown(place.speaker or "")]
        said = " · ".join(fact for fact in facts if fact)
        right = cut(said, width // 2)
        left = cut(f"{SIGNS.get(place.kind, '·')} {place.title}", width - cell_len(right) - 4)
        title = Content.assemble(
            (left, "bold $text-primary"), ("  ", ""), (right, "$foreground 55%")
        )
        self.query_one("#title", Static).update(title)

    def on_resize(self) -> None:
        """Cut the title anew."""
        self._entitle()

    # The player.

    @property
    def playing(self) -> bool:
        """Whether something is played, or paused."""
        return self._player.order is not None

    def play(self, place: Place) -> None:
        """Play a place from its second on, once its file is found: a disk may have to wake up.
        Where there is none it is read.
        """
        self._sought = place

        def work() -> None:
            try:
                recording = recording_of(place)
            except MemexError as error:
                tell(self, Unheard(place, error))
            else:
                tell(self, Located(place, recording))

        beside(self, work, "find")

    def on_unheard(self, message: Unheard) -> None:
        """Say why, and read it."""
        message.stop()
        if message.place is self._sought:
            self.post_message(Refused(message.error))
            self.reader.focus()

    def on_located(self, message: Located) -> None:
        """Play it, unless something else is to be played by now."""
        message.stop()
        place = message.place
        if place is not self._sought:
            return
        self._player.play(message.recording, (place.start or 0.0) - LEAD)
        self._heard, self._sought, self.display = place, None, True
        self.query_one(Transport).length = None
        self._unmeasured = True
        if self._is_heard(self.place) and self.reader.pages.count:
            self._ask_for_end(self.reader.pages.count)
        self._tell()
        self.refresh_bindings()

    def pause(self) -> None:
        """Stand still, or go on."""
        self._player.toggle()
        self._tell()

    def skip(self, by: int) -> None:
        """Go to the utterance after the one that is heard, or before; by seconds, where another
        text is read.
        """
        now = self._player.position
        here = self._is_heard(self.place)
        second = self.reader.pages.neighbour(now, by) if here else now + by * SKIP
        if second is not None:
            self._player.seek(second)
            self._tell()

    def faster(self, by: int) -> None:
        """Play faster, or slower."""
        self._player.faster(by)
        self._tell()

    def stop(self) -> None:
        """Play nothing."""
        self._sought = None
        self._player.stop()

    def played(self, message: Played) -> None:
        """Show how far it is."""
        if self.playing:
            self._tell(message.position)

    def stopped(self, _: Stopped) -> None:
        """It is over."""
        if not self.playing:
            self.query_one(Transport).display = False
            self.display = self.place is not None
            self.reader.hear(None)

    def take(self, read: Read) -> None:
        """A page of the text came; how long what is heard is, is the end of what is said last."""
        self.reader.take(read)
        if not self.playing or read.document != self._heard_document:
            return
        if read.segments and read.first + len(read.segments) >= read.count:
            self.query_one(Transport).length = read.segments[-1]["end"]
        elif self._unmeasured:
            self._ask_for_end(read.count)

    def _ask_for_end(self, count: int) -> None:
        self._unmeasured = False
        self.post_message(Wanted(self._heard_document, *Pages.window((count - 1) // PAGE)))

    def _is_heard(self, place: Place | None) -> bool:
        """Whether a place's document is the one that is played."""
        return self.playing and place is not None and place.document == self._heard_document

    @property
    def _heard_document(self) -> str:
        return self._heard.document if self._heard else ""

    def _tell(self, position: float | None = None) -> None:
        player = self._player
        second = player.position if position is None else position
        self.query_one(Transport).show(second, player.speed, paused=player.paused)
        if self._is_heard(self.place):
            self.reader.hear(second)

    # The text.

    def quote(self) -> str:
        """The place with its source, to be copied. Raises `InvalidRequest` where there is none."""
        if self.place is None:
            raise InvalidRequest("There is nothing here to copy.")
        segments = self.reader.targets()
        text = " ".join(segment.text for segment in segments) or self.place.text
        return quoted(self.place, text)

    def line(self) -> int | None:
        """The line in the file at which the place begins."""
        segments = self.reader.targets()
        return segments[0].line if segments else None

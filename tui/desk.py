"""Where a place is read and heard: its title, its document scrolled to it, the player."""

from __future__ import annotations

from collections.abc import Set

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from memex.errors import InvalidRequest
from tui.findings import SIGNS, Place
from tui.messages import Played, Read, Stopped, Wanted
from tui.opening import quoted, recording_of
from tui.pages import PAGE
from tui.player import Player
from tui.reader import Reader
from tui.text import cut, day, shown
from tui.transport import Transport

LEAD = 0.3
"""Seconds before the moment from which it is played."""


class Desk(Vertical):
    """One place at a time; what is played goes on while others are looked at."""

    def __init__(self, player: Player, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """Nothing lies on it yet."""
        super().__init__(id=id)
        self.place: Place | None = None
        self._player = player
        self._heard: Place | None = None
        """What is played."""

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
        if self.place and self.place.document in documents:
            self.show(None)

    def _entitle(self) -> None:
        place, width = self.place, self.size.width
        if place is None:
            self.query_one("#title", Static).update("")
            return
        facts = [day(place.said_at), shown(place.speaker or "")]
        said = " · ".join(fact for fact in facts if fact)
        right = cut(said, width // 2)
        left = cut(f"{SIGNS.get(place.kind, '·')} {place.title}", width - len(right) - 4)
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
        """Play a place from its second on. Raises `MemexError` where it cannot be."""
        if place.start is None or not place.heard:
            raise InvalidRequest(f"{shown(place.title)} is not a recording.")
        self._player.play(recording_of(place), place.start - LEAD)
        self._heard = place
        pages = self.reader.pages
        if pages.count:  # its length is the end of what is said last
            last = (pages.count - 1) // PAGE
            self.post_message(Wanted(place.document, *pages.window(last)))
        self._tell()

    def pause(self) -> None:
        """Stand still, or go on."""
        self._player.toggle()
        self._tell()

    def skip(self, by: int) -> None:
        """Go to the utterance after the one that is heard, or before."""
        second = self.reader.pages.neighbour(self._player.position, by)
        if second is not None and self._heard and self._is_heard(self._heard):
            self._player.seek(second)
            self._tell()

    def faster(self, by: int) -> None:
        """Play faster, or slower."""
        self._player.faster(by)
        self._tell()

    def stop(self) -> None:
        """Play nothing."""
        self._player.stop()

    def played(self, message: Played) -> None:
        """Show how far it is."""
        if self.playing:
            self._tell(message.position)

    def stopped(self, _: Stopped) -> None:
        """It is over."""
        if not self.playing:
            self.query_one(Transport).display = False
            self.reader.hear(None)

    def take(self, read: Read) -> None:
        """A page of the text came."""
        self.reader.take(read)

    def _is_heard(self, place: Place) -> bool:
        """Whether a place's document is the one that is played."""
        return self.playing and bool(self._heard) and place.document == self._heard_document

    @property
    def _heard_document(self) -> str:
        return self._heard.document if self._heard else ""

    def _tell(self, position: float | None = None) -> None:
        player = self._player
        second = player.position if position is None else position
        here = self.place is not None and self._is_heard(self.place)
        pages = self.reader.pages
        last = pages.segment(pages.count - 1) if here and pages.count else None
        length = last.end if last else None
        transport = self.query_one(Transport)
        transport.show(second, length or transport.length, player.speed, paused=player.paused)
        if here:
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

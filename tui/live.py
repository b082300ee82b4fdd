"""The room of what is being heard: the devices, and what is said, as it settles."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from memex.errors import DaemonUnavailable, MemexError
from memex.live import Caption, State
from tui.captions import Captions
from tui.ears import Ears
from tui.findings import Place
from tui.following import Follower
from tui.hearing import Hearing
from tui.link import Line
from tui.messages import Heard, Linked, Opened, Refused, Unfollowed
from tui.saying import found_at
from tui.threads import beside, tell
from tui.transcript import Transcript

LINGER: Final = 600.0
"""Seconds for which it is followed on when another room is seen."""
DEVICES: Final = 64
"""Devices that are known, at most; memexd knows as many."""
QUIET: Final = "$foreground 55%"


class Stood(Message):
    """Where an utterance stands was found."""

    def __init__(self, caption: Caption, place: Place) -> None:
        """Which, and where."""
        super().__init__()
        self.caption = caption
        self.place = place


class Live(Vertical):
    """The room. It follows while it is seen, and a while longer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8", "screen.hush('private')", "Private", key_display="F8"),
        Binding("f9", "screen.hush('paused')", "Pause", key_display="F9"),
    ]

    def __init__(self, line: Line, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """All of it comes through `line`, in threads."""
        super().__init__(id=id)
        self.place: Place | None = None
        """What was opened."""
        self.captions = Captions()
        self._line = line
        self._follower = Follower(
            line, lambda message: tell(self, message), lambda run: beside(self, run, "follow")
        )
        self._seen = False
        self._linger: Timer | None = None
        self._ears = Ears("off")
        self._linked = Linked("starting")
        self._devices: dict[tuple[str, ...], State] = {}
        self._trouble = ""
        """Why it cannot be followed."""
        self._lost: datetime | None = None
        """Since when captions are missing."""

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Static(id="devices", markup=False)
        yield Transcript(id="transcript")
        yield Static(id="live-tips", markup=False)
        yield Static(id="newer", markup=False)

    @property
    def prompt(self) -> Transcript:
        """What is said."""
        return self.query_one(Transcript)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._show_captions()

    # Following.

    def enter(self) -> None:
        """The room is seen."""
        self._seen = True
        if self._linger:
            self._linger.stop()
        self._follower.want()

    def leave(self) -> None:
        """Another room is seen."""
        if self._seen:
            self._seen = False
            self._linger = self.set_timer(LINGER, self._follower.leave)

    def link(self, message: Linked) -> None:
        """Show how the daemon is; when it is back, it is followed again."""
        self._linked = message
        self._go_on()
        self._show_devices()

    def sense(self, ears: Ears) -> None:
        """Show how the ears are."""
        self._ears = ears
        self._go_on()
        self._show_devices()

    def _go_on(self) -> None:
        if self._seen and self._linked.link == "here":
            self._follower.want()

    def on_heard(self, message: Heard) -> None:
        """Take in what was heard."""
        message.stop()
        heard = self._follower.take()
        missed = self._lost is not None
        if self._lost:
            self.captions.miss(self._lost)
        self._lost, self._trouble = None, ""
        for event in heard:
            if isinstance(event, Caption):
                self.captions.take(event)
            else:
                self._devices.pop(event.key, None)
                self._devices[event.key] = event
        for key in list(self._devices)[:-DEVICES]:
            del self._devices[key]
        self._show_devices()
        if missed or any(isinstance(event, Caption) for event in heard):
            self._show_captions()

    def on_unfollowed(self, message: Unfollowed) -> None:
        """What is said from now on is not known, nor how the devices are."""
        message.stop()
        self._lost = self._lost or datetime.now().astimezone()
        self._devices.clear()
        self._trouble = str(message.error) if message.error else ""
        self._show_devices()

    # What is seen.

    def _show_devices(self) -> None:
        away = "" if self._linked.link == "here" else self._away()
        shown = Hearing(self._ears, self._devices.values(), self._trouble or away)
        self.query_one("#devices", Static).update(shown)
        self._show_tips()

    def _away(self) -> str:
        """That memexd is not there, and what that means."""
        kept = " What is heard is kept, and found later." if self._ears.state == "listening" else ""
        return (self._linked.why or "Reaching memexd …") + kept

    def _show_captions(self) -> None:
        said = self.captions.said
        self.prompt.show(said)
        self._show_tips()
        self.on_transcript_moved()

    def _show_tips(self) -> None:
        """What there is to know as long as nothing was said."""
        tips, empty = self.query_one("#live-tips", Static), not self.captions.said
        tips.display = empty
        self.prompt.set_class(empty, "-empty")
        if empty:
            tips.update(_tips(self._ears))

    def on_transcript_moved(self, message: Transcript.Moved | None = None) -> None:
        """Say so where what comes is out of sight."""
        if message:
            message.stop()
        newer = self.query_one("#newer", Static)
        newer.display = bool(self.captions.said) and not self.prompt.follows
        newer.update(Content.styled(" ↓ What is said goes on below: End", QUIET))

    # Opening.

    def on_transcript_picked(self, message: Transcript.Picked) -> None:
        """Look where it is kept."""
        message.stop()
        caption = message.caption
        document = self.captions.document(caption)

        def work() -> None:
            try:
                place = self._line.use(lambda memory: found_at(memory, caption, document))
            except DaemonUnavailable:
                return  # the link says so
            except MemexError as error:
                tell(self, Refused(error))
            else:
                tell(self, Stood(caption, place))

        beside(self, work, "open")

    def on_stood(self, message: Stood) -> None:
        """Open it."""
        message.stop()
        self.captions.learn(message.caption.recording, message.place.document)
        self.post_message(Opened(message.place))

    def on_opened(self, message: Opened) -> None:
        """Remember it. (The message goes on to the screen.)"""
        self.place = message.place

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise."""
        self.captions.rename(before, now)
        if self.place:
            self.place = self.place.renamed(before, now)
        self._show_captions()

    def forget(self, documents: Set[str]) -> None:
        """Keep nothing of what was forgotten."""
        self.captions.forget(documents)
        if self.place and self.place.document in documents:
            self.place = None
        self._show_captions()


def _tips(ears: Ears) -> Content:
    """What one sees here, as long as there is nothing to be seen."""
    if ears.state in {"listening", "silent"}:
        return Content.assemble(
            ("Nothing has been said since you look.\n\n", "bold"),
            "What is said appears here as it is said: dim while it may still change. Who speaks is "
            "told a moment after, where the voice is known (`memex people`).",
        )
    return Content.assemble(
        ("Nothing is heard.\n\n", "bold"),
        "While Memex listens, what is said appears here as it is said. F8 closes every "
        "microphone, from any room, and opens it again.",
    )

"""The program: one screen over one memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandList, CommandPalette
from textual.events import Event, InputEvent, Key, Paste
from textual.screen import Screen

from tui.garbage import QUIET, Garbage
from tui.keyboard import Keyboard
from tui.link import Line
from tui.memory import Hush, Reach
from tui.messages import Broke
from tui.player import Player, loudspeaker
from tui.screen import Main
from tui.theme import DARK, LIGHT, preferred, themes
from tui.threads import Newest, beside, tell

if TYPE_CHECKING:
    from tui.sound import Speaker

EVERY: Final = 2.0
"""Seconds between two looks at how the daemon is."""
HUSHES: Final[Sequence[tuple[str, str, Hush, bool]]] = (
    ("Private on", "Close every microphone (F8)", "private", True),
    ("Private off", "Hear again what was to be heard (F8)", "private", False),
    ("Pause", "Hear and read nothing (F9)", "paused", True),
    ("Resume", "Go on hearing and reading (F9)", "paused", False),
)
PARTS: Final[Sequence[tuple[str, str, str]]] = (
    ("People", "Whose voices were heard; naming them", "people"),
    ("Podcasts", "Those that are followed", "podcasts"),
    ("Watched folders", "Those whose files are remembered", "folders"),
    ("Gaps", "When nothing could be heard or read", "gaps"),
)
"""Parts of the library."""


class Palette(CommandPalette):
    """Textual's, whose list of commands fails when a page of it is turned in a window that is too
    low to show any (Textual 8.2.8).
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "turn('page_down')", "Next page", show=False),
        Binding("pageup", "turn('page_up')", "Previous page", show=False),
    ]

    async def action_turn(self, how: str) -> None:
        """A page on, or back."""
        commands = self.query_one(CommandList)
        if commands.scrollable_content_region:
            await commands.run_action(how)


class MemexApp(App[None]):
    """Memex on a terminal."""

    TITLE = "Memex"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("q", "quit", "Quit", show=False),
    ]

    def __init__(
        self,
        reach: Reach,
        open_speaker: Callable[[], Speaker] = loudspeaker,
        garbage: Garbage | None = None,
    ) -> None:
        """Over a memory, what is heard through, and what collects the process's garbage, where it
        is not Python by itself.
        """
        super().__init__()
        self._garbage = garbage
        for theme in themes(self.console.color_system):
            self.register_theme(theme)
        self.theme = preferred(os.environ)
        self.animation_level = "none"  # what is asked for is there at once
        self._line = Line(reach, self._post)
        self._player = Player(self._post, open_speaker)
        self._watch: Newest[None] = Newest(
            lambda _: self._line.watch(), lambda run: beside(self, run, "watch")
        )
        self._sense: Newest[None] = Newest(
            lambda _: self._line.sense(), lambda run: beside(self, run, "sense")
        )
        self.keyboard = Keyboard(self, super().on_event)
        self._main = Main(self._line, self._player)

    def _post(self, message: object) -> None:
        """Tell the screen something, from a thread."""
        tell(self._main, message)  # type: ignore[arg-type]

    def get_default_screen(self) -> Screen[None]:
        """The one there is."""
        return self._main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What a theme does not say itself: the grounds of what has the cursor, and of a chip."""
        primary = self.current_theme.primary
        return {"cursor": f"{primary} 25%", "filled": f"{primary} 35%"}

    def action_command_palette(self) -> None:
        """Show the palette."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette has: the rooms, and Textual's own."""
        main = self._main
        yield SystemCommand(
            "Search", "Find what was read or heard", lambda: main.action_turn("search")
        )
        yield SystemCommand("Ask", "Ask a question", lambda: main.action_turn("ask"))
        yield SystemCommand(
            "Library",
            "What there is, what arrives, what failed",
            lambda: main.action_turn("library"),
        )
        for title, said, part in PARTS:
            yield SystemCommand(title, said, partial(self._turn_to, part))
        yield SystemCommand("Follow a podcast", "By its feed", lambda: self._add("podcasts"))
        yield SystemCommand("Watch a folder", "By its path", lambda: self._add("folders"))
        yield SystemCommand(
            "Live", "What is being heard, and by what", lambda: main.action_turn("live")
        )
        for title, said, how, on in HUSHES:
            yield SystemCommand(title, said, partial(main.action_hush, how, on))
        yield SystemCommand("All keys", "What each key does", main.action_keys)
        yield SystemCommand("Light", "Dark on light", lambda: self._paint(LIGHT.name))
        yield SystemCommand("Dark", "Light on dark", lambda: self._paint(DARK.name))
        ours = {"Keys", "Screenshot"}
        yield from (each for each in super().get_system_commands(screen) if each.title not in ours)

    def _turn_to(self, part: str) -> None:
        self._main.action_turn("library")
        self._main.library.turn(part)

    def _add(self, part: str) -> None:
        self._turn_to(part)
        self.call_after_refresh(self._main.library.part.run_action, "add")

    def _paint(self, theme: str) -> None:
        self.theme = theme

    def on_mount(self) -> None:
        """Reach for the memory once the first picture is there."""
        self.call_after_refresh(self._begin)

    async def on_event(self, event: Event) -> None:
        """Keys have their turn, all else is done as it comes."""
        if self._garbage and isinstance(event, InputEvent):
            self._garbage.touch()
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self.keyboard.take(event)
        else:
            await super().on_event(event)

    def _begin(self) -> None:
        self.keyboard.begin()
        if self._garbage:
            self._garbage.settle()
            self.set_interval(QUIET, self._garbage.look)
        beside(self, self._line.begin, "begin")
        self._sense.want(None)
        self.set_interval(EVERY, lambda: self._watch.want(None))
        self.set_interval(EVERY, lambda: self._sense.want(None))

    def on_unmount(self) -> None:
        """Be still."""
        self._player.close()

    def on_broke(self, message: Broke) -> None:
        """A fault of ours, in a thread: it ends the program, and shows where."""
        raise message.error

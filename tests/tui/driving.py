"""Driving the program without a terminal: keys go in, the screen is read as lines of text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from textual.events import Key
from textual.pilot import Pilot

from tests.tui.fakes import FakeReach, Tape
from tui.app import MemexApp
from tui.screen import Main

PATIENCE = 10.0
"""Seconds until something must have happened."""
KEYS = {" ": "space", ":": "colon", '"': "quotation_mark", "-": "minus", "/": "slash"}
CHARACTERS = {key: character for character, key in KEYS.items()}


class Driver:
    """A running program."""

    def __init__(self, app: MemexApp, pilot: Pilot[None], reach: FakeReach, tape: Tape) -> None:
        self.app = app
        self.pilot = pilot
        self.reach = reach
        self.memory = reach.fake
        self.tape = tape

    @property
    def main(self) -> Main:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, Main)
        return screen

    async def press(self, *keys: str) -> None:
        """One after the other, until what they do is done."""
        for key in keys:
            await self.pilot.press(key)
            await self.until(lambda: self.app.keyboard.still, key)

    async def type(self, text: str) -> None:
        await self.press(*(KEYS.get(char, char) for char in text))

    def press_at_once(self, *keys: str) -> None:
        """As they come from a terminal where the program was busy for a moment."""
        for key in keys:
            self.app.post_message(Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))

    async def until(self, true: Callable[[], object], what: str = "") -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"{what or true}\n" + "\n".join(self.lines())
            await self.pilot.pause(0.01)

    async def sees(self, *texts: str) -> None:
        """Wait until all of this stands on the screen."""
        await self.until(lambda: all(text in self.text() for text in texts), f"{texts} not seen")

    async def still(self, seconds: float = 0.2) -> None:
        """Let things come to rest."""
        await self.pilot.pause(seconds)

    def lines(self) -> list[str]:
        """What is on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        return "\n".join(self.lines())


def drive(
    steps: Callable[[Driver], Awaitable[None]],
    *,
    reach: FakeReach | None = None,
    size: tuple[int, int] = (80, 24),
    tape: Tape | None = None,
) -> None:
    """Run the program over a fake memory through some steps."""
    way, speaker = reach or FakeReach(), tape or Tape()
    app = MemexApp(way, open_speaker=lambda: speaker)

    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await steps(Driver(app, pilot, way, speaker))

    asyncio.run(run())

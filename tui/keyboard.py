"""The keyboard: one key after the other.

Textual passes a key from the widget that has the focus up to the program, which looks what it
does; what that tells goes up the same way before another widget has the focus. A key that comes
meanwhile, over a slow line or while the program was busy, would go where the one before it went.
So it waits until all of that is done, and the first one until there is a picture. A key that is
held does not wait for itself, where it leaves the focus: or a list would scroll half as fast.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.events import Key, Paste
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

Stroke = Key | Paste

WAYS: Final = 4
"""Ways up to the program that a key may take: its own, of what it does, of what that tells, and
of the focus.
"""
RELEASED: Final = 0.1
"""Seconds without a key after which it is no longer held."""
PATIENCE: Final = 2.0
"""Seconds after which the next key waits no longer: a widget may be busy, or be gone meanwhile."""
ALONE: Final = re.compile("\x1b(?=[^\x1b\\[Obf\x7f])")
"""An Esc behind which comes another key. With "[" and "O" sequences begin; b, f and delete are what
some terminals send for the word before, the next one, and deleting one.
"""
ESCAPE: Final = "\x1b[27u"
"""The same key, as it is not taken for the beginning of something."""


class Keyboard:
    """What was typed and waits for its turn."""

    def __init__(self, app: App[None], press: Callable[[Stroke], Awaitable[None]]) -> None:
        """`press` has a key do what it does. Until `begin` all keys wait."""
        self._app = app
        self._press = press
        self._waiting: deque[Stroke] = deque()
        self._busy = True
        self._turn = 0
        """Counts the keys."""
        self._pressed: tuple[str, DOMNode | None] = "", None
        """The key that is, or was, waited for, and where it went."""
        self._held = ""
        """The same key, once it is done and has left the focus."""
        self._loose = False
        """Whether it was pressed since, and not waited for."""
        self._released: asyncio.TimerHandle | None = None

    @property
    def still(self) -> bool:
        """Whether all that was typed is done."""
        return not self._busy and not self._waiting and not self._loose

    def begin(self) -> None:
        """There is a picture."""
        self._settle()

    async def take(self, stroke: Stroke) -> None:
        """Have a key do what it does, when its turn comes."""
        self._waiting.append(stroke)
        await self._go_on()

    async def _go_on(self) -> None:
        while self._waiting and not self._busy:
            stroke = self._waiting.popleft()
            key = stroke.key if isinstance(stroke, Key) else ""
            if key and key == self._held:
                await self._press_loosely(stroke)
            elif self._loose:
                self._waiting.appendleft(stroke)
                self._catch_up()
            else:
                self._busy = True
                self._pressed = key, self._lowest
                await self._press(stroke)
                self._settle()

    async def _press_loosely(self, stroke: Stroke) -> None:
        """Without waiting for it until another key comes, or none."""
        if self._released:
            self._released.cancel()
        self._loose = True
        self._released = asyncio.get_running_loop().call_later(RELEASED, self._catch_up)
        await self._press(stroke)

    def _catch_up(self) -> None:
        """Wait for a key that was held."""
        if self._loose and not self._busy:
            self._loose, self._busy = False, True
            self._settle()

    def _settle(self) -> None:
        """Go on when what is under way is done."""
        self._turn += 1
        loop, turn = asyncio.get_running_loop(), self._turn
        loop.call_later(PATIENCE, self._app.call_later, self._end, turn)
        self._climb(self._lowest, WAYS, turn)

    async def _end(self, turn: int) -> None:
        if turn == self._turn and self._busy:
            self._busy = False
            key, where = self._pressed
            self._held = key if self._lowest is where else ""
            await self._go_on()

    @property
    def _lowest(self) -> DOMNode:
        """Where a key would go."""
        return self._app.focused or self._app.screen

    def _climb(self, node: DOMNode, ways: int, turn: int) -> None:
        """Wait until `node` has done what is told it by now, then those above it."""
        if turn != self._turn:
            return
        above = node.parent
        if above is not None:
            if not node.call_later(self._climb, above, ways, turn):
                self._climb(above, ways, turn)
        elif ways:
            node.call_later(self._climb, self._lowest, ways - 1, turn)
        else:
            node.call_later(self._end, turn)


class Parser(XTermParser):
    """Textual's, by which Esc and what was typed at once behind it would be Alt and that key, or
    the key alone (Textual 8.2.8).
    """

    _escaped = False
    """Whether an Esc came last."""

    def feed(self, data: str) -> Iterable[Message]:
        """What was typed."""
        begun = "\x1b" if self._escaped and self._timeout_time is not None else ""
        self._escaped = data.endswith("\x1b")
        return super().feed(ALONE.sub(ESCAPE, begun + data)[len(begun) :])


linux_driver.XTermParser = Parser  # type: ignore[attr-defined]  # it makes its own by that name

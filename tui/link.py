"""The link to memexd: used by threads, watched over, and mended by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from textual.message import Message

from memex.errors import DaemonUnavailable, MemexError
from tui.memory import Hush, Memory, Reach
from tui.messages import Hushed, Link, Linked, Refused, Sensed, Told

T = TypeVar("T")


class Line:
    """What threads use to ask the memory; it tells how the daemon is whenever that changes."""

    def __init__(self, reach: Reach, tell: Callable[[Message], None]) -> None:
        """`tell` posts a message to the screen."""
        self._reach = reach
        self._tell = tell
        self._lock = threading.Lock()
        self._memory: Memory | None = None
        self._said: tuple[Link, str] | None = None

    def use(self, work: Callable[[Memory], T]) -> T:
        """Ask the memory something; its daemon is started where it does not run.

        Raises `DaemonUnavailable` when it cannot be reached, which is told besides, and what
        else the work raises.
        """
        try:
            done = work(self._reached())
        except DaemonUnavailable as error:
            self._lost(error)
            raise
        self._say("here")
        return done

    def models(self) -> list[tuple[str, str, str]]:
        """The models that are used: role, name, status."""
        return self._reach.models()

    def listen(self) -> None:
        """Have the microphone heard. Raises `MemexError`."""
        self._reach.listen()

    def hush(self, how: Hush, *, on: bool | None) -> None:
        """Hear nothing, or again; what came of it is told."""
        try:
            self._tell(Hushed(self._reach.hush(how, on=on)))
        except MemexError as error:
            self._tell(Refused(error))
        self.watch()

    def watch(self) -> None:
        """Look how the ears are, and the daemon; nothing is started by that. What keeps it from
        starting is told, not raised.
        """
        self._sense()
        try:
            if self._memory is None and not self._reach.running():
                self._say("gone", "memexd is not running.")
                return
            status: Mapping[str, Any] = self.use(lambda memory: memory.status())
            self._tell(Told(status))
        except DaemonUnavailable:
            return  # told already
        except MemexError as error:
            self._say("gone", str(error))

    def begin(self) -> None:
        """Reach the memory for the first time: its daemon may be started."""
        self._sense()
        try:
            self._tell(Told(self.use(lambda memory: memory.status())))
        except DaemonUnavailable:
            return  # told already
        except MemexError as error:
            self._say("gone", str(error))

    def _sense(self) -> None:
        try:
            self._tell(Sensed(self._reach.hearing()))
        except MemexError as error:
            self._tell(Sensed({"trouble": error.message}))

    def _reached(self) -> Memory:
        with self._lock:  # two threads start one daemon
            if self._memory is None:
                if not self._reach.running():
                    self._say("starting", "Starting memexd …")
                self._memory = self._reach.memory()
            return self._memory

    def _lost(self, error: DaemonUnavailable) -> None:
        self._memory = None
        self._say("busy" if self._reach.running() else "gone", str(error))

    def _say(self, link: Link, why: str = "") -> None:
        if self._said != (link, why):
            self._said = (link, why)
            self._tell(Linked(link, why))

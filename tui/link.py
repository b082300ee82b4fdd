"""The link to memexd: used by threads, watched over, and mended by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message

from memex.errors import DaemonUnavailable, MemexError
from tui.memory import Hush, Memory, Reach
from tui.messages import Forgot, Hushed, Link, Linked, Refused, Renamed, Sensed, Told

if TYPE_CHECKING:
    from memex.config import WatchedFolder

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
        self._heeding = threading.Lock()
        self._heeded: tuple[object, int] | None = None
        """Of which memexd how many changes are told."""

    def use(self, work: Callable[[Memory], T], *, starts: bool = True) -> T:
        """Ask the memory something; its daemon is started where it does not run and somebody
        asked for this (`starts`).

        Raises `DaemonUnavailable` when it cannot be reached, which is told besides, and what
        else the work raises.
        """
        try:
            done = work(self._reached(starts))
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

    def folders(self) -> Sequence[WatchedFolder]:
        """The folders that are to be watched. Raises `MemexError`."""
        return self._reach.folders()

    def follow_folder(self, folder: Path) -> bool:
        """Watch one from now on; False where it is watched already. Raises `MemexError`."""
        return self._reach.watch(folder)

    def leave_folder(self, folder: Path) -> None:
        """Watch one no longer. Raises `MemexError`."""
        self._reach.unwatch(folder)

    def hush(self, how: Hush, *, on: bool | None) -> None:
        """Hear nothing, or again; what came of it is told."""
        try:
            self._tell(Hushed(self._reach.hush(how, on=on)))
        except MemexError as error:
            self._tell(Refused(error))
        self.sense()

    def watch(self) -> None:
        """Look how the daemon is; nothing is started by that. What keeps it from starting is
        told, not raised.
        """
        try:
            if self._memory is None and not self._reach.running():
                self._say("gone", "memexd is not running.")
                return
            self._tell(Told(self.use(self._status, starts=False)))
        except DaemonUnavailable:
            return  # told already
        except MemexError as error:
            self._say("gone", str(error))

    def begin(self) -> None:
        """Reach the memory for the first time: its daemon may be started."""
        try:
            self._tell(Told(self.use(self._status)))
        except DaemonUnavailable:
            return  # told already
        except MemexError as error:
            self._say("gone", str(error))

    def sense(self) -> None:
        """Look how the ears are, which waits for no daemon."""
        try:
            self._tell(Sensed(self._reach.hearing()))
        except MemexError as error:
            self._tell(Sensed({"trouble": error.message}))

    def _status(self, memory: Memory) -> Mapping[str, Any]:
        """How the daemon is. What changed since the last look of what may be on the screen, by
        whomever, is told first.
        """
        with self._heeding:
            status: Mapping[str, Any] = memory.status()
            here, count = status.get("memexd"), status.get("changes", 0)  # an older one tells none
            known, told = self._heeded or (here, count)
            after = told if known == here else 0  # it counts anew
            for change in memory.changes(after) if count > after else ():
                self._tell(_told(change))
            self._heeded = here, count
            return status

    def _reached(self, starts: bool) -> Memory:
        with self._lock:  # two threads start one daemon
            if self._memory is None:
                if starts and not self._reach.running():
                    self._say("starting", "Starting memexd …")
                self._memory = self._reach.memory(start=starts)
            return self._memory

    def _lost(self, error: DaemonUnavailable) -> None:
        self._memory = None
        self._say("busy" if self._reach.running() else "gone", str(error))

    def _say(self, link: Link, why: str = "") -> None:
        if self._said != (link, why):
            self._said = (link, why)
            self._tell(Linked(link, why))


def _told(change: Mapping[str, Any]) -> Message:
    if change["type"] == "removed":
        return Forgot(frozenset(change["documents"]))
    return Renamed(change["before"], change["now"])

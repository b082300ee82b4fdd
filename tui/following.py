"""Following what is heard, in a thread, while it is looked at.

It is not followed all the time: while nobody does, no caption is decoded as somebody speaks
(docs/decisions/captions.md).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual.message import Message

from memex.errors import DaemonUnavailable, MemexError
from memex.live import LiveEvent, event_from_json
from tui.link import Line
from tui.messages import Heard, Unfollowed

if TYPE_CHECKING:
    from tui.memory import Memory

WAITING: Final = 1_000
"""Things of which the latest waits until it is shown."""


class Follower:
    """One stream at a time. Of what the screen has not taken yet it gets the latest of each
    device and utterance, however fast they come.
    """

    def __init__(
        self,
        line: Line,
        tell: Callable[[Message], None],
        launch: Callable[[Callable[[], None]], None],
    ) -> None:
        """`launch` runs a function in a thread, which `tell` posts messages from."""
        self._line = line
        self._tell = tell
        self._launch = launch
        self._lock = threading.Lock()
        self._wanted = False
        self._runs = False
        self._waiting: OrderedDict[tuple[str, ...], LiveEvent] = OrderedDict()

    def want(self) -> None:
        """Follow, unless it does; where it is just ending, it takes to be wanted once more."""
        with self._lock:
            self._wanted = True
            if self._runs:
                return
            self._runs = True
        self._launch(self._run)

    def leave(self) -> None:
        """Follow no longer; the stream ends within a second."""
        with self._lock:
            self._wanted = False

    def take(self) -> list[LiveEvent]:
        """What came since the last time."""
        with self._lock:
            taken = list(self._waiting.values())
            self._waiting.clear()
            return taken

    def _run(self) -> None:
        error: MemexError | None = None
        try:
            self._line.use(self._follow)
        except DaemonUnavailable:
            pass  # the link says so; it is followed again when it is back
        except MemexError as refusal:
            error = refusal
        finally:
            with self._lock:
                self._runs = False
        self._tell(Unfollowed(error))

    def _follow(self, memory: Memory) -> None:
        for fields in memory.follow_live():
            if not self._goes_on():
                return
            if fields:
                self._put(event_from_json(fields))

    def _goes_on(self) -> bool:
        with self._lock:
            return self._wanted

    def _put(self, event: LiveEvent) -> None:
        with self._lock:
            news = not self._waiting
            self._waiting.pop(event.key, None)
            self._waiting[event.key] = event
            if len(self._waiting) > WAITING:
                self._waiting.popitem(last=False)
        if news:
            self._tell(Heard())

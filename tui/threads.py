"""What is done beside the screen: threads post messages, widgets never wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

from tui.messages import Broke

T = TypeVar("T")


def tell(owner: MessagePump, message: Message) -> None:
    """Post a message from a thread; a program that is over by now needs none."""
    try:
        owner.post_message(message)
    except RuntimeError:
        if owner.is_running:
            raise


def beside(owner: MessagePump, work: Callable[[], None], name: str) -> None:
    """Do something in a thread that does not outlive the program; a fault of ours ends it as
    one on the screen would.
    """

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 (it is raised again where it is seen)
            tell(owner, Broke(error))

    context = copy_context()  # in which Textual keeps the app
    threading.Thread(target=context.run, args=(run,), name=name, daemon=True).start()


class Newest(Generic[T]):
    """Does the newest of what is wanted, one thing at a time, in a thread; what was overtaken
    while something else was done is left out.
    """

    def __init__(
        self, do: Callable[[T], None], launch: Callable[[Callable[[], None]], None]
    ) -> None:
        """`launch` runs a function in a thread."""
        self._do = do
        self._launch = launch
        self._lock = threading.Lock()
        self._wanted: list[T] = []
        self._busy = False

    def want(self, thing: T) -> None:
        """Have this done next, whatever else was to be done next."""
        with self._lock:
            self._wanted = [thing]
            if self._busy:
                return
            self._busy = True
        self._launch(self._run)

    def _run(self) -> None:
        while taken := self._take():
            self._do(taken[0])

    def _take(self) -> list[T]:
        """What is wanted, in a list; an empty one where nothing is."""
        with self._lock:
            taken, self._wanted = self._wanted, []
            self._busy = bool(taken)
            return taken

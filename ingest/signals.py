"""Being asked to end: SIGTERM, or Ctrl+C.

A handler in Python runs in the main thread, between any two of its steps: also while that
holds the lock of the very event that the handler would set, and then it waits for itself
for ever. So the handler does nothing, and a thread that the signal's byte wakes does it.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable


def when_asked_to_end(stop: Callable[[], None]) -> None:
    """Call `stop` in a thread of its own each time. Only for the main thread of a process,
    once.
    """
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_wait, args=(woken, waker, stop), name="signals", daemon=True).start()


def _wait(woken: socket.socket, waker: socket.socket, stop: Callable[[], None]) -> None:
    """For bytes, which are numbers of signals; `waker` has to stay open meanwhile."""
    with woken, waker:
        while woken.recv(1):
            stop()

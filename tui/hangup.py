"""The end of the terminal, where the system does not tell of it.

A shell's terminal that is closed ends its programs with SIGHUP. One that was started otherwise
(by a terminal emulator without a session, by a test) is not told: it reads that there is nothing
to read, again and again, with half of a core (Textual 8.2.8).
"""

from __future__ import annotations

import os
import select
import signal
import threading


def end_with(terminal: int) -> None:
    """End this process when its terminal (a file descriptor) is gone."""
    threading.Thread(target=_wait, args=(terminal,), name="hangup", daemon=True).start()


def _wait(terminal: int) -> None:
    gone = select.poll()
    gone.register(terminal, 0)  # that it is gone is told whatever is waited for
    told = [event for _, event in gone.poll()]
    if any(event & select.POLLHUP for event in told):
        os.kill(os.getpid(), signal.SIGTERM)

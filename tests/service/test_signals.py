"""A process that is asked to end, ends: whatever it does just then."""

from __future__ import annotations

import signal
import subprocess
import sys

BUSY = """
import threading
from ingest.signals import when_asked_to_end

event, asked = threading.Event(), []

def stop():
    event.set()
    asked.append(True)

when_asked_to_end(stop)
print("busy", flush=True)
while not asked:
    event.clear()
"""


def test_asked_while_it_is_busy_with_the_event_that_ends_it() -> None:
    """With a handler that sets the event, most of these never end."""
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "busy\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0

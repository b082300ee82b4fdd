"""The start: the first picture waits for nothing that it does not show."""

from __future__ import annotations

import subprocess
import sys

LATER = {
    "memex.client", "memex.condition", "memex.config", "memex.protocols", "memex.spool",
    "memex.types", "numpy", "av", "sounddevice",
}  # fmt: skip
"""What takes long to be imported; threads do it once there is a picture."""


def test_nothing_is_imported_that_the_first_picture_does_not_need() -> None:
    code = "import sys, tui.app, tui.reach; print(*sys.modules)"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert LATER & set(done.stdout.split()) == set()

"""A terminal that is gone."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path


def test_the_program_ends_with_its_terminal_though_nothing_tells_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        (sys.executable, "-m", "tui", "--no-start"),
        env=os.environ | {"MEMEX_HOME": str(tmp_path), "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # it is no terminal of a session: no SIGHUP comes
    )
    os.close(theirs)
    try:
        seen = b""
        while b"What was it?" not in seen:
            seen += os.read(ours, 65_536)
        assert program.poll() is None
        os.close(ours)
        assert program.wait(timeout=30) == -signal.SIGTERM
    finally:
        program.kill()
        program.wait()

"""python -m tui: what `memex tui` starts."""

from __future__ import annotations

import os
import sys

from tui.app import MemexApp
from tui.reach import Daemon


def main(arguments: list[str]) -> int:
    """Run until it is quit; the exit code."""
    _keep_screen()
    app = MemexApp(Daemon(start="--no-start" not in arguments))
    app.run()
    return app.return_code or 0


def _keep_screen() -> None:
    """Let nothing but Textual write to the screen. It draws on stderr, where PortAudio and ALSA
    write what they think, too: those get a stderr that goes nowhere.
    """
    screen = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
    sys.stderr = sys.__stderr__ = screen  # type: ignore[misc]  # Textual draws on this one
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

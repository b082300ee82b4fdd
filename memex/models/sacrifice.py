"""Who goes first when memory runs out."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

BADNESS: Final = 500
"""What is added to a process's badness (proc(5), oom_score_adj)."""


def go_first() -> None:
    """Let the kernel end this process before the daemon that started it, which loses by that
    only what this one is at. Nothing, where there is no Linux.
    """
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(BADNESS), encoding="ascii")

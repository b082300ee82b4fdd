"""Files that are needed no more, kept to be written anew.

ext4 makes a file in the place of none that was removed in the last minutes, and looks at each
of those first. Where thousands of files come and go, that takes ten times as long as all else.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from memex.items import ID_LENGTH

MOST: Final = 2_000
"""Files that are kept."""


class Spares:
    """Empty files in a directory, for any thread of this process. One that is killed leaves them
    under names like those of its drafts: `ID.PROCESS`.
    """

    def __init__(self, directory: Path) -> None:
        """None yet."""
        self._directory = directory
        self._kept: deque[Path] = deque()
        self._numbers = count()

    def keep(self, file: Path) -> None:
        """Take a file away, if it is there; nothing of what stood in it is left."""
        if len(self._kept) >= MOST:
            file.unlink(missing_ok=True)
            return
        spare = self._directory / f"{next(self._numbers):0{ID_LENGTH}}.{os.getpid()}"
        with suppress(FileNotFoundError):
            file.rename(spare)
            os.truncate(spare, 0)
            self._kept.append(spare)

    def lend(self, place: Path) -> None:
        """Put a file there, if there is one; otherwise whoever writes there makes it."""
        with suppress(IndexError, FileNotFoundError):
            self._kept.popleft().rename(place)

    def clear(self) -> None:
        """Remove them all."""
        while self._kept:
            self._kept.popleft().unlink(missing_ok=True)

"""The way to memexd. What it takes is imported when it is first gone, in a thread: the first
picture does not wait for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from memex.errors import DaemonUnavailable, MemexError, NotFound

if TYPE_CHECKING:
    from memex.config import WatchedFolder
    from tui.memory import Hush, Memory

HUSHED: Final = {
    ("private", True): "Private: every microphone is closed.",
    ("private", False): "No longer private.",
    ("paused", True): "Paused: nothing is heard or read.",
    ("paused", False): "Going on.",
}
IDLE: Final = {"private": "It was not private.", "paused": "Nothing was paused."}


class Daemon:
    """memexd of the user's data directory, and memex-ingest beside it."""

    def __init__(self, *, start: bool = True) -> None:
        """`start`: whether they may be started."""
        self._start = start

    def memory(self, *, start: bool) -> Memory:
        """A client. Raises `DaemonUnavailable`, or what keeps the daemon from starting."""
        from memex.client import Client  # noqa: PLC0415 (it takes long: see above)
        from memex.config import default_paths  # noqa: PLC0415
        from memex.daemons import running, wait  # noqa: PLC0415
        from memex.daemons import start as begin  # noqa: PLC0415

        paths = default_paths()
        for role in ("memexd", "memex-ingest"):
            if running(paths, role) is None:
                if not (self._start and start):
                    if role == "memexd":
                        raise DaemonUnavailable(
                            "memexd is not running.", "Start it with `memex up`."
                        )
                    continue
                begin(paths, role)
            elif role == "memexd":
                wait(paths)
        return Client(paths)

    def running(self) -> bool:
        """Whether memexd runs."""
        from memex.config import default_paths  # noqa: PLC0415
        from memex.daemons import running  # noqa: PLC0415

        return running(default_paths(), "memexd") is not None

    def models(self) -> list[tuple[str, str, str]]:
        """By the sizes of their files."""
        from memex.config import load_config  # noqa: PLC0415
        from memex.models.registry import MODELS, chosen  # noqa: PLC0415
        from memex.models.store import state  # noqa: PLC0415

        config = load_config()
        names = {role: chosen(config.models, role) for role in ("speech", "embedding", "reader")}
        return [
            (role, name, state(MODELS[name], config).status if name in MODELS else "your own")
            for role, name in names.items()
        ]

    def listen(self) -> None:
        """As `memex listen --always` does."""
        done = subprocess.run(
            (sys.executable, "-P", "-m", "memex.cli", "listen", "--always"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().removeprefix("memex: ")
            raise MemexError("The microphone is not heard.", said)

    def hearing(self) -> Mapping[str, Any]:
        """By its files."""
        from memex.condition import hearing  # noqa: PLC0415 (as above)
        from memex.config import default_paths  # noqa: PLC0415

        return hearing(default_paths())

    def hush(self, how: Hush, *, on: bool | None) -> str:
        """As `memex private` does, `memex pause` and `memex resume`."""
        from memex.config import default_paths  # noqa: PLC0415
        from memex.pause import Pause  # noqa: PLC0415

        paths = default_paths()
        pause = Pause(paths.private if how == "private" else paths.pause)
        begins = not pause.active() if on is None else on
        if begins:
            paths.create()
            pause.begin()
        elif not pause.end():
            return IDLE[how]
        return HUSHED[how, begins]

    def folders(self) -> Sequence[WatchedFolder]:
        """As the configuration file has them."""
        from memex.config import load_config  # noqa: PLC0415 (as above)

        return load_config().watch.folders

    def watch(self, folder: Path) -> bool:
        """As `memex watch add` does."""
        from memex.config import WatchedFolder, default_paths  # noqa: PLC0415 (as above)
        from memex.configfile import watch  # noqa: PLC0415

        if not folder.is_dir():
            raise NotFound(f"{folder} is no folder.", "Type one that is there; Tab completes.")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise MemexError(f"{folder} cannot be looked into.", "Mend its permissions.")
        if any(known.path == folder for known in self.folders()):
            return False
        watch(default_paths(), WatchedFolder(folder))
        return True

    def unwatch(self, folder: Path) -> None:
        """As `memex watch remove` does."""
        from memex.config import default_paths  # noqa: PLC0415 (as above)
        from memex.configfile import unwatch  # noqa: PLC0415

        unwatch(default_paths(), folder)

"""Logging of the daemons."""

from __future__ import annotations

import logging
import logging.handlers
import os
from typing import Final

from memex.config import Paths

LOG_BYTES: Final = 2_000_000
"""Of a log file; one older one is kept."""


def setup_logging(paths: Paths, name: str, *, foreground: bool) -> None:
    """Log to the data directory, and to the terminal when in the foreground.

    From here on the files that this process makes are its owner's alone.
    """
    os.umask(0o077)
    paths.create()
    file = logging.handlers.RotatingFileHandler(
        paths.logs / f"{name}.log", maxBytes=LOG_BYTES, backupCount=1
    )
    handlers: list[logging.Handler] = [file]
    if foreground:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(
        level=logging.INFO,
        handlers=handlers,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )

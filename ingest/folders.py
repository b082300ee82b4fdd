"""Walking a folder: which of its files are to be remembered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ingest.readers import readable
from ingest.readers.transcripts import is_companion

SKIPPED: Final = frozenset({"@eaDir", "__pycache__", "node_modules"})
"""Folders that hold nothing a person wrote."""
SKIPPED_PREFIXES: Final = (".", "~$")
"""Hidden files, and the locks that office programs leave."""


def files(folder: Path) -> Iterator[Path]:
    """The readable files below a folder, in order of their names, links not followed.

    A transcript beside its recording belongs to that and is left out.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _skipped(name))
        for name in sorted(names):
            path = Path(parent, name)
            if _skipped(name) or path.is_symlink() or not readable(path):
                continue
            if not is_companion(path):
                yield path


def _skipped(name: str) -> bool:
    return name in SKIPPED or name.startswith(SKIPPED_PREFIXES)

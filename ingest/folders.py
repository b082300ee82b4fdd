"""Walking a folder: which of its files are to be remembered."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from ingest.readers import readable
from ingest.readers.transcripts import is_companion

IGNORED: Final = (
    ".*",  # hidden: .git, .stfolder, .DS_Store, ._resource forks
    "@eaDir/",
    "__pycache__/",
    "node_modules/",
    "$RECYCLE.BIN/",
    "~$*",  # locks of office programs
    "*~",
    "*.part",
    "*.crdownload",
    "*.tmp",
    "*.swp",
)
"""What nobody wants remembered, as in a .gitignore file."""


class Ignore:
    """Patterns as in a .gitignore file; later ones win, "!" takes back."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """`patterns` come after those that always hold."""
        self._spec = GitIgnoreSpec.from_lines([*IGNORED, *patterns])

    def __call__(self, relative: str, *, folder: bool = False) -> bool:
        """Whether a path (relative to the folder walked, "/" between folders) is left out."""
        # for pathspec a line ends the path, which may have several
        line = relative.replace("\n", "\0")
        return self._spec.match_file(f"{line}/" if folder else line)


def files(folder: Path) -> Iterator[Path]:
    """The readable files below a folder, in order of their names, links not followed.

    A transcript beside its recording belongs to that and is left out.
    """
    ignore = Ignore()
    for parent, folders, names in os.walk(folder):
        within = os.path.relpath(parent, folder)
        prefix = "" if within == "." else f"{within}/"
        folders[:] = sorted(name for name in folders if not ignore(prefix + name, folder=True))
        for name in sorted(names):
            path = Path(parent, name)
            if ignore(prefix + name) or path.is_symlink() or not readable(path):
                continue
            if not is_companion(path):
                yield path

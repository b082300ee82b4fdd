"""The tables of the index on the disk, each of one identity.

`passages-HASH.json` is the identity, written when the table is whole;
`passages-HASH.lance/` has the rows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from memex import passages
from memex.index.faults import storage_error

SCHEMA_VERSION: Final = 3
"""Since 2 rows have `signs`, since 3 what is read of them is one column."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the rows of a table depend on besides the documents."""

    model: str
    """The embedder's name and revision."""
    dimension: int
    passages: int = passages.VERSION
    schema: int = SCHEMA_VERSION
    generation: int = 0
    """Raised by each rebuild, so that the old table serves until the new one is whole."""

    @property
    def table(self) -> str:
        """The table's name."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"passages-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def note(self, directory: Path) -> Path:
        """The file that says that its table is whole."""
        return directory / f"{self.table}.json"


def identities(directory: Path) -> list[Identity]:
    """The identities of the tables that are there, oldest first. A table whose note is
    damaged counts as not there.
    """
    notes = sorted(directory.glob("passages-*.json"), key=lambda path: path.stat().st_mtime)
    found = []
    for note in notes:
        identity = noted(note)
        if identity is None:
            _log.warning("%s is not whole: removed", note)
            note.unlink(missing_ok=True)
        else:
            found.append(identity)
    return found


def noted(note: Path) -> Identity | None:
    """What stands in a note; None where it is not whole."""
    try:
        return Identity(**json.loads(note.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def drop(directory: Path, identity: Identity) -> None:
    """Remove a table."""
    identity.note(directory).unlink(missing_ok=True)
    shutil.rmtree(directory / f"{identity.table}.lance", ignore_errors=True)


def sweep(directory: Path, identity: Identity) -> None:
    """Remove all tables but this one, and what was set aside."""
    for other in identities(directory):
        if other != identity:
            drop(directory, other)
    for table in directory.glob("passages-*.lance"):
        if table.stem != identity.table:
            shutil.rmtree(table, ignore_errors=True)
    shutil.rmtree(_aside(directory), ignore_errors=True)


def set_aside(directory: Path) -> None:
    """Make room for a new index where a damaged one lies. `sweep` removes it when the
    new one is whole. Raises `StorageError`.
    """
    aside = _aside(directory)
    try:
        shutil.rmtree(aside, ignore_errors=True)
        directory.rename(aside)
    except OSError as error:
        raise storage_error(directory, error) from error


def _aside(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.damaged")

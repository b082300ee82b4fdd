"""What the script has made, and so what is to be expected of the memory.

Texts stand for the documents that they become: by their ids. What a path has had
since all came to rest last may or may not have been noticed; what it had then was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

POISON: Final = ""
"""Stands for the text of a file that nobody can read."""


@dataclass(slots=True)
class World:
    """The state of the disk, as the script left it."""

    files: dict[Path, str] = field(default_factory=dict)
    """What lies in the watched folders, and what it says (a document's id, `POISON`)."""
    had: dict[Path, set[str]] = field(default_factory=dict)
    """What each path may last have been seen with: since the last rest, and then."""
    firm: set[Path] = field(default_factory=set)
    """The paths of `had` that had something at the last rest: it must be remembered."""
    places: dict[str, set[Path]] = field(default_factory=dict)
    """Everywhere that a text ever lay, watched."""
    named: dict[Path, str] = field(default_factory=dict)
    """Files elsewhere that were added by name."""
    received: set[str] = field(default_factory=set)
    """What came in through the spool alone."""
    texts: dict[str, str] = field(default_factory=dict)
    """Every text there ever was, by its document's id."""

    def write(self, path: Path, text: str) -> None:
        """A watched file is about to say something (a document's id, `POISON`)."""
        self.files[path] = text
        if text != POISON:
            self.had.setdefault(path, set()).add(text)
            self.places.setdefault(text, set()).add(path)

    def remove(self, path: Path) -> None:
        """A watched file is about to go."""
        del self.files[path]

    def move(self, path: Path, target: Path) -> None:
        """A watched file is about to lie elsewhere."""
        self.write(target, self.files[path])
        self.remove(path)

    def rest(self, kept: Mapping[Path, str]) -> None:
        """Everything was compared and agreed: from here on it is firm.

        `kept` has the paths whose files are gone, or became unreadable, and what
        is remembered of each.
        """
        whole = {path: text for path, text in self.files.items() if text != POISON}
        self.had = {path: {text} for path, text in {**kept, **whole}.items()}
        self.firm = set(self.had)

    def poison(self) -> set[Path]:
        """The watched files that nobody can read."""
        return {path for path, text in self.files.items() if text == POISON}

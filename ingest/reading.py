"""What a reader gets besides the path: a place for checkpoints, a recogniser,
and somebody to tell how far it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from memex.protocols import Step, Transcriber


def ignore(step: Step) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The circumstances of reading one file."""

    transcriber: Callable[[], Transcriber]
    """Makes (loads) the recogniser; called only when speech must be recognised.
    Raises `memex.errors.ModelError`."""
    checkpoint: Path
    """A file of its own, in which a long recognition notes what is done (JSON
    Lines) and from which it goes on; the caller deletes it once the document is
    in the library."""
    progress: Callable[[Step], None] = ignore

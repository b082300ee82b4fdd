"""Looking for damage: in the library (which is reported), in the index (which is made
again), in the spool. A room for each; `library` and `spool` read files by themselves and
need no daemon, `index` works in memexd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    where: Literal["library", "index", "spool"]
    said: str
    """What it is."""
    remedy: str = ""
    """What to do about it."""
    mended: bool = False

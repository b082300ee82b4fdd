"""Looking for what the spool has lost: things without a word about them, and words about
things that are gone. Files of the user's own are his to remove, and no loss.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from memex.audit import Finding
from memex.items import printable
from memex.spool import STATES, Spool

SETTLED: Final = 60.0
"""Seconds after which a thing should have its sidecar."""


def audit_spool(directory: Path) -> Iterator[Finding]:
    """What is wrong in the spool; nothing where there is none."""
    if not directory.is_dir():
        return
    spool = Spool(directory)
    lying = [path for path in (directory / "data").iterdir() if _is_settled(path)]
    items = [item for state in STATES for item in spool.items(state)]
    known = {item.id for item in items}
    for path in sorted(lying):
        if path.stem not in known and path.name.partition(".")[0] not in known and path.exists():
            yield Finding(
                "spool",
                f"{printable(path)} lies in the spool, and nothing says what it is.",
                "memex-ingest takes it in when it starts: `memex down`, then `memex up`.",
            )
    for item in items:
        gone = item.provenance is not None and not Path(item.path).exists()
        if gone and any(spool.has(state, item.id) for state in STATES):
            yield Finding(
                "spool",
                f"{printable(item.path)} is gone before it was read.",
                f"Restore a backup, or give it up: `memex failed drop {item.id[:8]}`"
                " once it has failed.",
            )


def _is_settled(path: Path) -> bool:
    try:
        return path.stat().st_ctime < time.time() - SETTLED
    except FileNotFoundError:
        return False

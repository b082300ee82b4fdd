"""How a data directory is, as far as its files tell: also where no daemon answers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from memex import __version__
from memex.config import Paths
from memex.gaps import Gaps, gap_to_json
from memex.locks import holder
from memex.pause import Pause
from memex.spool import Item, Spool, printable


def condition(paths: Paths) -> dict[str, Any]:
    """The fields of `status --json` that need no daemon. Makes nothing.

    Raises `StorageError` where the files cannot be looked at.
    """
    ingest = holder(paths.run / "memex-ingest.pid")
    pause = Pause(paths.pause)
    until = pause.until()
    spool = Spool(paths.spool) if paths.spool.is_dir() else None
    gaps = Gaps(paths.gaps)
    seen = gaps.seen()
    disk = shutil.disk_usage(_there(paths.home))
    return {
        "version": __version__,
        "home": str(paths.home),
        "memexd": holder(paths.run / "memexd.pid"),
        "memex_ingest": ingest,
        "sign_of_life": seen.isoformat() if seen else None,
        "queue": {
            "waiting": spool.count("new") if spool else 0,
            "working": spool.count("cur") if spool else 0,
        },
        "failed": [failure(item) for item in failures(spool)] if spool else [],
        "paused": {"until": until.isoformat() if until else None} if pause.active() else None,
        "gaps": [gap_to_json(gap) for gap in gaps.told(running=ingest is not None)],
        "disk": {"free": disk.free, "total": disk.total},
    }


def failures(spool: Spool) -> list[Item]:
    """The failed items, oldest first."""
    return sorted(spool.items("failed"), key=lambda item: item.added_at)


def failure(item: Item) -> dict[str, Any]:
    """A failed item, as `failed --json` prints it."""
    return {
        "id": item.id,
        "path": printable(item.path),
        "reason": item.reason,
        "trace": item.trace,
        "added_at": item.added_at.isoformat(),
        "attempts": item.attempts,
    }


def _there(path: Path) -> Path:
    """The path, or what of it is there."""
    return next(part for part in (path, *path.parents) if part.exists())

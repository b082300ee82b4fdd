"""How a data directory is, as far as its files tell: also where no daemon answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from memex import __version__
from memex.config import Paths
from memex.gaps import EARS, Gap, Gaps, gap_to_json
from memex.items import Item, printable
from memex.locks import holder
from memex.pause import Pause
from memex.spool import Spool

SILENT: Final = 40.0
"""Seconds without a sign of life after which a daemon hangs."""


def silence(status: Mapping[str, Any], now: datetime) -> float:
    """Seconds since memex-ingest gave a sign of life; 0 where none is known of."""
    seen = status.get("sign_of_life")
    return (now - datetime.fromisoformat(seen)).total_seconds() if seen else 0.0


def condition(paths: Paths) -> dict[str, Any]:
    """The fields of `status --json` that need no daemon. Makes nothing.

    Raises `StorageError` where the files cannot be looked at.
    """
    ingest = holder(paths.run / "memex-ingest.pid")
    heard = hearing(paths)
    spool = Spool(paths.spool) if paths.spool.is_dir() else None
    gaps, deaf = Gaps(paths.gaps), Gaps(paths.deaf, EARS)
    seen = gaps.seen()
    disk = shutil.disk_usage(_there(paths.home))
    return {
        "version": __version__,
        "home": str(paths.home),
        "memexd": holder(paths.run / "memexd.pid"),
        "memex_ingest": ingest,
        **heard,
        "sign_of_life": seen.isoformat() if seen else None,
        "queue": {
            "waiting": spool.count("new") if spool else 0,
            "working": spool.count("cur") if spool else 0,
        },
        "failed": [failure(item) for item in failures(spool)] if spool else [],
        "gaps": [
            *_gaps("reading", gaps.told(running=ingest is not None)),
            *_gaps("hearing", deaf.told(running=heard["memex_ears"] is not None)),
        ],
        "disk": {"free": disk.free, "total": disk.total},
    }


def hearing(paths: Paths) -> dict[str, Any]:
    """Those of them that tell whether anything is heard: a few small files.

    Raises `StorageError`.
    """
    ears = holder(paths.run / "memex-ears.pid")
    return {
        "memex_ears": ears,
        "paused": _while(Pause(paths.pause)),
        "private": _while(Pause(paths.private)),
        "ears": _ears(paths, ears),
    }


def _while(pause: Pause) -> dict[str, Any] | None:
    """What is on for a while; None where it is not."""
    until = pause.until()
    return {"until": until.isoformat() if until else None} if pause.active() else None


def _gaps(of: str, gaps: Sequence[Gap]) -> Iterator[dict[str, Any]]:
    for gap in gaps:
        yield gap_to_json(gap) | {"of": of}


def _ears(paths: Paths, process: int | None) -> dict[str, Any] | None:
    """What memex-ears last noted of itself; None where it does not run."""
    try:
        fields = json.loads(paths.ears.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(fields, dict) or fields.get("process") != process:
        return None
    return {name: value for name, value in fields.items() if name != "process"}


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

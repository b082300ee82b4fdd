"""What waits in the spool: an item, and where it comes from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

ID_LENGTH: Final = 24
"""Characters of an item's id."""
NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})


class Lane(IntEnum):
    """What goes first: lower numbers."""

    LIVE = 0
    """Heard just now."""
    NAMED = 1
    """The user said `memex add`."""
    FOUND = 2
    """In a watched folder."""
    BULK = 3
    """A backlog: podcasts, old recordings."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a thing comes from that cannot say so itself."""

    source: str = ""
    """ "microphone", "wearable", "podcast"."""
    device: str = ""
    """Which one."""
    started_at: datetime | None = None
    """When its recording began, or it was published; with the time zone of that place."""
    consent: str = ""
    """Under which mode it was recorded: "listening", "private"."""
    uri: str = ""
    """Where else it can be had."""
    title: str = ""
    author: str = ""
    notes: str = ""
    """Text that came with it, worth finding: show notes."""
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    """As `Document.attributes`."""
    keep_sound: bool = True
    """False: only its words are kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be remembered."""

    id: str
    """Names the thing as it was when it was handed in."""
    path: str
    """Absolute; where the thing itself lies (a file or a folder)."""
    added_at: datetime
    explicit: bool = True
    """Named by the user; False for what was found."""
    lane: Lane = Lane.NAMED
    signature: str = ""
    """Of the file when it was found; empty where nobody looked."""
    attempts: int = 0
    """Times that its reader failed or crashed over it."""
    deaths: int = 0
    """Times that the process was killed over it without getting any further."""
    reached: int = 0
    """Bytes of its checkpoint then."""
    reason: str = ""
    """Why it failed."""
    trace: str = ""
    """Where, for whoever mends it."""
    provenance: Provenance | None = None
    """Of a thing that lies in the spool itself."""


def item_id(path: Path, signature: str) -> str:
    """The id of a file in a state."""
    key = f"{path}\0{signature}"
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:ID_LENGTH]


def printable(path: Path | str) -> str:
    """A path as it can be shown: control characters and escape sequences made visible."""
    text = os.fsencode(path).decode(errors="replace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def item_to_json(item: Item) -> dict[str, Any]:
    """A sidecar."""
    fields: dict[str, Any] = {
        name: getattr(item, name) for name in Item.__slots__ if name != "provenance"
    }
    fields["added_at"] = item.added_at.isoformat()
    if item.provenance is not None:
        fields["provenance"] = provenance_to_json(item.provenance)
    return fields


def item_from_json(fields: dict[str, Any]) -> Item:
    """The inverse of `item_to_json`. Raises `ValueError` for what is no sidecar."""
    try:
        if fields.get("provenance"):
            fields["provenance"] = provenance_from_json(fields["provenance"])
        fields["added_at"] = datetime.fromisoformat(fields["added_at"])
        fields["lane"] = Lane(fields.get("lane", Lane.NAMED))
        item = Item(**fields)
    except (TypeError, AttributeError, LookupError) as error:
        raise ValueError("this is no sidecar") from error
    if item.added_at.tzinfo is None:
        raise ValueError("this is no sidecar: its time has no zone")
    return item


def provenance_to_json(origin: Provenance) -> dict[str, Any]:
    """As a sidecar holds it."""
    return {
        **{name: getattr(origin, name) for name in Provenance.__slots__},
        "started_at": origin.started_at.isoformat() if origin.started_at else None,
        "attributes": dict(origin.attributes),
    }


def provenance_from_json(fields: Mapping[str, Any]) -> Provenance:
    """The inverse of `provenance_to_json`. Raises `TypeError`, `ValueError`, `LookupError`."""
    began = fields["started_at"]
    return Provenance(**{**fields, "started_at": datetime.fromisoformat(began) if began else None})

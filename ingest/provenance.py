"""A document that was received, stamped with where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Final

from memex.items import Item, Provenance
from memex.types import LIVE, Document, Segment, heard_id

EARLY: Final = 0.25
"""Seconds by which the first word may come before its chapter."""


def stamp(document: Document, item: Item, kept: Path | None = None) -> Document:
    """The document with its item's provenance, where it has one.

    `kept` is where Memex keeps its sound; where else it can be had is then its "link".
    Notes that came with a recording become a segment of their own at its end; its
    chapters (the attribute "chapters", JSON: [[title, start, end or null], …], seconds)
    become headings where it has none.
    """
    origin = item.provenance
    if origin is None:
        return document
    known = {
        "source": origin.source,
        "device": origin.device,
        "consent": origin.consent,
        "zone": origin.started_at.strftime("%z") if origin.started_at else "",
        "link": origin.uri if kept else "",
    }
    given = dict(origin.attributes)
    segments = _with_headings(document.segments, given.pop("chapters", ""))
    said = {**document.attributes, **given}
    attributes = {name: value for name, value in said.items() if name not in known}
    attributes |= {name: value for name, value in known.items() if value}
    notes = (Segment(origin.notes, heading="Notes"),) if origin.notes else ()
    live = origin.source in LIVE
    stamped = replace(
        document,
        id=_identity(document, origin),
        title=origin.title or (_heard_by(origin) if live else document.title),
        author=origin.author or document.author,
        uri=kept.as_uri() if kept else origin.uri or document.uri,
        created_at=origin.started_at.astimezone(UTC) if origin.started_at else document.created_at,
        segments=segments + notes,
        attributes=attributes,
    )
    return stamped.saying(stamped.segments) if live else stamped


def _identity(document: Document, origin: Provenance) -> str:
    if origin.source not in LIVE or origin.started_at is None:
        return document.id
    return heard_id(origin.source, origin.device, origin.started_at)


def _heard_by(origin: Provenance) -> str:
    """A title for what was heard live: "Microphone, 4 May 2026 10:30", where it was heard."""
    name = " ".join(filter(None, (origin.source.capitalize(), origin.device)))
    return f"{name}, {origin.started_at:%-d %B %Y %H:%M}" if origin.started_at else name


def _with_headings(segments: tuple[Segment, ...], chapters: str) -> tuple[Segment, ...]:
    """The segments, those without a heading under the chapter in which they begin."""
    if not chapters or any(segment.heading for segment in segments):
        return segments
    rows = json.loads(chapters)
    return tuple(replace(each, heading=_chapter(each.start, rows)) for each in segments)


def _chapter(start: float | None, rows: Iterable[tuple[str, float, float | None]]) -> str | None:
    if start is None:
        return None
    at = start + EARLY
    inside = (title for title, begin, end in rows if begin <= at and (end is None or at < end))
    return next(inside, None)

"""Recordings that are going on, as they are at a moment: for a backup, which has each as one
that is over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from memex.durable import private
from memex.items import Item, Lane, Provenance
from memex.recordings import HEADER, RATE, WIDTH, Followed, growing, header

BLOCK: Final = 1 << 20
"""Bytes that are copied at a time."""


def ongoing(spool: Path, place: Path) -> Iterator[tuple[Item, Path]]:
    """What is being recorded, or was left by a crash, as items of the spool, each with its
    sound so far in a file in `place`. That is copied at once: a recording may end, and move
    away, at any time. Raises `OSError`.
    """
    for recording in growing(spool / "live"):
        file = place / f"{recording.id}.wav"
        with suppress(FileNotFoundError):  # it ended just now
            if _save(recording, file):
                yield _item(recording, spool / "data" / file.name), file


def _save(recording: Followed, file: Path) -> int:
    """Write what is there so far as a WAV that is over; the samples in it."""
    with recording.path.open("rb") as source, open(file, "xb", opener=private) as out:
        length = max(0, os.fstat(source.fileno()).st_size - HEADER) // WIDTH
        out.write(header(length))
        source.seek(HEADER)
        left = length * WIDTH
        while left and (data := source.read(min(left, BLOCK))):
            out.write(data)
            left -= len(data)
    return length


def _item(recording: Followed, path: Path) -> Item:
    return Item(
        id=recording.id,
        path=str(path),
        added_at=datetime.now(UTC),
        explicit=False,
        lane=Lane.LIVE,
        provenance=origin(recording),
    )


def origin(recording: Followed) -> Provenance:
    """Whence a recording comes, with the seconds that are missing in it so far."""
    lost = sum(samples for _, samples, _ in recording.lost) / RATE
    if not lost:
        return recording.origin
    attributes = {**recording.origin.attributes, "lost": f"{lost:.2f}"}
    return replace(recording.origin, attributes=attributes)

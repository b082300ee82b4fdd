"""What has been heard of a recording that still grows, as a document."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ingest.provenance import stamp
from ingest.sentences import segments_of
from memex.items import Item, Lane
from memex.recordings import RATE, Followed
from memex.types import RECOGNISED, Arrival, Document, Word


def item_of(recording: Followed) -> Item:
    """The item that the recording will be in the spool once it has ended."""
    return Item(
        id=recording.id,
        path=str(recording.path),
        added_at=datetime.now(UTC),
        explicit=False,
        lane=Lane.LIVE,
        provenance=recording.origin,
    )


def document_id(recording: Followed) -> str:
    """The document's id, now and when the recording has ended."""
    return arrival(recording, (), "").document.id


def arrival(recording: Followed, words: Sequence[Word], model: str) -> Arrival:
    """The document as far as it goes; `words` have their times from the recording's start.

    Raises `OSError` when the recording is gone.
    """
    length = recording.length
    document = Document(
        id="",
        kind="audio",
        title="",
        uri=recording.path.absolute().as_uri(),
        created_at=recording.origin.started_at,
        segments=tuple(segments_of(words)),
        duration=length / RATE,
        source=RECOGNISED + model,
    )
    # Its bytes change with every second: they are nobody else's, and no file's for long.
    bytes_so_far = hashlib.sha256(f"{recording.path}\0{length}".encode()).hexdigest()
    stamped = stamp(document, item_of(recording))
    return replace(Arrival.of(stamped, sha256=bytes_so_far, size=length), growing=True)

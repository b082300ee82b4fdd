"""Handing in: recordings that are over go from where they grew into the spool.

One way for those that ended and those that a crash left.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from memex.errors import StorageError
from memex.items import Item, Lane
from memex.ongoing import origin
from memex.recordings import Followed, left, mend
from memex.spool import STATES, Spool

_log = logging.getLogger(__name__)


def hand_in(spool: Spool) -> Iterator[Item | StorageError]:
    """Take in every recording that nobody writes any more; an error for one that the disk
    refuses, which stays where it is.
    """
    for recording in left(spool.live):
        try:
            item = _taken(spool, recording)
        except StorageError as error:
            _log.warning("the recording %s is not taken in: %s", recording.id, error)
            yield error
        else:
            if item:
                yield item


def _taken(spool: Spool, recording: Followed) -> Item | None:
    """None where there is nothing of it. Raises `StorageError`."""
    sound = _sound(spool, recording)
    item = None
    if sound:
        if sound == recording.path:
            mend(recording)
        item = spool.receive(sound, origin(recording), Lane.LIVE, id_=recording.id)
    try:
        recording.path.unlink(missing_ok=True)
        recording.path.with_suffix(".jsonl").unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{recording.path} cannot be removed: {error.strerror}.") from error
    return item


def _sound(spool: Spool, recording: Followed) -> Path | None:
    """Where its sound is: after a crash in the middle of this, in the spool without a sidecar."""
    try:
        return recording.path if recording.length else None
    except FileNotFoundError:
        moved = spool.directory / "data" / recording.path.name
        known = any(spool.has(state, recording.id) for state in STATES)
        return moved if moved.exists() and not known else None

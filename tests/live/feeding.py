"""Real recordings, written as memex-ears writes what it hears."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ingest.activity import Voice
from ingest.ears.utterances import Begun, Utterances
from ingest.sound import Sound
from memex.items import Item, Lane, Provenance
from memex.recordings import Growing
from memex.spool import Spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 3 * 512
"""Samples written at a time (96 ms)."""


def samples_of(path: Path) -> NDArray[np.int16]:
    """A recording as 16 kHz mono."""
    with Sound(path) as sound:
        whole = np.concatenate(list(sound.blocks(0.0)))
    return (whole * 32767).astype(np.int16)


def origin(device: str = "desk", began: datetime | None = None) -> Provenance:
    return Provenance(
        source="microphone",
        device=device,
        started_at=began or datetime.now(UTC),
        consent="listening",
    )


class Ears:
    """What memex-ears does to one recording."""

    def __init__(self, spool: Spool, provenance: Provenance) -> None:
        self._spool = spool
        self.recording = Growing(spool.live, provenance)
        self._voice = Voice()
        self._utterances = Utterances()

        self._ended = False

    def __enter__(self) -> Ears:
        return self

    def __exit__(self, *_: object) -> None:
        """It breaks off, where it has not ended."""
        if not self._ended:
            self.recording.close()

    def hear(self, samples: NDArray[np.int16], pace: float = 0.0) -> None:
        """Write and mark sound; with a `pace` so many times slower than real time."""
        began = time.monotonic()
        for at in range(0, len(samples) - BLOCK + 1, BLOCK):
            wait = began + pace * (at + BLOCK) / 16_000 - time.monotonic()
            time.sleep(max(0.0, wait))
            self._block(samples[at : at + BLOCK])

    def _block(self, block: NDArray[np.int16]) -> None:
        self.recording.write(block)
        heard = self._voice(block.astype(np.float32) / np.float32(32768))
        for event in self._utterances(heard):
            if isinstance(event, Begun):
                self.recording.begun(event.start)
            else:
                self.recording.phrase(event.phrase.start, event.phrase.end)

    def end(self) -> Item:
        """The recording is over: into the spool."""
        for event in self._utterances.finish():
            self.recording.phrase(event.phrase.start, event.phrase.end)
        self.recording.close()
        self._ended = True
        item = self._spool.receive(
            self.recording.path, self.recording.origin, Lane.LIVE, id_=self.recording.id
        )
        self.recording.path.with_suffix(".jsonl").unlink()
        return item


T = TypeVar("T")


def until(look: Callable[[], T], what: str = "it did not happen", seconds: float = 600.0) -> T:
    """What it sees as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return seen

"""Real recordings as what a device delivers, and what a recorder makes of them."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ingest.ears.recorder import Recorder
from memex.config import Listening
from memex.items import Item
from memex.recordings import RATE
from memex.spool import Spool

Samples = NDArray[np.int16]

BEGAN = datetime(2026, 1, 1, 22, tzinfo=timezone(timedelta(hours=2)))
"""When the first sample is heard."""
BLOCK = 800
"""Samples that come at once (50 ms)."""


def load(path: Path) -> Samples:
    """A file as 16 kHz, mono, 16 bit."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0), None]
    parts = [out.to_ndarray()[0] for frame in frames for out in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def rows(audio: Path, name: str) -> list[dict[str, Any]]:
    """A set of the real recordings."""
    return [json.loads(line) for line in (audio / f"{name}.jsonl").read_text().splitlines()]


@dataclass
class Device:
    """A device whose time goes by with its samples, and the recorder that hears it."""

    spool: Spool
    listen: Listening = field(default_factory=Listening)
    came: int = 0
    ear: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self.ear = Recorder(
            self.spool, "microphone", "desk", listen=self.listen, clock=lambda: self.now
        )

    @property
    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self.came / RATE)

    def play(self, *parts: Samples, size: int = BLOCK) -> None:
        """Let the device deliver this, and hold the recorder to its account."""
        for samples in parts:
            for at in range(0, len(samples), size):
                block = samples[at : at + size]
                self.came += len(block)
                self.ear.hear(block)
            self.check()

    def miss(self, lost: int, block: Samples) -> None:
        """Let so many samples be missing before a block."""
        self.came += lost + len(block)
        self.ear.hear(block, lost)
        self.check()

    def check(self) -> None:
        counts = self.ear.counts
        assert counts.captured == counts.spooled + counts.silent
        assert counts.captured + counts.lost == self.came
        assert min(counts.spooled, counts.silent, counts.lost) >= 0


@dataclass(frozen=True)
class Recorded:
    """What came into the spool."""

    item: Item
    samples: Samples

    @property
    def start(self) -> int:
        """Samples since `BEGAN`."""
        assert self.item.provenance
        assert self.item.provenance.started_at
        return round((self.item.provenance.started_at - BEGAN).total_seconds() * RATE)

    @property
    def end(self) -> int:
        return self.start + len(self.samples)


def recorded(spool: Spool) -> list[Recorded]:
    """The recordings that were handed in, in the order of their beginnings."""
    found = []
    for item in spool.items("new"):
        with wave.open(item.path) as file:
            assert file.getparams()[:3] == (1, 2, RATE)
            data = file.readframes(file.getnframes())
        found.append(Recorded(item, np.frombuffer(data, "<i2").astype(np.int16)))
    return sorted(found, key=lambda each: each.start)

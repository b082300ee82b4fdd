"""An ear that remembers what it was told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray


class Listener:
    """Stands where a recorder does."""

    def __init__(
        self,
        source: str = "",
        device: str = "",
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.source, self.device, self.clock = source, device, clock
        self.began: datetime | None = None
        """By its clock, when it heard its first block."""
        self.blocks: list[tuple[NDArray[np.int16], int]] = []
        self.stops: list[str] = []
        self.trouble = ""
        self.level: float | None = None
        self.recording: str | None = None

    def hear(self, samples: NDArray[np.int16], lost: int = 0) -> None:
        assert samples.dtype == np.int16
        assert samples.ndim == 1
        if self.clock and not self.blocks:
            self.began = self.clock() - timedelta(seconds=len(samples) / 16_000)
        self.blocks.append((samples, lost))

    def stop(self, reason: str) -> None:
        self.stops.append(reason)

    @property
    def sound(self) -> NDArray[np.int16]:
        return np.concatenate([np.zeros(0, np.int16), *(block for block, _ in self.blocks)])

    @property
    def lost(self) -> int:
        return sum(lost for _, lost in self.blocks)

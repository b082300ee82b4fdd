"""What memex-ears hears by: microphone, wearables, satellites."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from memex.live import SHORT
from memex.wire import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

RATE: Final = 16_000
"""Samples a second of all that is handed on: mono, 16 bit."""
QUIET: Final = frozenset({"paused", "private"})
"""Reasons to be quiet that are states of their own; any other one is "off"."""


class Source(Protocol):
    """A way by which sound comes. Every method returns soon and may be called by any thread."""

    def start(self) -> None:
        """Begin: with threads of its own. What cannot be had (no device, no Bluetooth, a port
        that is taken) is a state that `status` tells, not an error.
        """

    def stop(self) -> None:
        """End for good: what is being recorded is closed with what was heard."""

    def quiet(self, reason: str | None) -> None:
        """Hear nothing until it is called with None. What is being recorded is closed at once;
        what comes meanwhile is dropped unheard. `reason`: "paused", "private", or in words.
        Called again and again, also before `start`: a source then begins quiet.
        """

    def status(self) -> list[Json]:
        """The events that tell how each of its devices is ("state", docs/json.md)."""


class Ear(Protocol):
    """Where a device's sound goes: a `Recorder`. One thread at a time."""

    def hear(self, samples: Samples, lost: int = 0) -> None:
        """What came next: 16 kHz mono. `lost`: samples missing before it."""

    def stop(self, reason: str) -> None:
        """Close what is being recorded, at once."""

    @property
    def trouble(self) -> str:
        """Why nothing can be recorded just now; "" where it can."""

    @property
    def level(self) -> float | None:
        """Of the last block, in dBFS."""

    @property
    def recording(self) -> str | None:
        """The id of what is being recorded."""


class EarFor(Protocol):
    """Makes one for a source ("wearable", "satellite") and a device's name.

    `clock` is when what is heard just now was said, where that is not now: what a wearable
    stored is handed on faster than it was said.
    """

    def __call__(
        self, source: str, device: str, clock: Callable[[], datetime] | None = None
    ) -> Ear:
        """As above."""


Refusal = Callable[[], str | None]
"""Says why nothing may be heard just now; None where it may. Asked before anything is heard."""


def granted() -> None:
    """A `Refusal` that never refuses."""


def state(source: str, device: str, name: str, reason: str = "", *, ear: Ear | None = None) -> Json:
    """A "state" event. `name` is "listening", "paused", "private", "silent", "lost" or "off"."""
    return {
        "kind": "state",
        "source": source,
        "device": device[:SHORT],
        "state": name,
        "reason": reason[:SHORT],
        "level": ear.level if ear else None,
        "recording": ear.recording if ear else None,
        "at": datetime.now().astimezone().isoformat(),
    }


def resting(reason: str) -> tuple[str, str]:
    """The state and the reason of a source that is quiet."""
    return (reason, "") if reason in QUIET else ("off", reason)

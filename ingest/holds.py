"""Why something may not be done right now: paused, out of room, on battery, asked, spoken."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from memex.items import Lane
from memex.pause import Pause
from memex.room import room

CHECK_EVERY: Final = 2.0
"""Seconds between two looks at disk and battery."""
QUIET: Final = 2.0
"""Seconds after a question in which the processor is left to whoever asked."""
PATIENCE: Final = 10.0
"""Seconds that one who asks and asks, or speaks, may keep it, from one stretch to the next."""
GLANCE: Final = 0.2
"""Seconds between two looks at whether all is quiet."""
POWER: Final = Path("/sys/class/power_supply")
"""Where Linux tells of batteries."""


class Holds:
    """Looked at before anything is taken up, and between the stretches of a recording."""

    def __init__(
        self,
        home: Path,
        pause: Pause,
        floor: int,
        *,
        battery: Callable[[], bool] | None = None,
        asked: Path | None = None,
        speaking: Callable[[], bool] = lambda: False,
    ) -> None:
        """`floor` is the room that stays free on the data directory's disk, in bytes; of a
        small disk at most a twentieth. `asked` is a file that is touched when something is asked,
        `speaking` says whether somebody speaks who is heard live.
        """
        self._home = home
        self._pause = pause
        self._floor = floor
        self._battery = battery or on_battery
        self._asked = asked
        self._speaking = speaking
        self._looked = 0.0
        self._short = ""
        self._refused = ""
        self._power = ""

    def reason(self, lane: Lane) -> str:
        """Why nothing of this lane is taken up; empty when it may be."""
        self._look()
        if self._short:
            return self._short
        if lane == Lane.NAMED:  # whoever names something is there to be told
            return ""
        if self._refused:
            return self._refused
        if self._pause.active():
            return "paused"
        return self._power if lane == Lane.BULK else ""

    def give_way(self, lane: Lane, wait: Callable[[float], object]) -> None:
        """Leave the processor to a question that is being answered, or to what is being said,
        unless whoever spoke or named this is waiting too; `wait` sleeps for so many seconds.
        """
        patience = PATIENCE
        while lane >= Lane.FOUND and patience > 0 and self.busy:
            wait(GLANCE)
            patience -= GLANCE

    @property
    def busy(self) -> bool:
        """Whether a question is being answered, or somebody speaks."""
        return self._speaking() or self._is_asked()

    def _is_asked(self) -> bool:
        try:
            return abs(time.time() - self._asked.stat().st_mtime) < QUIET if self._asked else False
        except FileNotFoundError:
            return False

    def refused(self, *, full: bool) -> None:
        """The disk refused: do not try again at once."""
        self._refused = f"the disk {'is full' if full else 'cannot be written'}"
        self._looked = time.monotonic()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < CHECK_EVERY and self._looked:
            return
        self._looked = now
        self._short = self._shortage()
        self._refused = ""
        self._power = "on battery" if self._battery() else ""

    def _shortage(self) -> str:
        try:
            return room(self._home, self._floor).shortage
        except OSError as error:
            return f"the data directory cannot be looked at: {error.strerror}"


def on_battery() -> bool:
    """Whether this machine has a battery that is being emptied (Linux; elsewhere False)."""
    if not POWER.is_dir():
        return False
    states = [_state(supply) for supply in POWER.iterdir()]
    return "Discharging" in states


def _state(supply: Path) -> str:
    try:
        kind = (supply / "type").read_text(encoding="ascii").strip()
        if kind != "Battery" or (supply / "scope").exists():  # a mouse has one too
            return ""
        return (supply / "status").read_text(encoding="ascii").strip()
    except OSError:
        return ""

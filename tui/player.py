"""Playing a recording while it is read: from a second on, paused, skipped, faster or slower.

A thread of its own decodes and writes to the loudspeaker, and tells how far it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.message import Message

from memex.errors import MemexError
from tui.messages import Broke, Played, Stopped

if TYPE_CHECKING:
    from tui.sound import Speaker

ENDING: Final = 2.0
"""Seconds in which the loudspeaker is let go at the end."""
SPEEDS: Final = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be played."""

    recording: Path
    start: float
    """Seconds."""
    speed: float = 1.0


def loudspeaker() -> Speaker:
    """The system's default. Raises `MemexError` where there is none."""
    from tui.sound import Loudspeaker  # noqa: PLC0415 (it is heavy: in the player's thread)

    return Loudspeaker()


class Player:
    """One recording at a time. Its methods return at once."""

    def __init__(
        self, tell: Callable[[Message], None], open_speaker: Callable[[], Speaker] = loudspeaker
    ) -> None:
        """`tell` posts a message; `open_speaker` is called in the player's thread."""
        self._tell = tell
        self._open = open_speaker
        self._changed = threading.Condition()
        self._order: Order | None = None
        self._turn = 0
        self._paused = False
        self._closed = False
        self._position = 0.0
        self._thread: threading.Thread | None = None

    @property
    def order(self) -> Order | None:
        """What is played, or paused; None where nothing is."""
        return self._order

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._paused

    @property
    def position(self) -> float:
        """The second that is heard."""
        return self._position

    @property
    def speed(self) -> float:
        """Seconds of the recording in a second."""
        return self._order.speed if self._order else 1.0

    def play(self, recording: Path, start: float) -> None:
        """Play from a second on, instead of what is played."""
        self._set(Order(recording, max(0.0, start), self.speed))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="player", daemon=True)
            self._thread.start()

    def seek(self, second: float) -> None:
        """Go to another second of the same recording."""
        if self._order:
            self._set(replace(self._order, start=max(0.0, second)), paused=self._paused)

    def faster(self, by: int) -> float:
        """The next speed, or the one before; the speed it is now."""
        if not self._order:
            return 1.0
        at = SPEEDS.index(self._order.speed) + by
        speed = SPEEDS[max(0, min(len(SPEEDS) - 1, at))]
        if speed != self._order.speed:
            order = replace(self._order, start=self._position, speed=speed)
            self._set(order, paused=self._paused)
        return speed

    def toggle(self) -> None:
        """Stand still, or go on."""
        with self._changed:
            self._paused = not self._paused
            self._changed.notify_all()

    def stop(self) -> None:
        """Play nothing."""
        self._set(None)

    def close(self) -> None:
        """End: PortAudio must not be in the middle of something when the program ends."""
        self.stop()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(ENDING)

    def _set(self, order: Order | None, *, paused: bool = False) -> None:
        with self._changed:
            self._order, self._paused = order, paused
            self._turn += 1
            if order:
                self._position = order.start
            self._changed.notify_all()

    def _run(self) -> None:
        done = 0
        while not self._closed:
            done, order = self._next(done)
            try:
                if order:
                    self._perform(order, done)
                else:
                    self._tell(Stopped())
            except MemexError as error:
                self._end(done, error)
            except Exception as error:  # noqa: BLE001 (it is raised again where it is seen)
                self._end(done, None)
                self._tell(Broke(error))

    def _next(self, done: int) -> tuple[int, Order | None]:
        """Wait until something else is wanted than what was done; its turn, and what it is."""
        with self._changed:
            self._changed.wait_for(lambda: self._turn != done or self._closed)
            return self._turn, self._order

    def _perform(self, order: Order, turn: int) -> None:
        """Play to the end, or until something else is wanted. Raises `MemexError`."""
        from memex.playback import RATE  # noqa: PLC0415 (heavy, as above)
        from tui.sound import sound  # noqa: PLC0415

        speaker = self._open()
        try:
            written = order.start
            for block in sound(order.recording, order.start, order.speed):
                if not self._may_go_on(speaker, turn):
                    return
                speaker.write(block)
                written += len(block) / RATE * order.speed
                self._report(max(order.start, written - speaker.latency * order.speed), turn)
            speaker.rest()
        finally:
            speaker.close()
        self._end(turn, None)

    def _may_go_on(self, speaker: Speaker, turn: int) -> bool:
        """Wait while it is paused; False when something else is wanted."""
        if self._stands(turn):
            speaker.rest()  # which lasts until what was written is heard: no key waits for it
            with self._changed:
                self._changed.wait_for(lambda: not self._stands(turn))
        return self._turn == turn

    def _stands(self, turn: int) -> bool:
        return self._paused and self._turn == turn

    def _report(self, position: float, turn: int) -> None:
        with self._changed:
            if self._turn != turn:
                return
            self._position = position
        self._tell(Played(position))

    def _end(self, turn: int, error: MemexError | None) -> None:
        """It is over, unless something else is wanted by now."""
        with self._changed:
            if self._turn != turn:
                return
            self._order, self._paused = None, False
        self._tell(Stopped(error))

"""A short soft sound that says that listening has begun, or ended.

    python -m ingest.ears.chime begun|ended

It is played by a process of its own: a sound system that hangs keeps nobody from listening.
Where there is no loudspeaker nothing is heard, and that is no error.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from memex.errors import MemexError
from memex.microphones import portaudio

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE: Final = 48_000
"""Samples a second of the sound."""
NOTE: Final = 0.18
"""Seconds of one of its two notes."""
LOW, HIGH = 523.25, 659.26
"""Hertz: C5 and E5. Listening begins upwards and ends downwards."""
LOUDNESS: Final = 0.08
"""Amplitude, of 1."""
LONGEST: Final = 5.0
"""Seconds that it may take to be played."""

_log = logging.getLogger(__name__)


def chime(kind: str) -> None:
    """Play the sound of `kind` ("begun", "ended"); returns at once."""
    command = [sys.executable, "-m", __name__, kind]
    threading.Thread(target=_run, args=(command,), name="chime", daemon=True).start()


def sound(kind: str) -> NDArray[np.float32]:
    """The sound, mono, at `RATE`."""
    at = np.arange(int(NOTE * RATE)) / RATE
    fading = np.minimum(1, at / 0.02) * np.exp(-at / 0.08)
    notes = (LOW, HIGH) if kind == "begun" else (HIGH, LOW)
    return np.concatenate(
        [LOUDNESS * fading * np.sin(2 * np.pi * note * at) for note in notes], dtype=np.float32
    )


def _run(command: list[str]) -> None:
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.info("no chime: %s", type(error).__name__)


def main() -> int:
    """Play what the command line says; 1 where there is no way to."""
    try:
        player = portaudio()
    except MemexError:
        return 1
    try:
        player.play(sound(sys.argv[1]), RATE, blocking=True)
    except (player.PortAudioError, ValueError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m ingest.ears.lesson`: how the one person sounds who speaks into the microphone now.

JSON lines on standard output: several times a second how far it is ({"device", "level",
"seconds", "trouble"}), last {"voice"} or {"error"}, the latter with exit status 1. Sound is in
memory only. The process holds the lock `run/lesson.pid`, so that memex-ears closes its devices
meanwhile: what is read aloud is not remembered.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.ears.levels import FLOOR, MUTE, rms
from ingest.ears.microphone import Microphone
from ingest.ears.utterances import SPEECH, TAIL, WINDOW
from ingest.ears.voice import Voice
from ingest.voices.speakers import load_encoder
from memex.config import Config, load_config
from memex.errors import AlreadyRunning, InvalidRequest, MemexError, error_to_json
from memex.locks import RoleLock, holder
from memex.pause import Pause
from memex.recordings import RATE
from memex.wire import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

WANTED: Final = 20.0
"""Seconds of speech from which a voice is learnt."""
MOST: Final = 30.0
"""Seconds of speech after which the end of a sentence is not waited for."""
PAUSE: Final = 0.7
"""Seconds without speech that end a sentence: its rest is not to be remembered either."""
SETTLED: Final = 1.0
"""Seconds after which memex-ears has closed what it hears by."""
PUMP_EVERY: Final = 0.05
"""Seconds between two looks at what came."""
TELL_EVERY: Final = 0.25
"""Seconds between two words on how far it is."""
UNHEARD: Final = 5.0
"""Seconds without speech after which that is said."""
GIVEN_UP: Final = 60.0
"""Seconds without speech after which it ends."""
CLIPPED: Final = 32_700
"""Amplitude from which a sample is as loud as it can be."""
TOO_MANY: Final = 3
"""Such samples of a window from which it is distorted, and not learnt from."""
REMEMBERED: Final = 3.0
"""Seconds for which it is said that the sound was distorted."""


class Lesson:
    """What somebody says who is alone, and how far that suffices. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing was heard yet; `clock` in seconds."""
        self._clock = clock
        self._voice = Voice()
        self._rest: Samples = np.zeros(0, np.int16)
        """Less than a window, not judged yet."""
        self._kept: list[Samples] = []
        self._spoken = 0
        self._after = TAIL
        """Samples since the last window of speech."""
        self._spoke_at = self._sounded_at = clock()
        self._clipped_at = -REMEMBERED
        self.level = FLOOR
        """dBFS of what came last."""

    def hear(self, samples: Samples, _lost: int = 0) -> None:
        """What came next: 16 kHz, mono."""
        if not len(samples):
            return
        self.level = rms(samples)
        if self.level > MUTE:
            self._sounded_at = self._clock()
        heard = np.concatenate([self._rest, samples])
        whole = len(heard) // WINDOW * WINDOW
        self._rest = heard[whole:]
        if whole:
            windows = heard[:whole].reshape(-1, WINDOW)
            for window, speech in zip(windows, self._voice(heard[:whole]), strict=True):
                self._take(window, speech=bool(speech >= SPEECH))

    @property
    def seconds(self) -> float:
        """Of speech that can be learnt from."""
        return self._spoken / RATE

    @property
    def enough(self) -> bool:
        """Whether that suffices, and the sentence is over."""
        return self.seconds >= WANTED and (self.unheard >= PAUSE or self.seconds >= MOST)

    @property
    def unheard(self) -> float:
        """Seconds since somebody last spoke."""
        return self._clock() - self._spoke_at

    @property
    def samples(self) -> NDArray[np.float32]:
        """The speech, from -1 to 1, with the short pauses in it."""
        kept = np.concatenate([np.zeros(0, np.int16), *self._kept])
        return kept.astype(np.float32) / np.float32(32_768)

    def trouble(self, device: str) -> str:
        """What is amiss, for a person; "" where nothing is."""
        now = self._clock()
        if now - self._clipped_at < REMEMBERED:
            return "too loud: the sound clips; speak from further away, or turn the input down"
        if self.unheard < UNHEARD:
            return ""
        if now - self._sounded_at >= UNHEARD:
            return f"nothing at all comes from {device}: is it muted?"
        return f"nobody is heard on {device}"

    def _take(self, window: Samples, *, speech: bool) -> None:
        """Keep a window of speech, or of the moment after."""
        if speech:
            self._spoke_at = self._clock()
            if np.count_nonzero(np.abs(window.astype(np.int32)) >= CLIPPED) >= TOO_MANY:
                self._clipped_at = self._clock()
                return
        self._after = 0 if speech else self._after + WINDOW
        if self._after < TAIL:
            self._kept.append(window)
        self._spoken += WINDOW if speech else 0


def lesson(config: Config) -> Iterator[Json]:
    """Listen until enough was said: how far it is, then the voice. Raises `MemexError`."""
    lock = _alone(config.paths.lesson)
    began = time.monotonic()
    try:
        encoder, heard = load_encoder(config), Lesson()
        time.sleep(max(0.0, began + SETTLED - time.monotonic()))
        yield from _listened(config, heard)
        vector = [float(value) for value in encoder.utterance(heard.samples)]
        seconds = round(heard.seconds, 2)
        yield {"voice": {"model": encoder.model, "vector": vector, "seconds": seconds}}
    finally:
        lock.release()


def _listened(config: Config, heard: Lesson) -> Iterator[Json]:
    """Have it hear the microphone until that is enough. Raises `MemexError`."""
    microphone = Microphone(config.listen.device, heard.hear)
    _permitted(config)
    microphone.open()
    try:
        told_at = -TELL_EVERY
        while not heard.enough:
            if time.monotonic() - told_at >= TELL_EVERY:
                told_at = time.monotonic()
                yield _how(heard, microphone)
            time.sleep(PUMP_EVERY)
            _permitted(config)
            microphone.pump()
            if heard.unheard >= GIVEN_UP:
                raise _unheard(microphone)
        yield _how(heard, microphone)
    finally:
        microphone.close()


def _alone(path: Path) -> RoleLock:
    """Have memex-ears hear nothing meanwhile. Raises `InvalidRequest`."""
    try:
        return RoleLock(path)
    except AlreadyRunning as error:
        raise InvalidRequest(
            f"A voice is being learnt already, by process {holder(path) or '?'}.",
            "End that first.",
        ) from error


def _permitted(config: Config) -> None:
    """Raises `InvalidRequest` where no microphone is to be open."""
    if Pause(config.paths.private).active():
        raise InvalidRequest(
            "It is private: every microphone is closed.", "`memex private off` ends that."
        )
    if Pause(config.paths.pause).active():
        raise InvalidRequest("Memex is paused and hears nothing.", "`memex resume` ends that.")


def _how(heard: Lesson, microphone: Microphone) -> Json:
    device = microphone.device or "the microphone"
    trouble = microphone.reason or heard.trouble(device)
    level = round(heard.level, 1) if microphone.state == "listening" else None
    seconds = round(heard.seconds, 1)
    return {"device": device, "level": level, "seconds": seconds, "trouble": trouble}


def _unheard(microphone: Microphone) -> InvalidRequest:
    reason = microphone.reason or f"nobody spoke for {GIVEN_UP:.0f} s"
    return InvalidRequest(
        f"No voice was learnt: {reason}.",
        "`memex devices` shows which microphone is used, and how loud it is.",
    )


def main() -> None:
    """The process."""
    try:
        for news in lesson(load_config()):
            print(json.dumps(news), flush=True)
    except MemexError as error:
        print(json.dumps({"error": error_to_json(error)}), flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever asked is gone
        os._exit(1)


if __name__ == "__main__":
    main()

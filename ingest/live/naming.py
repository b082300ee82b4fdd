"""Who said what was just said: its voice, for memexd, which knows the people.

In a thread of its own: a caption waits for nobody. It is shown first, and told again, with the
voice, where somebody looks at captions.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ingest.ears.utterances import PRE_ROLL, TAIL
from memex.client import Client
from memex.errors import MemexError
from memex.live import Caption, event_to_json
from memex.models.heap import give_back
from memex.recordings import RATE, Phrase

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ingest.voices.embedding import VoiceEncoder

    Samples = NDArray[np.float32]

LEAST: Final = 1.5
"""Seconds of speech from which a voice is told."""
MOST: Final = 10.0
"""Seconds of it that are listened to: more take longer, and tell no more."""
WAITING: Final = 8
"""Utterances that wait for it, at most; the oldest gives way."""
RETRY_EVERY: Final = 60.0
"""Seconds until a model that cannot be had is asked for again."""

_log = logging.getLogger(__name__)


class Naming:
    """Tells voices of utterances to memexd."""

    def __init__(
        self,
        client: Client,
        encoder: Callable[[], VoiceEncoder] | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """`encoder` loads the model (raises `MemexError`); without one, or while it is not
        `wanted`, no voice is told.
        """
        self._wanted = wanted
        self._client = client
        self._load = encoder
        self._encoder: VoiceEncoder | None = None
        self._mute_until = 0.0
        self._change = threading.Condition()
        self._waiting: deque[tuple[Caption, Samples]] = deque(maxlen=WAITING)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="telling who spoke")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, whatever waits."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
        self._thread.join()

    def rest(self) -> None:
        """Nothing is being said: the model leaves memory, and what it worked with."""
        if self._encoder is not None:
            self._encoder = None
            give_back()

    def offer(self, caption: Caption, sound: Samples) -> None:
        """Tell whose an utterance is, soon."""
        with self._change:
            self._waiting.append((caption, sound))
            self._change.notify_all()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            caption, sound = taken
            mute = time.monotonic() < self._mute_until or not self._wanted()
            if self._load is None or mute:
                continue
            try:
                self._tell(caption, sound, self._load)
            except MemexError as error:
                _log.info("it is not told who spoke: %s", error)
                self._mute_until = time.monotonic() + RETRY_EVERY

    def _take(self) -> tuple[Caption, Samples] | None:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._stopped)
            return None if self._stopped else self._waiting.popleft()

    def _tell(self, caption: Caption, sound: Samples, load: Callable[[], VoiceEncoder]) -> None:
        self._encoder = encoder = self._encoder or load()
        vector = [float(value) for value in encoder.utterance(sound)]
        voice = {"model": encoder.model, "vector": vector, "seconds": len(sound) / RATE}
        self._client.say_live([event_to_json(caption) | {"voice": voice}])


def voiced(phrase: Phrase) -> tuple[int, int] | None:
    """The stretch of a phrase that its voice is told by; None where that is too short."""
    start, end = phrase.start + PRE_ROLL, phrase.end - TAIL
    if end - start < LEAST * RATE:
        return None
    return start, min(end, start + round(MOST * RATE))

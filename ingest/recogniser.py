"""The recogniser, in memory while there is speech to recognise."""

from __future__ import annotations

import gc
import importlib
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memex.config import Config

if TYPE_CHECKING:
    from ingest.live.phrase import LiveTranscriber

_log = logging.getLogger(__name__)


class Recogniser:
    """Loads the model when it is first needed, and lets it go when it is not any more.
    The worker and whoever hears what is being said share it.
    """

    def __init__(self, config: Config) -> None:
        """Nothing is loaded yet."""
        self._config = config
        self._lock = threading.Lock()
        self._loaded: LiveTranscriber | None = None
        self._users = 0
        self._used = 0.0

    def __call__(self) -> LiveTranscriber:
        """The model, in memory. Raises `ModelError`."""
        with self._lock:
            if self._loaded is None:
                loading = importlib.import_module("memex.models.loading")
                name, directory = loading.speech_model_path(self._config)
                _log.info("loading %s", name)
                # CTranslate2 and faster-whisper take 60 MB that a reader of texts never needs
                adapter = importlib.import_module("ingest.transcribe")
                self._loaded = adapter.WhisperTranscriber(name, directory)
            self._used = time.monotonic()
            assert self._loaded is not None
            return self._loaded

    @contextmanager
    def needed(self) -> Iterator[None]:
        """As long as this lasts, a model that is loaded stays."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._used = time.monotonic()

    def rest(self) -> None:
        """Nothing is being recognised: after a while the model leaves memory."""
        with self._lock:
            idle = time.monotonic() - self._used
            if self._loaded is None or self._users or idle <= 60 * self._config.intake.unload:
                return
            self._loaded = None
            gc.collect()
            _log.info("the recogniser was unloaded")

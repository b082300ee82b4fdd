"""The recogniser, in memory while there is speech to recognise."""

from __future__ import annotations

import gc
import importlib
import logging
import time

from memex.config import Config
from memex.protocols import Transcriber

_log = logging.getLogger(__name__)


class Recogniser:
    """Loads the model when it is first needed, and lets it go when it is not any more."""

    def __init__(self, config: Config) -> None:
        """Nothing is loaded yet."""
        self._config = config
        self._loaded: Transcriber | None = None
        self._used = 0.0

    def __call__(self) -> Transcriber:
        """The model, in memory. Raises `ModelError`."""
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

    def rest(self) -> None:
        """Nothing is being recognised: after a while the model leaves memory."""
        idle = time.monotonic() - self._used
        if self._loaded is not None and idle > 60 * self._config.intake.unload:
            self._loaded = None
            gc.collect()
            _log.info("the recogniser was unloaded")

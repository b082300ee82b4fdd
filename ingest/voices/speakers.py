"""Tells who speaks in what was recognised here, with the model in memory while it is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.sound import Sound
from ingest.voices.diarize import diarize
from ingest.voices.embedding import VoiceEncoder
from memex.config import Config
from memex.errors import DamagedFile, ModelError
from memex.models.heap import give_back
from memex.models.registry import MODELS, chosen
from memex.models.store import locate, own_path
from memex.protocols import Step
from memex.types import RECOGNISED, Document, Voiceprint

if TYPE_CHECKING:
    from ingest.sound import Samples

TOLD_EVERY: Final = 30.0
"""Seconds of sound between two words on how far it is."""

Told = Callable[[Step], None]
"""Told how far it is; may raise, to break off."""
Speaking = Callable[[Document, Path, Told], tuple[Document, tuple[Voiceprint, ...]]]
"""Gives a recording its speakers."""

_log = logging.getLogger(__name__)


class Speakers:
    """Gives recordings their speakers, as labels that memexd knows better."""

    def __init__(self, config: Config) -> None:
        """Nothing is loaded yet."""
        self._config = config
        self._loaded: VoiceEncoder | None = None
        self._missing = False

    def __call__(
        self, document: Document, path: Path, told: Told
    ) -> tuple[Document, tuple[Voiceprint, ...]]:
        """The document with its segments cut and labelled by who speaks, and the voices;
        as it is where it was not recognised here, names its speakers itself, or where the
        model is not on this machine.
        """
        if not self._wanted(document) or (encoder := self._encoder()) is None:
            return document, ()
        with Sound(path) as heard:
            found = diarize(document.segments, _blocks(heard, told), encoder)
        return replace(document, segments=found.segments), found.voices

    def load(self) -> None:
        """Have the model in memory before it is needed."""
        self._encoder()

    def rest(self) -> None:
        """Nothing is being recognised: the model leaves memory, and what it worked with."""
        if self._loaded is not None:
            self._loaded = None
            give_back()

    def _wanted(self, document: Document) -> bool:
        return (
            self._config.listen.speakers
            and document.source.startswith(RECOGNISED)
            and not any(segment.speaker for segment in document.segments)
        )

    def _encoder(self) -> VoiceEncoder | None:
        """The model, in memory; None where it is not at hand, which is said once."""
        if self._loaded is None:
            try:
                self._loaded = load_encoder(self._config)
            except ModelError as error:
                if not self._missing:
                    _log.warning("it is not told who speaks: %s", error)
                self._missing = True
        return self._loaded


def unspoken(document: Document, _: Path, __: Told) -> tuple[Document, tuple[Voiceprint, ...]]:
    """Nobody is told apart."""
    return document, ()


def load_encoder(config: Config) -> VoiceEncoder:
    """The model that the configuration chooses. Raises `ModelError` and `InvalidRequest`."""
    name = chosen(config.models, "speaker")
    entry = MODELS.get(name)
    path = locate(entry, config) if entry else own_path(name, config)
    revision = f"@{entry.revision}" if entry else ""
    return VoiceEncoder(f"{name}{revision}", path)


def _blocks(sound: Sound, told: Told) -> Iterator[Samples]:
    """The sound, up to where it breaks off: so far it was recognised."""
    reached = 0.0
    try:
        for block in sound.blocks():
            if sound.position >= reached:
                told(Step("telling speakers", sound.position, sound.duration, "seconds"))
                reached = sound.position + TOLD_EVERY
            yield block
    except DamagedFile as error:
        _log.info("%s", type(error).__name__)

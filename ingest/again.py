"""`python -m ingest.again DOCUMENT MODEL`: what was heard live, recognised again by another model.

A process of its own, so that the one that runs it can take the processor and the memory back at
any moment: it is killed, and goes on from its checkpoint the next time. It ends when its standard
input does. Its exit status says what became of it; why it failed is a line on standard output,
which quotes nothing.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ingest.names import Names
from ingest.readers import read
from ingest.reading import Reading
from ingest.watch.disks import local_path
from memex.client import Client
from memex.config import Config, load_config
from memex.errors import (
    DaemonUnavailable,
    InvalidRequest,
    MemexError,
    ModelError,
    NotFound,
    StorageError,
)
from memex.protocols import Transcriber
from memex.types import GROWING, Arrival, Copy, Document, Segment, Word
from memex.wire import Json, copy_from_json, segment_from_json, time_from_json

DONE: Final = 0
"""Exit status: the better text is in the library, or is not wanted any more."""
HOPELESS: Final = 1
"""Exit status: it stays as it is."""
LATER: Final = 2
"""Exit status: the model or memexd is not to be had just now."""
ABANDONED: Final = 3
"""Exit status: whoever started it is gone."""
CHECKPOINT: Final = "again-"
"""How the name of a checkpoint of this kind begins."""
NICENESS: Final = 19
"""Everything else goes first."""
NOTES: Final = frozenset({"corrected", "damaged", "suppressed"})
"""Attributes in which the recogniser notes how it went."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording whose sound is kept, as the library has it."""

    document: Document
    copy: Copy
    elsewhere: tuple[tuple[float, float], ...]
    """Stretches, in seconds, that were heard there and are said by another document."""

    @property
    def path(self) -> Path:
        """Its sound."""
        return local_path(self.copy.uri)


def kept(fields: Json, audio: Path) -> Kept | None:
    """A document of memexd's; None where its sound is not kept (any more)."""
    copies = [copy_from_json(copy) for copy in fields["copies"]]
    ours = [
        copy
        for copy in copies
        if copy.uri.startswith(f"{audio.as_uri()}/") and not copy.replaced_at
        if not copy.missing_since and local_path(copy.uri).exists()
    ]
    began = time_from_json(fields["created_at"])
    if not ours or began is None or GROWING in fields["attributes"]:
        return None
    known = {name: fields[name] for name in Document.__slots__ if name in fields}
    segments = tuple(segment_from_json(segment) for segment in fields["segments"])
    document = Document(**{**known, "created_at": began, "segments": segments})
    return Kept(document, ours[0], tuple(_stretches(fields["overheard"], began)))


def _stretches(echoes: Iterable[Json], began: datetime) -> Iterable[tuple[float, float]]:
    for echo in echoes:
        ends = (datetime.fromisoformat(echo[name]) for name in ("heard_at", "heard_until"))
        start, end = ((moment - began).total_seconds() for moment in ends)
        yield start, end


def improved(recording: Kept, reading: Reading) -> Arrival | None:
    """The recording as the reading's recogniser hears it; None where that hears nothing of its
    own. Raises `MemexError`.
    """
    heard = read(recording.path, reading)
    segments = [own for each in heard.segments if (own := _own(each, recording.elsewhere))]
    if not segments:
        return None
    before = recording.document
    notes = {name: value for name, value in heard.attributes.items() if name in NOTES}
    attributes = {name: value for name, value in before.attributes.items() if name not in NOTES}
    document = replace(
        before,
        language=heard.language or before.language,
        source=heard.source,
        attributes=attributes | notes,
    ).saying(segments)
    return Arrival(document, recording.copy, again=True)


def _own(segment: Segment, elsewhere: Sequence[tuple[float, float]]) -> Segment | None:
    """A segment without what another document says; None where nothing is left."""
    words = [word for word in segment.words if not _within(word, elsewhere)]
    if len(words) == len(segment.words):
        return segment
    return segment.part(words) if words else None


def _within(word: Word, stretches: Iterable[tuple[float, float]]) -> bool:
    middle = (word.start + word.end) / 2
    return any(start <= middle <= end for start, end in stretches)


def again(config: Config, document_id: str, model: str) -> int:
    """Recognise a document again and hand it over; the exit status."""
    client = Client(config.paths)
    try:
        recording = kept(client.document(document_id), config.paths.audio)
        if recording is None:
            return DONE
        checkpoint = config.paths.work / f"{CHECKPOINT}{recording.path.stem}.jsonl"
        names = Names(client, lambda: config.listen.names)
        reading = Reading(lambda: _transcriber(config, model, names), checkpoint)
        arrival = improved(recording, reading)
        if arrival is None:
            checkpoint.unlink(missing_ok=True)
            print("nothing is heard in it")
            return HOPELESS
        if recording.path.exists():  # else it was forgotten, or retention let go of the sound
            for _ in client.remember(arrival):
                pass
        checkpoint.unlink(missing_ok=True)
    except NotFound:
        return DONE
    except (DaemonUnavailable, InvalidRequest, ModelError, StorageError) as error:
        print(error)
        return LATER
    except MemexError as error:
        print(type(error).__name__)
        return HOPELESS
    return DONE


def _transcriber(config: Config, model: str, names: Names) -> Transcriber:
    """The better recogniser, in memory. Raises `ModelError`, `InvalidRequest`."""
    loading = importlib.import_module("memex.models.loading")
    wanted = replace(config, models=replace(config.models, speech=model))
    name, directory = loading.speech_model_path(wanted)
    adapter = importlib.import_module("ingest.transcribe")
    loaded: Transcriber = adapter.WhisperTranscriber(name, directory, names=names)
    return loaded


def _end_with_input() -> None:
    """Whoever started this holds the other end; it may be killed."""
    while os.read(0, 1):
        pass
    os._exit(ABANDONED)


def main() -> int:
    """The process."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    os.nice(max(0, NICENESS - os.nice(0)))
    return again(load_config(), *sys.argv[1:3])


if __name__ == "__main__":
    sys.exit(main())

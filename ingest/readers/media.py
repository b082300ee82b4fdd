"""Recordings: sound and film of every container that FFmpeg opens.

What was said comes from a transcript beside the file, from subtitles inside it, or,
where there is neither, from recognising the speech.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from ingest.checkpoint import Checkpoint
from ingest.readers.assembly import assemble, language_code
from ingest.readers.bounds import shown
from ingest.readers.container import Media, embedded_subtitles, read_container
from ingest.readers.text import clean
from ingest.readers.transcripts import companion, read_transcript
from ingest.reading import Reading
from ingest.sound import clock
from memex.errors import DamagedFile, NoTextFound, UnreadableFile
from memex.protocols import Recognised, Step, Transcriber
from memex.types import NO_ATTRIBUTES, RECOGNISED, Document, Segment


@dataclass(frozen=True, slots=True)
class _Speech:
    """What is said in a recording, and how that is known."""

    segments: tuple[Segment, ...]
    source: str
    language: str | None = None
    duration: float | None = None
    """Seconds that were heard."""
    notes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)


def read_media(path: Path, reading: Reading) -> Document:
    """A recording with what is said in it; every segment has its time, recognised
    ones their words.

    Raises `UnreadableFile`; where speech must be recognised, also `ModelError` and
    `StorageError` (of the checkpoint).
    """
    media = read_container(path)
    speech = _speech(path, media, reading)
    segments = [
        replace(segment, text=clean(segment.text), heading=media.heading(segment.start))
        for segment in speech.segments
    ]
    metadata = replace(
        media.metadata,
        title=media.metadata.title or None,
        attributes={**media.metadata.attributes, **speech.notes},
    )
    document = assemble(path, media.kind, segments, metadata)
    return replace(
        document,
        language=language_code(speech.language) or document.language,
        duration=speech.duration or media.duration,
        source=speech.source,
    )


def _speech(path: Path, media: Media, reading: Reading) -> _Speech:
    notes: dict[str, str] = {}
    beside = companion(path)
    if beside is not None:
        try:
            transcript = read_transcript(beside)
        except UnreadableFile as error:
            notes["transcript"] = f"{shown(beside)} was not used: {error.message}"
        else:
            source = f"transcript {shown(beside)}"
            return _Speech(transcript.segments, source, transcript.language)
    if media.has_subtitles:
        segments = embedded_subtitles(path, media.duration)
        if segments:
            source = f"transcript embedded in {shown(path)}"
            return _Speech(segments, source, notes=MappingProxyType(notes))
    heard = recognise(path, reading, media.duration)
    return replace(heard, notes=MappingProxyType({**notes, **heard.notes}))


def recognise(path: Path, reading: Reading, duration: float | None) -> _Speech:
    """Recognise the speech of a recording, going on from its checkpoint.

    Where the recording breaks off, what was heard until then is kept and the
    place is noted. Raises `UnreadableFile`, `ModelError`, `StorageError`.
    """
    transcriber = reading.transcriber()
    with Checkpoint(reading.checkpoint, path, transcriber.model) as checkpoint:
        if not checkpoint.complete:
            _go_on(path, transcriber, checkpoint, reading, duration)
        done, damage = checkpoint.done, checkpoint.damage
        position = checkpoint.position
    segments = tuple(segment for each in done for segment in each.segments)
    if not segments and damage:
        raise DamagedFile(damage, "Copy or download it again.")
    if not segments:
        raise NoTextFound(f"{shown(path)}: no speech was heard in it.")
    notes = {"damaged": f"sound breaks off at {clock(position)}"} if damage else {}
    dropped = Counter(reason for each in done for reason in each.suppressed)
    if dropped:
        notes["suppressed"] = ", ".join(f"{n} {reason}" for reason, n in dropped.most_common())
    corrected = [one for each in done for one in each.corrected]
    if corrected:
        notes["corrected"] = "; ".join(
            f"{clock(one.at)} {one.name} (heard: {one.heard})" for one in corrected
        )
    return _Speech(
        segments,
        RECOGNISED + transcriber.model,
        _language(done),
        position,
        MappingProxyType(notes),
    )


def _go_on(
    path: Path,
    transcriber: Transcriber,
    checkpoint: Checkpoint,
    reading: Reading,
    duration: float | None,
) -> None:
    """Recognise what is not done yet, noting every stretch."""
    damage = None
    reading.progress(Step("transcribing", checkpoint.position, duration, "s"))
    try:
        for recognised in transcriber.transcribe(path, checkpoint.position):
            checkpoint.add(recognised)
            total = max(duration, recognised.position) if duration else None
            reading.progress(Step("transcribing", recognised.position, total, "s"))
    except DamagedFile as error:
        if not checkpoint.done:
            raise
        damage = error.message
    checkpoint.finish(damage)


def _language(done: Iterable[Recognised]) -> str | None:
    """The language in the end: it is surer the more was heard."""
    return next((each.language for each in reversed(list(done)) if each.language), None)

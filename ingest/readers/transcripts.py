"""Transcripts that lie beside a recording and are used instead of recognising it.

For `talk.mp3` these are `talk.mp3.srt`, `talk.srt`, `talk.en.srt` (the same with
.vtt), and JSON: the transcript of the podcast namespace
(https://github.com/Podcastindex-org/podcast-namespace, "transcripts.md") and what
Whisper's own programs write.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ingest.readers.bounds import read_bytes, shown
from ingest.readers.subtitles import read_cues
from ingest.readers.text import decode, label, one_line
from memex.errors import DamagedFile, NoTextFound
from memex.types import Segment

AUDIO_SUFFIXES: Final = frozenset(
    ".aac .aif .aiff .amr .ape .au .caf .dsf .flac .m4a .m4b .m4p .mka .mp2 .mp3 .mpc .oga .ogg"
    " .opus .spx .tta .wav .weba .wma .wv".split()
)
VIDEO_SUFFIXES: Final = frozenset(
    ".3gp .avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .mts .m2ts .ogv .webm .wmv".split()
)
MEDIA_SUFFIXES: Final = AUDIO_SUFFIXES | VIDEO_SUFFIXES

_SPELLINGS: Final = tuple(
    spelling for suffix in sorted(MEDIA_SUFFIXES) for spelling in (suffix, suffix.upper())
)
_SUBTITLES: Final = (".srt", ".vtt")
_SUFFIXES: Final = (*_SUBTITLES, ".json")
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)
_TURN: Final = 30
"""Words to which the single words of a transcript are joined, where nobody pauses."""
_PAUSE: Final = 0.8
"""Seconds between two words that part them."""
_SENTENCE_END: Final = (".", "!", "?", "…", "。", "！", "？")


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a companion says."""

    segments: tuple[Segment, ...]
    language: str | None
    """As the file or its name has it."""


def companion(path: Path) -> Path | None:
    """The transcript beside a recording; None where there is none.

    One that bears the recording's full name goes before one that shares its stem,
    one without a language before one with, subtitles before JSON.
    """
    if path.suffix.lower() not in MEDIA_SUFFIXES:
        return None
    try:
        names = [each.name for each in os.scandir(path.parent) if each.name.startswith(path.stem)]
    except OSError:
        return None
    ranked = [(rank, name) for name in names if (rank := _rank(path.name, name)) is not None]
    found = (path.parent / name for _, name in sorted(ranked))
    return next((each for each in found if each.is_file()), None)


def is_companion(path: Path) -> bool:
    """True for a transcript that has its recording beside it."""
    name, suffix = _split(path.name)
    if suffix not in _SUFFIXES:
        return False
    bases = [name, name.rpartition(".")[0]]
    recordings = [base + end for base in bases for end in ("", *_SPELLINGS)]
    return any(
        _rank(each, path.name) is not None and (path.parent / each).is_file() for each in recordings
    )


def _rank(media: str, transcript: str) -> tuple[int, int, int] | None:
    """How well a transcript's name fits a recording's, lower is better; None: not at all."""
    name, suffix = _split(transcript)
    stem, media_suffix = _split(media)
    if suffix not in _SUFFIXES or not stem or media_suffix not in MEDIA_SUFFIXES:
        return None
    kind = _SUFFIXES.index(suffix)
    for distance, whole in enumerate((media, stem)):
        if name == whole:
            return (distance, 0, kind)
        rest = name.removeprefix(whole + ".")
        if rest != name and rest.lower() == "transcript":
            return (distance, 1, kind)
        if rest != name and suffix in _SUBTITLES and _LANGUAGE.fullmatch(rest):
            return (distance, 2, kind)
    return None


def _split(name: str) -> tuple[str, str]:
    """A file name's stem and its suffix in lower case."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, f".{suffix.lower()}") if dot and stem else (name, "")


def read_transcript(path: Path) -> Transcript:
    """A companion's text. Raises `UnreadableFile`."""
    stem, suffix = _split(path.name)
    if suffix not in _SUBTITLES:
        return _read_json(path)
    tag = _split(stem)[1]
    named = tag not in MEDIA_SUFFIXES and _LANGUAGE.fullmatch(tag[1:])
    return Transcript(read_cues(path), tag[1:] if named else None)


def _read_json(path: Path) -> Transcript:
    try:
        table = json.loads(decode(read_bytes(path), path))
    except (ValueError, RecursionError) as error:
        raise DamagedFile(f"{shown(path)} is no JSON: {label(error)}.", "Mend it.") from error
    if not isinstance(table, dict):
        raise DamagedFile(f"{shown(path)} is no transcript: it is not a JSON object.")
    rows = table.get("segments", table.get("transcription"))
    if not isinstance(rows, list):
        raise DamagedFile(f'{shown(path)} is no transcript: it has no "segments".')
    segments = tuple(_joined(sorted(_rows(rows), key=_start)))
    if not segments:
        raise NoTextFound(f"{shown(path)} is a transcript without text.")
    language = table.get("language")
    return Transcript(segments, language if isinstance(language, str) else None)


def _start(segment: Segment) -> float:
    return segment.start or 0.0


def _rows(rows: list[object]) -> Iterator[Segment]:
    for row in rows:
        if not isinstance(row, dict):
            continue
        text = one_line(str(row.get("body", row.get("text", ""))))
        start, end = _times(row)
        speaker = row.get("speaker")
        if text and start is not None:
            end = max(start, start if end is None else end)
            yield Segment(text, start, end, label(speaker) if speaker else None)


def _times(row: Mapping[str, object]) -> tuple[float | None, float | None]:
    """Start and end in seconds: of the podcast namespace, of Whisper, of whisper.cpp."""
    offsets = row.get("offsets")
    if isinstance(offsets, dict):
        start, end = _number(offsets.get("from")), _number(offsets.get("to"))
        return start and start / 1000, end and end / 1000
    return (
        _number(row.get("startTime", row.get("start"))),
        _number(row.get("endTime", row.get("end"))),
    )


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) and number >= 0 else None


def _joined(segments: list[Segment]) -> Iterator[Segment]:
    """Sentences of transcripts that have a segment for each word or two."""
    if sum(len(s.text.split()) for s in segments) > 3 * len(segments):
        yield from segments
        return
    held: Segment | None = None
    for segment in segments:
        if held is None:
            held = segment
        elif _parts(held, segment):
            yield held
            held = segment
        else:
            held = replace(held, text=f"{held.text} {segment.text}", end=segment.end)
    if held is not None:
        yield held


def _parts(held: Segment, following: Segment) -> bool:
    return (
        held.speaker != following.speaker
        or held.text.endswith(_SENTENCE_END)
        or len(held.text.split()) >= _TURN
        or (following.start or 0.0) - (held.end or 0.0) > _PAUSE
    )

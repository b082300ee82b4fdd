"""What a recording's container says: kind, length, tags, chapters, subtitles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av

from ingest.readers.assembly import Metadata, moment
from ingest.readers.bounds import MAX_SEGMENT, check_size, unreadable
from ingest.readers.text import label, one_line
from ingest.sound import is_picture, open_media
from memex.types import Segment

if TYPE_CHECKING:
    from av.container import InputContainer

_AUTHOR: Final = ("artist", "author", "performer", "album_artist", "composer")
_KEPT: Final = ("album", "show", "publisher", "genre", "description", "synopsis", "comment")
_RECORDED: Final = ("com.apple.quicktime.creationdate", "date_recorded", "creation_time")
_DATED: Final = ("date", "originaldate", "year")
_FIRST_CLOCK: Final = 1971
"""Year before which a device's clock was not set."""
_PARTIAL_DATE: Final = re.compile(r"(\d{4})(?:[-/.]?(\d{2}))?")
_TEXT_CODECS: Final = ("ass", "mov_text", "srt", "ssa", "subrip", "text", "webvtt")
_OVERRIDE: Final = re.compile(r"\{\\[^{}]*\}|\{\*[^{}]*\}|<[^<>]*>")
_DIALOGUE_FIELDS: Final = 9
"""Of FFmpeg's form of an ASS event; the fourth is the speaker, the last the text."""
_MAX_CUES: Final = 100_000
_FEWEST_WORDS: Final = 5
"""Words a minute; subtitles with fewer translate signs and songs."""
_EARLY: Final = 0.25
"""Seconds by which the first word may come before its chapter."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named stretch of a recording."""

    title: str
    start: float
    """Seconds."""
    end: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Media:
    """A recording as its container describes it."""

    kind: str
    """"audio" or "video"."""
    duration: float | None
    """Seconds."""
    metadata: Metadata
    chapters: tuple[Chapter, ...]
    has_subtitles: bool
    """Text is in the container itself."""

    def heading(self, start: float | None) -> str | None:
        """The chapter in which a moment lies."""
        if start is None:
            return None
        at = start + _EARLY
        return next((c.title for c in reversed(self.chapters) if c.start <= at < c.end), None)


def read_container(path: Path) -> Media:
    """What the container says of itself. Raises `UnreadableFile`."""
    try:
        check_size(path, path.stat().st_size, None)
    except OSError as error:
        raise unreadable(path, error) from error
    with open_media(path) as container:
        video = any(not is_picture(stream) for stream in container.streams.video)
        length = container.duration
        return Media(
            kind="video" if video else "audio",
            duration=length / av.time_base if length and length > 0 else None,
            metadata=_metadata(_tags(container), _spoken_language(container)),
            chapters=tuple(_chapters(container)),
            has_subtitles=_subtitles(container) is not None,
        )


def embedded_subtitles(path: Path, duration: float | None) -> tuple[Segment, ...]:
    """The text of the subtitles inside a container; nothing where they cover but a
    little of what is said. Raises `UnreadableFile`.
    """
    with open_media(path) as container:
        stream = _subtitles(container)
        cues = tuple(_cues(container, stream)) if stream is not None else ()
    words = sum(len(cue.text.split()) for cue in cues)
    minutes = (duration or (cues[-1].end if cues else None) or 0.0) / 60
    return cues if words >= _FEWEST_WORDS * minutes else ()


def _tags(container: InputContainer) -> dict[str, str]:
    """The tags by lower-case name; Ogg keeps them with the stream."""
    found: dict[str, str] = {}
    sources = [stream.metadata for stream in container.streams.audio[:1]]
    for source in (*sources, container.metadata):
        found.update({key.lower(): value for key, value in source.items() if value.strip()})
    return found


def _metadata(tags: Mapping[str, str], language: str | None) -> Metadata:
    return Metadata(
        title=tags.get("title"),
        author=next((tags[key] for key in _AUTHOR if key in tags), None),
        language=language,
        created_at=_created_at(tags),
        attributes={key: tags[key] for key in _KEPT if key in tags},
    )


def _created_at(tags: Mapping[str, str]) -> datetime | None:
    """When it was recorded, else published."""
    recorder = f"{tags.get('origination_date', '')} {tags.get('origination_time', '')}"
    for value in (*(tags.get(key, "") for key in _RECORDED), recorder):
        found = moment(value.strip())
        if found is not None and found.year >= _FIRST_CLOCK:
            return found
    return next((time for key in _DATED if (time := _date(tags.get(key, "")))), None)


def _date(value: str) -> datetime | None:
    """A date, or what there is of one: "2024-05-03", "2024-05", "2024"."""
    match = _PARTIAL_DATE.fullmatch(value.strip())
    if match is None:
        return moment(value)
    return moment(f"{match[1]}-{match[2] or '01'}-01")


def _spoken_language(container: InputContainer) -> str | None:
    """As the first sound track is marked; "und" is no language."""
    tracks = container.streams.audio
    language = tracks[0].language if tracks else None
    return language if language not in (None, "", "und", "mul", "zxx") else None


def _chapters(container: InputContainer) -> Iterator[Chapter]:
    for chapter in sorted(container.chapters(), key=lambda each: each["start"]):
        title = label(chapter["metadata"].get("title", ""))
        if title:
            unit = float(chapter["time_base"] or 1)
            yield Chapter(title, chapter["start"] * unit, chapter["end"] * unit)


def _subtitles(container: InputContainer) -> av.subtitles.stream.SubtitleStream | None:
    """The subtitles of what is said: of the sound's language, not those that
    translate only signs and songs.
    """
    flags = av.stream.Disposition
    spoken = _spoken_language(container)
    tracks = [
        stream
        for stream in container.streams.subtitles
        if stream.codec_context is not None
        and stream.codec_context.name in _TEXT_CODECS
        and not stream.disposition & flags.forced
    ]
    return min(
        tracks,
        key=lambda stream: (
            spoken is not None and stream.language != spoken,
            not stream.disposition & flags.default,
            stream.index,
        ),
        default=None,
    )


def _cues(
    container: InputContainer, stream: av.subtitles.stream.SubtitleStream
) -> Iterator[Segment]:
    zero = (container.start_time or 0) / av.time_base
    count = 0
    try:
        for packet in container.demux(stream):
            if packet.pts is None or count >= _MAX_CUES:
                continue
            start = max(0.0, float(packet.pts * packet.time_base) - zero)
            end = start + float((packet.duration or 0) * packet.time_base)
            for speaker, text in _said(stream, packet):
                count += 1
                yield Segment(text, start, end, speaker)
    except av.FFmpegError:
        return  # what came before the damage is kept


def _said(
    stream: av.subtitles.stream.SubtitleStream, packet: av.Packet[Any]
) -> Iterator[tuple[str | None, str]]:
    """Speaker and text of each line of a cue."""
    try:
        cue = stream.decode2(packet)
    except av.FFmpegError:
        return
    for line in cue or ():
        if not isinstance(line, av.subtitles.subtitle.AssSubtitle):
            continue
        fields = line.ass.decode("utf-8", "replace").split(",", _DIALOGUE_FIELDS - 1)
        text = fields[-1][:MAX_SEGMENT].replace("\\N", " ").replace("\\n", " ")
        text = one_line(_OVERRIDE.sub("", text.replace("\\h", " ")))
        if text:
            yield label(fields[3]) or None if len(fields) == _DIALOGUE_FIELDS else None, text

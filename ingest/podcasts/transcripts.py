"""Transcripts that a feed offers: which one to fetch, and how it lies beside the
recording so that the reader of recordings finds it there.

SRT, WebVTT and JSON are read by `ingest.readers.transcripts` as they are; HTML is
read here and written as the podcast namespace's JSON
(https://github.com/Podcastindex-org/podcast-namespace, "transcripts.md").
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from lxml import etree

from ingest.podcasts.errors import Malformed
from ingest.podcasts.feed import Transcript
from ingest.podcasts.markup import name_of, text_of
from ingest.readers.assembly import language_code
from ingest.readers.blocks import parse_html
from ingest.readers.text import label, one_line
from memex.types import Segment

MAX_BYTES: Final = 16 << 20
"""Bytes of a transcript: what `Web.get` is given as its limit."""

_KINDS: Final = {
    "text/vtt": ".vtt",
    "application/srt": ".srt",
    "application/x-subrip": ".srt",
    "text/srt": ".srt",
    "application/json": ".json",
    "text/json": ".json",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
}
_SUFFIXES: Final = {each: each for each in _KINDS.values()} | {".htm": ".html"}
_BEST: Final = (".vtt", ".srt", ".json", ".html")
"""From exact times and speakers to neither."""
_CLOCK: Final = re.compile(r"\D*?(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?\D*")
_PACE: Final = 15.0
"""Characters that are spoken in a second, where nothing better is known."""
_MARKS: Final = ("cite", "time")
_PARAGRAPHS: Final = ("p", "li", "blockquote")


def suffix_of(transcript: Transcript) -> str | None:
    """The file name's ending, one of ".vtt", ".srt", ".json", ".html"; None for a kind
    that is not read.
    """
    kind = _KINDS.get((transcript.type or "").partition(";")[0].strip().lower())
    if kind is not None:
        return kind
    path = unquote(urlsplit(transcript.url).path)
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower())


def preferred(
    transcripts: Iterable[Transcript], language: str | None = None
) -> tuple[Transcript, ...]:
    """Those that can be read, the best first: of the episode's language, then by
    what their kind keeps of times and speakers.
    """
    spoken = language_code(language)

    def rank(transcript: Transcript) -> tuple[bool, int]:
        own = language_code(transcript.language)
        foreign = spoken is not None and own is not None and own != spoken
        return foreign, _BEST.index(suffix_of(transcript) or ".html")

    return tuple(sorted((each for each in transcripts if suffix_of(each)), key=rank))


def beside(
    media: str, transcript: Transcript, body: bytes, duration: float | None = None
) -> tuple[str, bytes]:
    """Name and content of the file that, in the folder of the recording `media`
    (its file name), `ingest.readers.transcripts.companion` takes for its transcript.

    `duration` is the recording's, in seconds. Raises `Malformed` where an HTML
    transcript says nothing or has no times, or where the kind is not read.
    """
    suffix = suffix_of(transcript)
    if suffix is None:
        raise Malformed("A transcript of this kind is not read.", "The speech is recognised.")
    if suffix != ".html":
        return f"{media}{suffix}", body
    segments = html_transcript(text_of(body, transcript.type), duration)
    if not any(segment.start is not None for segment in segments):
        raise Malformed("The transcript has no times.", "The speech is recognised.")
    return f"{media}.json", as_json(segments, language_code(transcript.language))


def as_json(segments: Iterable[Segment], language: str | None = None) -> bytes:
    """Segments in the podcast namespace's JSON; those without times are left out."""
    rows = [
        {"startTime": each.start, "endTime": each.end, "body": each.text}
        | ({"speaker": each.speaker} if each.speaker else {})
        for each in segments
        if each.start is not None
    ]
    table: dict[str, object] = {"version": "1.0.0", "segments": rows}
    if language:
        table["language"] = language
    return json.dumps(table, ensure_ascii=False).encode("utf-8")


def as_vtt(segments: Iterable[Segment]) -> bytes:
    """Segments as WebVTT, which is read without a recording; those without times are left out."""
    cues = ["WEBVTT"]
    for each in segments:
        if each.start is not None:
            end = each.start if each.end is None else each.end
            voice = f"<v {html.escape(each.speaker, quote=False)}>" if each.speaker else ""
            text = html.escape(one_line(each.text), quote=False)
            cues.append(f"{_timestamp(each.start)} --> {_timestamp(end)}\n{voice}{text}")
    return "\n\n".join([*cues, ""]).encode()


def _timestamp(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandths:03d}"


@dataclass(slots=True)
class _Turn:
    """What one speaker says before the next <cite> or <time>."""

    speaker: str | None
    start: float | None
    """Seconds."""
    texts: list[str] = field(default_factory=list)


def html_transcript(text: str, duration: float | None = None) -> tuple[Segment, ...]:
    """The paragraphs of an HTML transcript: <cite> names who speaks, <time> when the
    monologue begins, <p> holds what is said.

    Only a monologue's first paragraph has its time from the file; the others are
    laid between it and the next one in proportion to their length. Without any
    <time> the segments have no times. Raises `Malformed` where nothing is said.
    """
    root = parse_html(text)
    turns = list(_turns(root)) if root is not None else []
    spoken = [turn for turn in turns if turn.texts]
    if not spoken:
        raise Malformed("The transcript says nothing: it has no paragraphs.")
    if all(turn.start is None for turn in spoken):
        return tuple(Segment(each, speaker=turn.speaker) for turn in spoken for each in turn.texts)
    return tuple(_timed(spoken, duration))


def _turns(root: etree._Element) -> Iterator[_Turn]:
    turn = _Turn(None, None)
    for element in root.iter(*_MARKS, *_PARAGRAPHS):
        if _inside(element, *_PARAGRAPHS):
            continue  # read with the paragraph
        marks = [element] if name_of(element) in _MARKS else list(element.iter(*_MARKS))
        for mark in marks:
            following = _marked(turn, mark)
            if following is not turn:
                yield turn
                turn = following
        if name_of(element) not in _MARKS:
            words = one_line("".join(_texts(element)))
            turn.texts.extend([words] if words else [])
    yield turn


def _marked(turn: _Turn, mark: etree._Element) -> _Turn:
    """The turn that a <cite> or a <time> opens or, where nothing is said yet, completes."""
    words = one_line("".join(str(text) for text in mark.itertext()))
    if name_of(mark) == "cite":
        speaker = label(words.rstrip(" :")) or None
        if turn.texts or turn.speaker:
            return _Turn(speaker, None)
        turn.speaker = speaker
        return turn
    if turn.texts:
        return _Turn(turn.speaker, _seconds(words))
    turn.start = _seconds(words)
    return turn


def _texts(element: etree._Element) -> Iterator[str]:
    """The text of a paragraph without what its <cite> and <time> say."""
    yield element.text or ""
    for child in element:
        if name_of(child) not in _MARKS:
            yield from _texts(child)
            yield " " if name_of(child) in {"br", *_PARAGRAPHS} else ""
        yield child.tail or ""


def _inside(element: etree._Element, *names: str) -> bool:
    return next(element.iterancestors(*names), None) is not None


def _seconds(words: str) -> float | None:
    match = _CLOCK.fullmatch(words)
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups()
    return int(hours or 0) * 3600.0 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")


def _timed(turns: list[_Turn], duration: float | None) -> Iterator[Segment]:
    """Segments of turns of which at least one has a time, which never run back."""
    paragraphs: list[tuple[float | None, str | None, str]] = []
    latest = 0.0
    for turn in turns:
        start = turn.start if turn.start is not None and turn.start >= latest else None
        latest = latest if start is None else start
        for number, text in enumerate(turn.texts):
            paragraphs.append((None if number else start, turn.speaker, text))
    known = [n for n, (start, _, _) in enumerate(paragraphs) if start is not None]
    bounds = [*known, len(paragraphs)] if known[:1] == [0] else [0, *known, len(paragraphs)]
    for first, after in pairwise(bounds):
        stretch = paragraphs[first:after]
        start = stretch[0][0] or 0.0
        length = sum(len(text) for _, _, text in stretch)
        following = paragraphs[after][0] if after < len(paragraphs) else duration
        end = start + length / _PACE if following is None else max(start, following)
        at = start
        for _, speaker, text in stretch:
            upto = at + (end - start) * len(text) / length
            yield Segment(text, round(at, 3), round(upto, 3), speaker)
            at = upto

"""Subtitles: SubRip (.srt) and WebVTT (.vtt), with the times and the speakers.

One lenient grammar holds both: a timing line, then text up to the next one. The
parser of pysubs2 was tried: it takes a WebVTT cue's identifier and a NOTE for
spoken text, and the word times of rolling captions for timing lines.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from ingest.readers.assembly import Metadata, assemble
from ingest.readers.bounds import read_bytes, shown
from ingest.readers.text import clean, decode, label
from ingest.reading import Reading
from memex.errors import DamagedFile, NoTextFound
from memex.types import Document, Segment

_TIME: Final = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?"
_TIMING: Final = re.compile(rf"^\s*{_TIME}\s*-{{1,2}}\s?>\s*{_TIME}(?:\s+.*)?$")
_NOTE: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s+([^<>]*))?>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>|</?>|<\d[\d:.]*>|\{\\[^{}]*\}")
_PREFIX: Final = re.compile(
    r"^(?:>>\s*|-\s*)?(?:\[([^\[\]:\n]{1,40})\]|([^\W\d_][^:\n\[\]]{0,39})):\s+(?=\S)"
)
_MAX_NAME: Final = 4
"""Words of a speaker's name."""
_MIN_MENTIONS: Final = 2
"""Cues that must open with a mixed-case "Name:" before it is taken for a speaker."""
_ROLL_UP: Final = 1 / 3
"""Share of cues that repeat the line before from which captions are rolling up."""
_MIN_ROLLING: Final = 3
"""Cues that make a pattern."""
_MAX_OVERLAP: Final = 0.5
"""Seconds between two cues of rolling captions."""


@dataclass(frozen=True, slots=True)
class _Cue:
    start: float
    """Seconds."""
    end: float
    """Seconds."""
    lines: tuple[str, ...]


def read_subtitles(path: Path, reading: Reading) -> Document:
    """A subtitle file without its film. Raises `UnreadableFile`."""
    return assemble(path, "subtitles", read_cues(path), Metadata())


def read_cues(path: Path) -> tuple[Segment, ...]:
    """What is said in a subtitle file: segments with start, end and, where it is
    marked (`<v Name>`, "NAME: …"), the speaker; in order of time.

    A cue with two voices becomes two segments of the same time. Raises
    `DamagedFile` where there is no timing line, `NoTextFound` where nothing is
    said, `UnreadableFile` and `FileTooLarge`.
    """
    text = clean(decode(read_bytes(path), path))
    cues = list(_cues(text.split("\n")))
    if not cues:
        raise DamagedFile(
            f"{shown(path)} holds no subtitles: no line like 00:00:01,000 --> 00:00:02,000.",
            "Give it the ending of what it is.",
        )
    cues.sort(key=lambda cue: cue.start)
    segments = tuple(_segments(_without_roll_up(cues)))
    if not segments:
        raise NoTextFound(f"{shown(path)} has {len(cues)} cues, but no text in them.")
    return segments


def _cues(lines: list[str]) -> Iterator[_Cue]:
    """The cues of a file, each with all text up to the next timing line."""
    timings = [(n, match) for n, line in enumerate(lines) if (match := _TIMING.match(line))]
    ends = [*(n for n, _ in timings[1:]), len(lines)]
    for (n, match), end in zip(timings, ends, strict=False):
        start, stop = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
        below = [line.strip() for line in lines[n + 1 : end]]
        if end < len(lines):
            below = _without_identifier(below)
        yield _Cue(start, max(start, stop), tuple(_without_notes(below)))


def _without_identifier(lines: list[str]) -> list[str]:
    """Without the number or name of the following cue, which stands above its timing."""
    if lines and lines[-1] and (lines[-1].isdigit() or lines[-2:-1] == [""]):
        return lines[:-1]
    return lines


def _without_notes(lines: list[str]) -> Iterator[str]:
    """The lines that are text: a NOTE, STYLE or REGION block ends at a blank line."""
    blank, note = False, False
    for line in lines:
        if blank and _NOTE.match(line):
            note = True
        if not line:
            blank, note = True, False
        elif not note:
            blank = False
            yield line


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    milliseconds = int((fraction or "0").ljust(3, "0"))
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + milliseconds / 1000


def _without_roll_up(cues: list[_Cue]) -> Iterator[_Cue]:
    """Cues without the lines that rolling captions carry over from the one before."""
    repeats = sum(_rolls(before, cue) for before, cue in pairwise(cues))
    if repeats < _ROLL_UP * len(cues) or len(cues) < _MIN_ROLLING:
        yield from cues
        return
    yield cues[0]
    for before, cue in pairwise(cues):
        carried = set(map(_plain, before.lines)) if _rolls(before, cue) else set()
        lines = list(cue.lines)
        while lines and _plain(lines[0]) in carried:
            del lines[0]
        yield _Cue(cue.start, cue.end, tuple(lines))


def _rolls(before: _Cue, cue: _Cue) -> bool:
    if not before.lines or not cue.lines or cue.start - before.end > _MAX_OVERLAP:
        return False
    return _plain(cue.lines[0]) in map(_plain, before.lines)


def _plain(line: str) -> str:
    """A line without its styling."""
    return " ".join(html.unescape(_TAG.sub("", line.replace("\\N", " "))).split())


def _segments(cues: Iterable[_Cue]) -> Iterator[Segment]:
    turns = [(cue, *turn) for cue in cues for turn in _turns(cue)]
    mentions = Counter(_name(match) for *_, text in turns if (match := _PREFIX.match(text)))
    for cue, voice, text in turns:
        speaker, said = (voice, text) if voice else _prefixed(text, mentions)
        if said:
            yield Segment(said, start=cue.start, end=cue.end, speaker=speaker or None)


def _turns(cue: _Cue) -> Iterator[tuple[str, str]]:
    """(voice or "", text) of each voice in a cue."""
    parts = _VOICE.split("\n".join(cue.lines))
    voices = ["", *(label(html.unescape(name or "")) for name in parts[1::2])]
    for voice, marked in zip(voices, parts[0::2], strict=True):
        text = " ".join(filter(None, map(_plain, marked.split("\n"))))
        if text:
            yield voice, text


def _prefixed(text: str, mentions: Counter[str]) -> tuple[str, str]:
    """(speaker or "", what is said) of a text that may open with "NAME: "."""
    match = _PREFIX.match(text)
    if match is None or not _is_speaker(match, mentions):
        return "", text
    return label(_name(match)), text[match.end() :]


def _name(match: re.Match[str]) -> str:
    return match[1] or match[2]


def _is_speaker(match: re.Match[str], mentions: Counter[str]) -> bool:
    """Whether a prefix names who speaks: "[SPEAKER_01]", "DR. SMITH", or a name
    in mixed case that opens several cues.
    """
    name = _name(match)
    words = name.split()
    if match[1] or (name.isupper() and len(words) <= _MAX_NAME):
        return True
    capital = all(word[0].isupper() or word[0].isdigit() for word in words)
    return capital and len(words) <= _MAX_NAME and mentions[name] >= _MIN_MENTIONS

"""How segments of a document are laid out on lines of a width: pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from tui.text import clock, cut, lit, shown

if TYPE_CHECKING:
    from memex.types import Segment

HEARD: Final = 10
"""Cells before what was said: a bar and the time."""
WRITTEN: Final = 2
"""Cells before what is written: a bar."""
LONGEST: Final = 100
"""Cells of a line of text: longer ones are hard to read."""
LEAST: Final = 10
"""Cells of a line of text, where the screen is narrower than makes sense."""
VOICES: Final = ("$text-primary", "$text-success", "$text-secondary", "$text-error")
"""Colours of those who speak, by a hash of their name."""
MATCH: Final = "bold $text-accent"
SPOKEN: Final = "bold reverse"
QUIET: Final = "$foreground 55%"
AROUND: Final = "$foreground 75%"
"""What stands around the place that is looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown of a segment besides its text."""

    width: int
    target: bool = False
    """Whether it belongs to the place that is looked at."""
    words: frozenset[str] = frozenset()
    """Words to light there, in small letters."""
    at: float | None = None
    """The second that is played, where it lies in this segment."""


def segment_of(fields: Mapping[str, Any]) -> Segment:
    """A segment from the daemon's JSON."""
    from memex.types import Segment, Word  # noqa: PLC0415 (a screen is up before it is imported)

    return Segment(**{**fields, "words": tuple(Word(*word) for word in fields["words"])})


def laid_out(segment: Segment, before: Segment | None, look: Look) -> list[Content]:
    """The lines of a segment, behind what stands before it."""
    gutter = WRITTEN if segment.start is None else HEARD
    width = max(LEAST, min(LONGEST, look.width - gutter - 1))
    lines = list(_between(segment, before, gutter, width))
    texts = [line for text in _texts(segment, before, look) for line in text.wrap(width)]
    for number, text in enumerate(texts):
        lines.append(_gutter(segment, look, gutter, first=number == 0) + text)
    return lines


def _between(
    segment: Segment, before: Segment | None, gutter: int, width: int
) -> Iterator[Content]:
    """What parts a segment from the one before: a page's number, a heading, an empty line, which
    stands above a heading and not below it.
    """
    if segment.page is not None and (before is None or before.page != segment.page):
        yield Content("")
        yield Content.styled(f"{'':{gutter}}── page {segment.page} ──", QUIET)
    if segment.heading and (before is None or before.heading != segment.heading):
        if before is not None or not _is_heading(segment):
            yield Content("")
        if not _is_heading(segment):
            last = _heading(segment)
            yield Content(" " * gutter) + Content.styled(cut(last, width), "bold $text-primary")
    elif before is not None and _is_heading(before):
        return
    elif segment.start is None or (before is not None and before.speaker != segment.speaker):
        yield Content("")


def _heading(segment: Segment) -> str:
    """The innermost of those that a segment stands under."""
    return (segment.heading or "").split(" › ")[-1]


def _is_heading(segment: Segment) -> bool:
    """Whether it is the heading itself."""
    heading = _heading(segment)
    return heading != "" and heading.casefold() == segment.text.strip().casefold()


def _gutter(segment: Segment, look: Look, width: int, *, first: bool) -> Content:
    """What stands left of a line: whether it is looked at, or played; when it was said."""
    if look.at is not None:
        mark = Content.styled("▶" if first else "┃", "$text-success")
    else:
        mark = Content.styled("▌", "$accent") if look.target else Content(" ")
    time = clock(segment.start) if first and segment.start is not None else ""
    style = "$text-secondary" if look.target or look.at is not None else QUIET
    return mark + Content.styled(f"{time:>{width - 2}} ", style)


def _texts(segment: Segment, before: Segment | None, look: Look) -> Iterator[Content]:
    """The lines of a segment's own text, with what is lit in them."""
    marks = [*_matches(segment.text, look), *_spoken(segment, look)]
    who = segment.speaker if before is None or before.speaker != segment.speaker else None
    base = "bold $text-primary" if _is_heading(segment) else ""
    if not base and not look.target and look.at is None:
        base = AROUND
    at = 0
    for line in segment.text.splitlines(keepends=True) or [""]:
        text = line.rstrip("\r\n")
        here = [(max(0, start - at), end - at, style) for start, end, style in marks if end > at]
        said = lit(text, here).stylize_before(base) if base else lit(text, here)
        if who:
            colour = VOICES[sum(map(ord, who)) % len(VOICES)]
            said = Content.styled(f"{shown(who)}  ", f"bold {colour}") + said
            who = None
        yield said
        at += len(line)


def _matches(text: str, look: Look) -> Iterator[tuple[int, int, str]]:
    """Where the words of the query stand, in what is looked at."""
    if look.target and look.words:
        longest = sorted(look.words, key=len, reverse=True)
        for found in re.finditer("|".join(map(re.escape, longest)), text, re.IGNORECASE):
            yield found.start(), found.end(), MATCH


def _spoken(segment: Segment, look: Look) -> Iterator[tuple[int, int, str]]:
    """Where the word stands that is heard just now."""
    if look.at is None or not segment.words:
        return
    heard = bisect_right([word.start for word in segment.words], look.at) - 1
    at = 0
    for number, word in enumerate(segment.words):
        found = segment.text.find(word.text, at)
        if found < 0:
            continue
        at = found + len(word.text)
        if number == heard:
            yield found, at, SPOKEN
            return

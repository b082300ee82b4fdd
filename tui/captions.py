"""What was said lately, as captions tell it, and how it is laid out. Pure: no screen, no daemon.

A caption takes the place of the one before of the same utterance. Only so many are kept: the
rest is for search to find.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from textual.content import Content

from memex.live import Caption
from tui.layout import LEAST, LONGEST, QUIET, VOICES
from tui.text import cut, shown

MOST: Final = 500
"""Utterances that are kept; the oldest go first."""
GUTTER: Final = 11
"""Cells before what was said: a bar, the time."""
UNSETTLED: Final = "italic $foreground 50%"


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the talk: an utterance, or that some are missing."""

    at: datetime
    """When it began, in local time."""
    caption: Caption | None
    """None where captions are missing from then on."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from the others."""
        return self.caption.key if self.caption else ("missing", self.at.isoformat())


class Captions:
    """The latest utterances, in the order in which they began."""

    def __init__(self, most: int = MOST) -> None:
        """Nothing was said."""
        self.said: list[Said] = []
        self._most = most
        self._documents: dict[str, str] = {}
        """Where recordings are found, by their ids."""

    def take(self, caption: Caption) -> None:
        """Put a caption in its place. Where nothing was said after all, there is none."""
        if caption.document:
            self._documents[caption.recording] = caption.document
        self.said = [each for each in self.said if each.key != caption.key]
        if caption.settled.strip() or caption.open.strip():
            self._put(Said(datetime.fromisoformat(caption.at).astimezone(), caption))

    def miss(self, since: datetime) -> None:
        """Note that from a moment on captions are missing, where there are any before."""
        if self.said and self.said[-1].caption:
            self._put(Said(max(since, self.said[-1].at), None))

    def document(self, caption: Caption) -> str | None:
        """Where it is found, as far as this or another caption of its recording tells."""
        return caption.document or self._documents.get(caption.recording)

    def forget(self, documents: Set[str]) -> None:
        """Keep nothing of these documents, nor what may be of them."""
        self.said = [
            each
            for each in self.said
            if each.caption is None or (self.document(each.caption) or "") not in {"", *documents}
        ]

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise."""
        self.said = [
            replace(each, caption=replace(each.caption, speaker=now))
            if each.caption and each.caption.speaker == before
            else each
            for each in self.said
        ]

    def learn(self, recording: str, document: str) -> None:
        """Note where a recording is found."""
        self._documents[recording] = document

    def _put(self, said: Said) -> None:
        said_ = [*self.said]  # the one before is shown somewhere
        insort(said_, said, key=lambda each: each.at)
        self.said = said_[-self._most :]
        kept = {each.caption.recording for each in self.said if each.caption}
        self._documents = {id_: found for id_, found in self._documents.items() if id_ in kept}


@dataclass(frozen=True, slots=True)
class Line:
    """What is laid out: an utterance, and what there is to say by what stood before."""

    said: Said
    device: str = ""
    """Where it was heard, if that is another device than before."""
    speaker: str = ""
    """Who speaks, if that is somebody else than before."""


def lines_of(said: Sequence[Said]) -> Iterator[Line]:
    """The talk, as it is laid out."""
    device, speaker = "", None
    for each in said:
        caption = each.caption
        if caption is None:
            speaker = None
            yield Line(each)
            continue
        moved = bool(device) and caption.device != device
        told = caption.speaker if moved or caption.speaker != speaker else None
        yield Line(each, caption.device if moved else "", told or "")
        device, speaker = caption.device, caption.speaker


def laid_out(line: Line, width: int) -> list[Content]:
    """The lines on the screen, none wider; what has not settled is dim."""
    caption, within = line.said.caption, max(LEAST, min(LONGEST, width - GUTTER - 1))
    if caption is None:
        said = f"from {line.said.at:%H:%M:%S} on it was not shown; search finds what was said"
        return [Content.styled(cut(f"  ── {said} ──", width), QUIET)]
    text = Content(shown(caption.settled.strip()))
    if caption.open.strip():
        gap = " " if caption.settled.strip() else ""
        text = text + Content.styled(gap + shown(caption.open.strip()), UNSETTLED)
    if line.speaker:
        colour = VOICES[sum(map(ord, line.speaker)) % len(VOICES)]
        text = Content.styled(f"{shown(line.speaker)}  ", f"bold {colour}") + text
    lines = [
        Content.styled(f"  {line.said.at:%H:%M:%S} " if first else " " * GUTTER, QUIET) + part
        for first, part in _first(text.wrap(within))
    ]
    if line.device:
        heard = Content.styled(cut(f"  ── {line.device} ──", width), QUIET)
        return [heard, *lines]
    return lines


def _first(lines: list[Content]) -> Iterator[tuple[bool, Content]]:
    for number, line in enumerate(lines):
        yield number == 0, line

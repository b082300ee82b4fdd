"""What is found, in words: a line each, for who hears it or reads it with the fingers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from tui.findings import Place
from tui.text import shown

SURE: Final = ("low", "fair", "good", "high")
"""By quarters of the best hit's score."""
NUMBER: Final = re.compile(r" ?\[(\d+)\]")


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def moment(seconds: float) -> str:
    """Seconds of a recording: 1 hour 2 minutes 7 seconds."""
    whole = int(seconds)
    parts = ((whole // 3600, "hour"), (whole // 60 % 60, "minute"), (whole % 60, "second"))
    return " ".join(counted(count, unit) for count, unit in parts if count) or "the beginning"


def date(time: str | None) -> str:
    """An ISO time as a local day: 3 May 2026; "" where there is none."""
    if not time:
        return ""
    at = datetime.fromisoformat(time).astimezone()
    return f"{at.day} {at:%B %Y}"


def sure(share: float) -> str:
    """How sure a hit is, beside the best one."""
    return SURE[max(1, round(share * len(SURE))) - 1]


def text(said: str) -> str:
    """Text of a document on one line."""
    return shown(" ".join(said.split()))


def place(of: Place) -> str:
    """Where something stands."""
    heading = (of.heading or "").split(" › ")[-1]
    parts = (
        of.kind.capitalize(),
        of.title,
        heading if heading != of.title else "",
        of.speaker or "",
        f"at {moment(of.start)}" if of.heard and of.start else "",
        f"page {of.page}" if of.page is not None else "",
        date(of.said_at),
    )
    return ", ".join(text(part) for part in parts if part)


def hit(of: Place, count: int) -> str:
    """A hit among so many. The heading that its text begins with is said once."""
    first, _, rest = of.text.partition("\n")
    said = rest if rest and (of.heading or "").endswith(first) else of.text
    return f"{of.n} of {count}. {place(of)}. “{text(said)}” sure: {sure(of.share)}."


def source(of: Place, count: int) -> str:
    """What an answer quotes."""
    return f"Source {of.n} of {count}. {place(of)}. “{text(of.text)}”"


def answer(of: Mapping[str, Any]) -> Iterator[str]:
    """An answer: what was understood, and the paragraphs that it has."""
    if of.get("understood"):
        yield f"Understood as: {text(of['understood'])}"
    for paragraph in NUMBER.sub(r" (source \1)", of["answer"]).splitlines():
        if paragraph.strip():
            yield text(paragraph)


def segment(of: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """A stretch of a document after another one: who speaks, and when, where that is new."""

    def new(name: str) -> bool:
        return bool(of[name]) and (before is None or before[name] != of[name])

    who = text(of["speaker"]) if new("speaker") else ""
    when = moment(of["start"]) if of["start"] is not None else ""
    page = f"page {of['page']}" if new("page") else ""
    told = ", ".join(part for part in (who, when, page) if part)
    return f"{told}: {text(of['text'])}" if told else text(of["text"])

"""The project's samples, as documents of the set: its owner keeps them too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from evals.sets.own.source import Line, Piece, Topic, read_topic

REPOSITORY: Final = Path(__file__).resolve().parents[3]
SAMPLES: Final = (
    ("long-trail", "docs/samples/the-long-trail.txt", "podcast", "The Long Trail", "2026-03-02"),
    ("bread-shelf", "docs/samples/the-bread-shelf.md", "book", "The Bread Shelf", "2026-03-22"),
    (
        "minutes",
        "docs/samples/allotment-minutes.txt",
        "note",
        "Millbrook Lane Allotment Society: winter meeting",
        "2026-01-30",
    ),
    (
        "look-up",
        "memex/samples/things-to-look-up.md",
        "note",
        "Things I always have to look up",
        "2026-02-08",
    ),
)
"""Name, file, form, title, and the day on which it came into the memory."""
FRONT: Final = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def paragraphs(text: str) -> list[str]:
    """The blocks of a text, on one line each, without front matter and heading marks."""
    blocks = re.split(r"\n\s*\n", FRONT.sub("", text))
    return [joined for block in blocks if (joined := " ".join(block.lstrip("# ").split()))]


def turns(text: str) -> list[Line]:
    """The lines of the episode: who speaks, and what; chapter headings are left out."""
    found = [
        line.partition(": ") for line in text.splitlines() if line and not line.startswith("#")
    ]
    return [Line(speaker.title(), words, None) for speaker, _, words in found]


def samples_topic() -> Topic:
    """All samples, with the questions of `samples.q`."""
    asked = read_topic(Path(__file__).with_name("text") / "samples.q")
    pieces = []
    for name, file, form, title, day in SAMPLES:
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        lines = (
            turns(text)
            if form == "podcast"
            else [Line(None, block, None) for block in paragraphs(text)]
        )
        pieces.append(Piece(name, form, title, f"{day}T19:00:00", spoken=False, lines=lines))
    return Topic(asked.name, asked.split, tuple(pieces), asked.questions)

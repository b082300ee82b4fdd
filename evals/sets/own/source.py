"""The text files that the set is kept in, read into topics.

A file of `text/` is one topic:

    topic organs
    split test

    = loft | talk | In the organ loft | 2025-06-14T11:00 | spoken
    Marek [bellows]: The bellows are older than the pipes.

    ? said-by | what did Marek say about the bellows | older than the pipes | bellows

A line that begins with `=` opens a document: name, form, title, time, and words
after that: `spoken` (it was said aloud and recognised) and `from=NAME` (who wrote a
mail). Each line under it is a unit, with its speaker where the form has speakers; a
word in brackets is a tag that questions point at. `?` opens a question: category,
words, answer (`;;` between equally good ones), evidence, and when it was asked;
`!` one that the memory cannot answer: kind, words, the trap, the unit that the trap
stands in, when. Evidence is a list of tags, `topic.tag` in another topic, or `~` and
words that stand in one unit only. `{wrong=right}` in a question is a name that is
misspelt, `{name}` one that only recognised speech has, misheard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FORMS: Final = {
    "talk": "conversation",
    "call": "conversation",
    "chat": "conversation",
    "memo": "conversation",
    "meeting": "meeting",
    "podcast": "podcast",
    "aloud": "asr-reading",
    "note": "reading",
    "diary": "reading",
    "mail": "reading",
    "article": "reading",
    "book": "reading",
    "film": "reading",
}
"""What a document is, and the kind of the set's form that it counts as."""
SPEAKERS: Final = frozenset({"talk", "call", "chat", "memo", "meeting", "podcast"})
"""Forms whose lines begin with who says them."""
SPOKEN_LINE: Final = re.compile(r"(?P<speaker>[^:\[]+?)(?: \[(?P<tag>[\w-]+)\])?: (?P<text>.+)")
READ_LINE: Final = re.compile(r"(?:\[(?P<tag>[\w-]+)\] )?(?P<text>.+)")
FIELDS: Final = 5
"""Of a question: category, words, answer, evidence, when (may be left out)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A unit as it is written."""

    speaker: str | None
    text: str
    tag: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A document: a conversation, a mail, a chapter."""

    name: str
    form: str
    title: str
    time: str
    """Local ISO time."""
    spoken: bool
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is written."""

    answerable: bool
    category: str
    """Of one that cannot be answered: "absent" or "swapped"."""
    text: str
    answers: tuple[str, ...]
    """Of one that cannot be answered: the trap."""
    evidence: tuple[str, ...]
    asked_at: str | None


@dataclass(frozen=True, slots=True)
class Topic:
    """A file of the set."""

    name: str
    split: str
    """"train" or "test"."""
    pieces: tuple[Piece, ...]
    questions: tuple[Question, ...]


def read_topic(path: Path) -> Topic:
    """Read one file. Raises `ValueError`, with file and line, where it is malformed."""
    words: dict[str, str] = {}
    pieces: list[Piece] = []
    questions: list[Question] = []
    sender: str | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.name}:{number}"
        if not line.strip():
            continue
        if line.startswith("= "):
            piece, sender = _piece(line[2:], where)
            pieces.append(piece)
        elif line[:2] in ("? ", "! "):
            questions.append(_question(line, where))
        elif not pieces:
            key, _, value = line.partition(" ")
            words[key] = value
        else:
            pieces[-1].lines.append(_line(line, pieces[-1].form, sender, where))
    return Topic(words["topic"], words["split"], tuple(pieces), tuple(questions))


def _piece(line: str, where: str) -> tuple[Piece, str | None]:
    name, form, title, time, *rest = (part.strip() for part in line.split("|"))
    if form not in FORMS:
        raise ValueError(f"{where}: no form is called “{form}”.")
    flags = rest[0].split(" ", 1) if rest else []
    sender = next((flag.removeprefix("from=") for flag in rest if flag.startswith("from=")), None)
    return Piece(name, form, title, f"{time}:00", "spoken" in flags), sender


def _line(line: str, form: str, sender: str | None, where: str) -> Line:
    pattern = SPOKEN_LINE if form in SPEAKERS else READ_LINE
    found = pattern.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"{where}: nobody says this.")
    speaker = found["speaker"] if form in SPEAKERS else sender
    return Line(speaker, found["text"], found["tag"])


def _question(line: str, where: str) -> Question:
    parts = [part.strip() for part in line[2:].split("|")]
    if not FIELDS - 1 <= len(parts) <= FIELDS:
        raise ValueError(f"{where}: a question has four or five parts.")
    category, text, answer, evidence = parts[:4]
    pattern = r"~[^,]+|[\w.-]+"
    return Question(
        answerable=line.startswith("?"),
        category=category,
        text=text,
        answers=tuple(part.strip() for part in answer.split(";;")),
        evidence=tuple(found.strip() for found in re.findall(pattern, evidence)),
        asked_at=f"{parts[4]}:00" if len(parts) == FIELDS else None,
    )

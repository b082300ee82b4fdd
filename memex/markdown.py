"""A document as Markdown that a person reads, and that `memex add` can read again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import yaml

from memex.terminal import clock
from memex.wire import Json

JOINT: Final = " › "
"""Between nested headings."""
DEEPEST: Final = 6
_MARKS: Final = re.compile(r"[\\`*_\[\]<>~|]|&(?=[#\w]+;)")
_AT_START: Final = re.compile(r"^(\s*)(#|[-+=](?=[\s\-+=]|$))", re.MULTILINE)
_NUMBERED: Final = re.compile(r"^(\s*\d{1,9})([.)])(?=\s|$)", re.MULTILINE)


def front_matter(document: Json) -> str:
    """What the document is: YAML between two lines "---"."""
    facts: dict[str, Any] = {
        "title": document["title"],
        "author": document["author"],
        "created": document["created_at"],
        "language": document["language"],
        "id": document["id"],
        "kind": document["kind"],
        "uri": document["uri"],
        "source": document["source"],
        "duration": document["duration"],
        **{f"memex {name}": value for name, value in document["attributes"].items()},
        "copies": [_copy(copy) for copy in document["copies"]],
        "versions": document["versions"],
        "heard again": [_without_nothing(echo) for echo in document.get("echoes", ())],
        "heard meanwhile": [_without_nothing(echo) for echo in document.get("overheard", ())],
    }
    known = {name: value for name, value in facts.items() if value not in (None, [], "")}
    text = yaml.safe_dump(known, allow_unicode=True, sort_keys=False, width=1_000)
    return f"---\n{text}---\n\n"


def _copy(copy: Json) -> Json:
    names = ("uri", "size", "sha256", "added_at", "replaced_at", "missing_since")
    return {name: copy[name] for name in names if copy[name] is not None}


def _without_nothing(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def markdown(document: Json) -> str:
    """The text: headings, paragraphs, and for what was said times and speakers."""
    return "\n\n".join(_blocks(document["segments"])) + "\n"


def _blocks(segments: list[Json]) -> Iterator[str]:
    page = None
    outline: list[str] = []
    for heading, under in groupby(segments, key=lambda segment: segment["heading"]):
        group = list(under)
        path = heading.split(JOINT) if heading else []
        if path and group[0]["text"].strip() != path[-1].strip():
            yield from _headings(outline, path)
        outline = path
        for number, segment in enumerate(group):
            if segment["page"] is not None and segment["page"] != page:
                page = segment["page"]
                yield f"[p. {page}]"
            if number == 0 and path and segment["text"].strip() == path[-1].strip():
                yield f"{'#' * min(len(path), DEEPEST)} {_flat(path[-1])}"
            elif segment["start"] is not None:
                yield _said(segment)
            else:
                yield _escaped(segment["text"])


def _headings(before: list[str], path: list[str]) -> Iterator[str]:
    """The headings that are new."""
    same = 0
    while same < min(len(before), len(path) - 1) and before[same] == path[same]:
        same += 1
    for level in range(same, len(path)):
        yield f"{'#' * min(level + 1, DEEPEST)} {_flat(path[level])}"


def _said(segment: Json) -> str:
    who = f"**{_flat(segment['speaker'])}:** " if segment["speaker"] else ""
    return f"`{clock(segment['start'])}` {who}{_escaped(segment['text'])}"


def _flat(text: str) -> str:
    return " ".join(_escaped(text).split())


def _escaped(text: str) -> str:
    """Text whose signs say nothing to Markdown, nor to a terminal."""
    lines = "\n".join(line.strip() for line in _visible(text).splitlines() if line.strip())
    marked = _MARKS.sub(lambda found: f"\\{found[0]}", lines)
    marked = _AT_START.sub(r"\1\\\2", marked)
    return _NUMBERED.sub(r"\1\\\2", marked)


def _visible(text: str) -> str:
    """Text without control characters, but for the ends of lines."""
    spaced = text.expandtabs(4)
    return "".join(
        char for char in spaced if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"}
    )

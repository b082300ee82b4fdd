"""Markdown (CommonMark and tables): text without markup, headings, line numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.readers.assembly import Metadata, assemble, moment
from ingest.readers.blocks import CELL_SEPARATOR, blocks, parse_html
from ingest.readers.bounds import MEBIBYTE, read_bytes
from ingest.readers.headings import Outline
from ingest.readers.plain import plain_segments
from ingest.readers.text import clean, decode
from ingest.reading import Reading
from memex.types import Document, Segment

_MAX_NESTING: Final = 60
"""Lists in lists in quotes; a file that goes deeper is read as plain text."""
_MAX_LENGTH: Final = 8 * MEBIBYTE
"""Characters up to which structure is looked for (2 s per MiB)."""
_MAX_BLOCK: Final = 100_000
"""Characters of a paragraph up to which structure is looked for: the parser's time
grows with the square of a line of brackets."""
_MAX_FRONT_MATTER: Final = 64 * 1024
"""Characters."""
_NAMED: Final = frozenset({"title", "author", "authors", "lang", "language", "date", "created"})


def read_markdown(path: Path, reading: Reading) -> Document:
    """A Markdown file. Raises `UnreadableFile`."""
    text = clean(decode(read_bytes(path), path))
    front, body, line = _split(text)
    return assemble(path, "note", markdown_segments(body, line), _metadata(front))


def markdown_segments(text: str, first_line: int = 1) -> Iterator[Segment]:
    """The headings, paragraphs, items, code blocks and table rows of a Markdown
    text, lines counted from `first_line`. What is too large for the parser is read as
    plain text.
    """
    if len(text) > _MAX_LENGTH or max(map(len, text.split("\n\n"))) > _MAX_BLOCK:
        yield from plain_segments(text, first_line)
        return
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    tokens = parser.enable(["table", "strikethrough"]).parse(text)
    if max((token.level for token in tokens), default=0) >= _MAX_NESTING - 1:
        yield from plain_segments(text, first_line)
        return
    outline = Outline()
    row: list[str] | None = None
    line = first_line
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.map is not None:
            line = first_line + token.map[0]
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield Segment(CELL_SEPARATOR.join(filter(None, row)), heading=outline.path, line=line)
            row = None
        elif row is not None and token.type == "inline":
            row.append(_inline(token.children or ()).replace("\n", " "))
        else:
            for said in _texts(token):
                if before is not None and before.type == "heading_open":
                    outline.enter(int(before.tag[1:]), said)
                yield Segment(said, heading=outline.path, line=line)


def _texts(token: Token) -> Iterator[str]:
    """What a token outside tables says."""
    if token.type == "inline":
        yield _inline(token.children or ())
    elif token.type in {"fence", "code_block"}:
        yield token.content.strip("\n")
    elif token.type == "html_block":
        tree = parse_html(token.content)
        yield from (block.text for block in (blocks(tree) if tree is not None else ()))


def _inline(tokens: Sequence[Token]) -> str:
    """The words of a line: links keep their text, images their description."""
    parts: list[str] = []
    for token in tokens:
        if token.type in {"text", "code_inline", "text_special"}:
            parts.append(token.content)
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "hardbreak" or token.content.lower().startswith("<br"):
            parts.append("\n")
        elif token.type == "image":
            parts.append(_inline(token.children or ()))
    return "".join(parts).strip()


def _split(text: str) -> tuple[Mapping[str, object], str, int]:
    """(front matter, the rest, the line it begins at). What is no YAML is text."""
    if not text.startswith("---"):
        return {}, text, 1
    end = text.find("\n---", 3)
    if not 0 < end < _MAX_FRONT_MATTER:
        return {}, text, 1
    try:
        front, body = frontmatter.parse(text, handler=YAMLHandler())
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return {}, text, 1
    if not front:
        return {}, text, 1
    start = text.rfind(body) if body else len(text)
    return front, body, 1 + text.count("\n", 0, start)


def _metadata(front: Mapping[str, object]) -> Metadata:
    values = {str(key).lower(): value for key, value in front.items()}
    return Metadata(
        title=_words(values.get("title")),
        author=_words(values.get("author") or values.get("authors")),
        language=_words(values.get("lang") or values.get("language")),
        created_at=moment(values.get("date") or values.get("created")),
        attributes={key: _words(value) for key, value in values.items() if key not in _NAMED},
    )


def _words(value: object) -> str:
    """A value, or a list of values, in words; deeper structures are left out."""
    if isinstance(value, list):
        return ", ".join(filter(None, (_words(v) for v in value[:50] if not isinstance(v, list))))
    if isinstance(value, dict):
        return str(value["name"]) if isinstance(value.get("name"), str) else ""
    return "" if value is None else str(value)

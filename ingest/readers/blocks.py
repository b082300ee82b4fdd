"""Marked-up text (HTML, XHTML) to blocks: headings, paragraphs, items, table rows."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from ingest.readers.bounds import MAX_SEGMENT
from ingest.readers.text import clean, one_line

HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
CELL_SEPARATOR: Final = " | "
"""What divides the cells of a table row."""

_BLOCK_TAGS: Final = """
address article aside blockquote body caption center dd details dialog dir div dl dt
fieldset figcaption figure footer form header hr legend li main menu nav ol optgroup
option p pre section summary table tbody tfoot thead title tr ul"""
_BLOCKS: Final = frozenset((*_BLOCK_TAGS.split(), *HEADINGS))
_UNSEEN_TAGS: Final = """
audio button canvas datalist embed iframe input map math noframes object progress
rp rt script select style svg template textarea video"""
_UNSEEN: Final = frozenset(_UNSEEN_TAGS.split())
_NO_ROW: Final = ("table", *HEADINGS)
"""What a table row does not hold, unless the table only serves the layout."""
_ENTITY: Final = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_DTD: Final = re.compile(rb"<!DOCTYPE[^\[>]{0,400}\[", re.IGNORECASE)
_DTD_END: Final = re.compile(rb"\]\s{0,40}>")
_HEAD: Final = 4096
"""Bytes in which the document type stands."""
_LOCAL_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*$")
_XML_ENTITIES: Final = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text that stands by itself."""

    text: str
    level: int = 0
    """Of a heading, 1 to 6; 0 for everything else."""
    anchors: tuple[str, ...] = ()
    """The ids that links can point to, from the block before up to this one."""
    linked: int = 0
    """Characters of the text that are links."""


def parse_html(text: str) -> HtmlElement | None:
    """The tree of an HTML page, however crooked; None where there is nothing."""
    parser = HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    parser.feed(_without_dtd(text.encode("utf-8", "replace")))
    try:
        root = parser.close()
    except etree.XMLSyntaxError:
        return None
    return root if isinstance(root, HtmlElement) else None


def parse_xml(data: bytes, *, recover: bool = False) -> etree._Element | None:
    """The tree of an XML file, without namespaces; None where there is nothing.

    No entity is expanded, but for the named characters of HTML; no document type
    is believed, nothing is fetched. Raises `lxml.etree.XMLSyntaxError`, but with `recover`.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, recover=recover,
    )  # fmt: skip
    parser.feed(_ENTITY.sub(_character, _without_dtd(data)))
    root = parser.close()
    if root is not None:
        for element in root.iter(etree.Element):
            name = _LOCAL_NAME.search(str(element.tag))
            element.tag = name[0] if name else "unknown"
    return root


def _without_dtd(data: bytes) -> bytes:
    """A file without a document type that declares entities of its own."""
    start = _DTD.search(data, 0, _HEAD)
    end = _DTD_END.search(data, start.end()) if start else None
    return data[: start.start()] + data[end.end() :] if start and end else data


def _character(match: re.Match[bytes]) -> bytes:
    """A named character of HTML as a numeric one, which XML knows too."""
    name = match[1]
    text = None if name in _XML_ENTITIES else html.entities.html5.get(f"{name.decode()};")
    return "".join(f"&#{ord(c)};" for c in text).encode() if text else match[0]


@dataclass(slots=True)
class _Collector:
    """The block that is being put together."""

    parts: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    filled: bool = False
    """Whether a part says anything."""
    preformatted: int = 0
    """Open `pre` elements."""
    links: int = 0
    """Open `a` elements."""
    linked: int = 0
    """Characters in `a` elements."""
    row: etree._Element | None = None
    """The open table row: its cells are one block."""

    def add(self, text: str | None) -> None:
        if text:
            self.parts.append(text if self.preformatted else _SPACE.sub(" ", text))
            words = text.strip()
            self.filled = self.filled or bool(words)
            self.linked += len(words) if self.links else 0

    def flush(self, level: int = 0) -> Iterator[Block]:
        """What has come together so far, if it says anything."""
        raw = clean("".join(self.parts))
        self.parts.clear()
        if self.preformatted:
            text = raw.strip("\n").rstrip()
        else:
            lines = map(one_line, raw.strip().split("\n"))
            text = "\n".join(line for line in lines if line)
        if text.strip(CELL_SEPARATOR):
            text = one_line(text) if level else text
            yield Block(text, level, tuple(self.anchors), self.linked)
            self.anchors.clear()
        self.linked = 0
        self.filled = False


def blocks(root: etree._Element, skipped: frozenset[str] = frozenset()) -> Iterator[Block]:
    """The blocks of a tree without namespaces, in order. Elements whose tag is
    in `skipped` are left out, and so is what no reader of the page sees.
    """
    collector = _Collector()
    stack = [(root, False)]
    while stack:
        node, closing = stack.pop()
        if closing:
            yield from _close(collector, node)
        elif not isinstance(node.tag, str) or node.tag in skipped or _unseen(node):
            pass
        else:
            yield from _open(collector, node)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node))
            continue
        if node is not root:
            collector.add(node.tail)
    yield from collector.flush()


def _unseen(node: etree._Element) -> bool:
    return (
        node.tag in _UNSEEN
        or node.get("hidden") is not None
        or node.get("aria-hidden") == "true"
        or "display:none" in (node.get("style") or "").replace(" ", "")
    )


def _open(collector: _Collector, node: etree._Element) -> Iterator[Block]:
    if node.tag in _BLOCKS:
        if collector.row is not None:
            collector.add(" ")
        else:
            yield from collector.flush()
    anchor = node.get("id") or (node.get("name") if node.tag == "a" else None)
    if anchor:
        collector.anchors.append(anchor)
    if node.tag == "a":
        collector.links += 1
    elif node.tag == "pre":
        collector.preformatted += 1
    elif node.tag == "br":
        collector.parts.append("\n")
    elif node.tag == "img":
        collector.add(node.get("alt"))
    elif node.tag == "tr" and collector.row is None and _is_row(node):
        collector.row = node
    elif node.tag in {"td", "th"} and collector.filled:
        collector.parts.append(CELL_SEPARATOR)
    collector.add(node.text)


def _close(collector: _Collector, node: etree._Element) -> Iterator[Block]:
    if node is collector.row:
        collector.row = None
    if node.tag in _BLOCKS and collector.row is None:
        yield from collector.flush(HEADINGS.get(str(node.tag), 0))
    elif node.tag in _BLOCKS:
        collector.add(" ")
    if node.tag == "pre":
        collector.preformatted -= 1
    elif node.tag == "a":
        collector.links -= 1


def _is_row(node: etree._Element) -> bool:
    """Whether a `tr` is a row of data: short, without tables or headings inside."""
    if next(node.iterdescendants(*_NO_ROW), None) is not None:
        return False
    length = 0
    for text in node.itertext():
        length += len(text)
        if length > MAX_SEGMENT // 4:
            return False
    return True

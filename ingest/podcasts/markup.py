"""XML from strangers: what can be read of it, without entities and the network."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree

from ingest.podcasts.errors import Malformed, TooLarge
from ingest.readers.text import decode
from memex.errors import DamagedFile

_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_DECLARATION: Final = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""", re.IGNORECASE
)
_DTD: Final = re.compile(r"<!DOCTYPE[^\[>]{0,1000}(?:>|\[)", re.IGNORECASE)
_DTD_END: Final = re.compile(r"\]\s{0,40}>")
_HEAD: Final = 16_384
"""Characters in which a document type begins."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]")
_PREFIXES: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
"""Namespaces that feeds use without declaring them."""
MAX_TAGS: Final = 1_500_000
"""Opening and closing ones, of a document."""
_REFERENCE: Final = re.compile(r"&(?:#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));|([A-Za-z]\w{1,31};)?)")
_IMPOSSIBLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAX_CHARACTER: Final = 0x10FFFF


def parse(
    data: bytes, content_type: str | None = None, *, max_tags: int = MAX_TAGS
) -> etree._Element | None:
    """The tree of a document with its namespaces, slips forgiven; None where there
    is nothing of XML in it.

    No document type is believed and no entity expanded but the named characters of
    HTML. The encoding is that of the byte order mark, of the XML declaration, or of
    the Content-Type, else a guess. Raises `Malformed` where the bytes are no text,
    `TooLarge` where they would grow into a tree that fills the memory.
    """
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
        dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True,
        recover=True,
    )  # fmt: skip
    text = _IMPOSSIBLE.sub("", _without_dtd(text_of(data, content_type)))
    parser.feed(_with_numbers(text, max_tags).lstrip().encode("utf-8", "replace"))
    try:
        root: etree._Element | None = parser.close()
    except etree.XMLSyntaxError:
        return None
    if root is not None:
        _bind(root)
    return root


def is_well_formed(data: bytes) -> bool:
    """Whether a strict parser reads a document."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return False
    return True


def text_of(data: bytes, content_type: str | None = None) -> str:
    """Bytes as text. Raises `Malformed`."""
    inside = _DECLARATION.search(data[:400])
    outside = _CHARSET.search(content_type or "")
    declared = inside[1].decode("ascii", "replace") if inside else outside and outside[1]
    try:
        return decode(data, Path("answer"), declared)
    except DamagedFile as error:
        raise Malformed(
            "What came is no text: it seems to be binary data.", "Check the address."
        ) from error


def name_of(element: etree._Element) -> str:
    """An element's name in lower case, without its namespace or prefix."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def elements(root: etree._Element) -> Iterator[etree._Element]:
    """All elements of a tree; what is left of entities is none."""
    return root.iter(etree.Element)


def _without_dtd(text: str) -> str:
    """A document without its type, and so without entities of its own."""
    start = _DTD.search(text, 0, _HEAD)
    if start is None:
        return text
    if start[0].endswith(">"):
        return text[: start.start()] + text[start.end() :]
    end = _DTD_END.search(text, start.end())
    return text[: start.start()] + (text[end.end() :] if end else "")


def _with_numbers(text: str, max_tags: int) -> str:
    """A document whose references to characters are all by number: once libxml2 has
    met a slip it leaves out named ones, "&lt;" too. Raises `TooLarge`.
    """
    parts = []
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", start)) >= 0:
        parts += [_REFERENCE.sub(_numbered, text[at:start]), text[start:end]]
        at = end
    parts.append(_REFERENCE.sub(_numbered, text[at:]))
    if sum(part.count("<") for part in parts[::2]) > max_tags:
        raise TooLarge(f"What came has more than {max_tags:,} tags.", "Tell the publisher.")
    return "".join(parts)


def _numbered(match: re.Match[str]) -> str:
    """A reference as numbers; what is none as the letters that it is written in."""
    hexadecimal, decimal, name = match.groups()
    if name:
        characters = html.entities.html5.get(name)
        return "".join(f"&#{ord(c)};" for c in characters) if characters else f"&#38;{name}"
    if not hexadecimal and not decimal:
        return "&#38;"
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    possible = code <= _MAX_CHARACTER and not _IMPOSSIBLE.match(chr(code))
    return match[0] if possible else ""


def _bind(root: etree._Element) -> None:
    """Give names whose prefix was never declared the namespace that everybody means,
    or no prefix, and every attribute once, so that a strict parser reads what is
    written of the tree.
    """
    for element in root.iter(etree.Element):
        tag = str(element.tag)
        if _is_unbound(tag):
            element.tag = _bound(tag)
        names = [str(name) for name in element.keys()]  # noqa: SIM118 - with those met twice
        if len(set(names)) < len(names) or any(map(_is_unbound, names)):
            values = [str(value) for value in element.values()]
            element.attrib.clear()
            for name, value in zip(names, values, strict=True):
                element.set(_bound(name) if _is_unbound(name) else name, value)


def _is_unbound(name: str) -> bool:
    return ":" in name and not name.startswith("{")


def _bound(name: str) -> str:
    prefix, _, local = name.partition(":")
    space = _PREFIXES.get(prefix.lower())
    if space and _NAME.fullmatch(local):
        return f"{{{space}}}{local}"
    return "_" + _NO_NAME.sub("_", name)

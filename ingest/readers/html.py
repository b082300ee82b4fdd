"""HTML pages: the main text, without menus, banners and comments."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from ingest.readers.assembly import Metadata, assemble, moment
from ingest.readers.blocks import Block, blocks, parse_html
from ingest.readers.bounds import MEBIBYTE, read_bytes
from ingest.readers.headings import folded, segments_under
from ingest.readers.text import decode, one_line
from ingest.reading import Reading
from memex.types import Document

_CHARSET: Final = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
_XML_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]{2,40})""")
_HEAD: Final = 4096
"""Bytes in which a page declares its encoding."""
_FURNITURE: Final = frozenset({"nav", "aside", "footer", "form", "dialog", "menu", "title"})
"""Elements of the page that are not its text."""
_ALL: Final = 0.98
"""Share of the page's text from which the page is nothing but its main text."""
_MOST: Final = 0.9
"""Share of the main text that must be found again among the page's blocks."""
_TELLING: Final = 25
"""Letters of a block that are not met twice by chance."""
_MENU: Final = 0.5
"""Share of links in a block from which it is a menu."""
_NEAR: Final = 5
"""Blocks before the main text among which its title is looked for."""
_ROLES: Final = frozenset(
    {"navigation", "banner", "contentinfo", "search", "complementary", "menu", "dialog", "alert"}
)
_MAX_EXTRACTED: Final = MEBIBYTE
"""Characters up to which the main text is looked for; longer pages are books."""
_MAX_ELEMENTS: Final = 40_000
"""Elements of a page up to which the extractor is asked; its time is bounded so."""
_TAGS: Final = {
    "item": "li", "row": "tr", "cell": "td", "lb": "br", "quote": "blockquote", "list": "ul",
    "code": "pre",
}  # fmt: skip
"""What trafilatura's own markup means in HTML."""


def read_html(path: Path, reading: Reading) -> Document:
    """A saved web page. Raises `UnreadableFile`."""
    data = read_bytes(path)
    text = decode(data, path, _declared(data[:_HEAD]))
    tree = parse_html(text)
    if tree is None:
        return assemble(path, "web", (), Metadata())
    return assemble(path, "web", segments_under(_main_blocks(tree)), _metadata(tree))


def _declared(head: bytes) -> str | None:
    match = _CHARSET.search(head) or _XML_ENCODING.match(head)
    return match[1].decode("ascii", "replace") if match else None


def _main_blocks(tree: HtmlElement) -> list[Block]:
    """The page's own blocks that belong to its main text, as the extractor tells;
    all of them where the page holds nothing else.
    """
    for element in tree.iter("div", "section", "header", "ul", "p"):
        if element.get("role") in _ROLES or element.get("title") in {"header", "footer"}:
            element.set("hidden", "hidden")
    page = list(blocks(tree, _FURNITURE))
    main = list(_extracted(tree)) if _size(page) < _MAX_EXTRACTED and _is_small(tree) else []
    if not main or _size(main) >= _ALL * _size(page):
        return page
    kept = list(_surrounded(page, main))
    return kept if _size(kept) >= _MOST * _size(main) else main


def _surrounded(page: list[Block], main: list[Block]) -> Iterator[Block]:
    """The blocks of the page from the first to the last of the main text.

    The extractor leaves out headings and lists that it takes for menus: what
    stands between its blocks and is not made of links is kept, and so are a
    title before them and what follows them up to the next heading or link.
    """
    text = "\n".join(folded(block.text) for block in main)
    exact = frozenset(text.split("\n"))
    known = [n for n, block in enumerate(page) if _is_known(folded(block.text), text, exact)]
    main_text = frozenset(known)
    if not known:
        return
    before = range(known[0] - 1, max(-1, known[0] - _NEAR - 1), -1)
    first = next((n for n in before if page[n].level == 1), known[0])
    for n, block in enumerate(page[first : known[-1] + 1], first):
        if n in main_text or block.level or block.linked < _MENU * len(block.text):
            yield block
    after = page[known[-1] + 1 : known[-1] + 1 + 2 * _NEAR]
    yield from takewhile(lambda block: not block.level and not block.linked, after)


def _is_known(block: str, text: str, exact: frozenset[str]) -> bool:
    """Whether a block of the page is part of the main text, both folded."""
    return block in exact or (len(block) >= _TELLING and block in text)


def _size(found: list[Block]) -> int:
    return sum(len(block.text) for block in found)


def _is_small(tree: HtmlElement) -> bool:
    return sum(1 for _ in islice(tree.iter(), _MAX_ELEMENTS)) < _MAX_ELEMENTS


def _extracted(tree: HtmlElement) -> Iterator[Block]:
    result = trafilatura.bare_extraction(
        copy.deepcopy(tree), include_comments=False, include_tables=True, include_formatting=False
    )
    body = getattr(result, "body", None)
    if body is None:
        return
    for element in body.iter(etree.Element):
        if element.tag == "head":
            element.tag = element.get("rend") or "h2"
        elif element.tag == "code" and "\n" not in "".join(element.itertext()):
            element.tag = "span"
        else:
            element.tag = _TAGS.get(element.tag, element.tag)
    yield from blocks(body)


def _metadata(tree: HtmlElement) -> Metadata:
    found = trafilatura.extract_metadata(
        copy.deepcopy(tree) if _is_small(tree) else _head_alone(tree),
        date_config={"extensive_search": False, "original_date": True},
        extensive=False,
    )
    titles = (found.title, *_texts(tree, "//head/title//text()"), *_texts(tree, "//h1//text()"))
    languages = (tree.get("lang"), *_texts(tree, "//meta[@http-equiv='content-language']/@content"))
    return Metadata(
        title=next(filter(None, titles), None),
        author=found.author,
        language=next(filter(None, languages), None),
        created_at=moment(found.date),
        attributes={
            "site": found.sitename or "",
            "url": found.url or "",
            "description": found.description or "",
        },
    )


def _head_alone(tree: HtmlElement) -> HtmlElement:
    page = HtmlElement()
    page.tag = "html"
    page.extend(copy.deepcopy(head) for head in tree.iterchildren("head"))
    return page


def _texts(tree: HtmlElement, query: str) -> list[str]:
    """The texts or attributes that an XPath query finds, each in one line."""
    found = tree.xpath(query)
    return [one_line(str(text)) for text in found] if isinstance(found, list) else []

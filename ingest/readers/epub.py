"""EPUB 2 and 3: the chapters in reading order, under their titles.

Read with zipfile and lxml; why not by a library: docs/decisions/epub-reader.md.
The parts of the format that count: OCF 3.3 (container, encryption), OPF 2.0 and
Package Document 3.3 (metadata, manifest, spine), NCX and navigation documents.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from lxml import etree

from ingest.readers.archive import member, opened
from ingest.readers.assembly import Metadata, assemble, moment
from ingest.readers.blocks import Block, blocks, parse_html, parse_xml
from ingest.readers.bounds import shown
from ingest.readers.headings import Outline, folded
from ingest.readers.text import decode, one_line
from ingest.reading import Reading
from memex.errors import DamagedFile, EncryptedFile
from memex.types import Document, Segment

_CONTAINER: Final = "META-INF/container.xml"
_ENCRYPTION: Final = "META-INF/encryption.xml"
_OBFUSCATED_FONT: Final = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Algorithms that only scramble fonts; everything else locks the text."""
_XHTML: Final = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_NO_TEXT: Final = re.compile(r"\b(?:titlepage|halftitlepage|cover|toc|landmarks|page-list)\b")
"""Sections (by epub:type) that only repeat the metadata or the table of contents."""
_FRONT: Final = 3
"""Files among which a title page is looked for."""
_MAX_CONTENTS: Final = 20_000
"""Entries of a table of contents."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book."""

    name: str
    """In the archive."""
    media_type: str
    properties: str


_Contents = Mapping[tuple[str, str], tuple[str, ...]]
"""Titles, outermost first, by (file, fragment)."""


def read_epub(path: Path, reading: Reading) -> Document:
    """A book. Raises `EncryptedFile` where it is locked (DRM), `DamagedFile`,
    `FileTooLarge`, `NoTextFound`.
    """
    with opened(path) as archive:
        _check_rights(archive, path)
        package_name = _package_name(archive, path)
        package = _xml(archive, package_name, path)
        items = _items(package, package_name)
        contents = _contents(archive, items, package, path)
        spine = _spine(package, items)
        if not spine:
            raise _damaged(path, "its package document names no chapters")
        cover = frozenset(folded(_words(element)) for element in _said(package))
        segments = tuple(_segments(archive, spine, contents, cover, path))
    return assemble(path, "book", segments, _metadata(package))


def _check_rights(archive: zipfile.ZipFile, path: Path) -> None:
    if _ENCRYPTION not in archive.namelist():
        return
    root = _xml(archive, _ENCRYPTION, path)
    methods = {
        str(method.get("Algorithm"))
        for data in root.iter("EncryptedData")
        for method in data.iterchildren("EncryptionMethod")
    }
    if not methods <= set(_OBFUSCATED_FONT):
        raise EncryptedFile(
            f"{shown(path)} is locked by digital rights management: its text is encrypted.",
            "Get an edition without DRM.",
        )


def _package_name(archive: zipfile.ZipFile, path: Path) -> str:
    if _CONTAINER not in archive.namelist():
        raise _damaged(path, f"it lacks {_CONTAINER}")
    for rootfile in _xml(archive, _CONTAINER, path).iter("rootfile"):
        name = rootfile.get("full-path")
        if name and name in archive.namelist():
            return name
    raise _damaged(path, "it names no package document")


def _xml(archive: zipfile.ZipFile, name: str, path: Path) -> etree._Element:
    """A file of the archive that must be XML; slips are forgiven."""
    try:
        root = parse_xml(member(archive, name, path), recover=True)
    except etree.XMLSyntaxError as error:
        raise _damaged(path, f"{one_line(name)} is no XML") from error
    if root is None:
        raise _damaged(path, f"{one_line(name)} is no XML")
    return root


def _items(package: etree._Element, package_name: str) -> Mapping[str, _Item]:
    """The manifest: files by their id."""
    return {
        item.get("id", ""): _Item(
            _resolved(package_name, item.get("href", ""))[0],
            item.get("media-type", ""),
            item.get("properties", ""),
        )
        for item in package.iter("item")
    }


def _resolved(base: str, href: str) -> tuple[str, str]:
    """(name in the archive, fragment) of a link in the file `base`."""
    target, _, fragment = href.partition("#")
    if not target:
        return base, unquote(fragment)
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(target))), unquote(
        fragment
    )


def _spine(package: etree._Element, items: Mapping[str, _Item]) -> list[_Item]:
    """The chapters in reading order."""
    spine = [items.get(itemref.get("idref", "")) for itemref in package.iter("itemref")]
    return [
        item
        for item in spine
        if item is not None and item.media_type in _XHTML and "nav" not in item.properties.split()
    ]


def _contents(
    archive: zipfile.ZipFile, items: Mapping[str, _Item], package: etree._Element, path: Path
) -> _Contents:
    """The table of contents: the navigation document, else the NCX, else nothing."""
    names = set(archive.namelist())
    for item in items.values():
        if "nav" in item.properties.split() and item.name in names:
            return dict(_nav_entries(_xml(archive, item.name, path), item.name))
    ncx = items.get(next((s.get("toc", "") for s in package.iter("spine")), ""))
    if ncx is not None and ncx.name in names:
        return dict(_ncx_entries(_xml(archive, ncx.name, path), ncx.name))
    return {}


def _nav_entries(
    root: etree._Element, name: str
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    navs = list(root.iter("nav"))
    toc = next((nav for nav in navs if "toc" in _types(nav)), navs[0] if navs else None)
    links = list(toc.iter("a")) if toc is not None else []
    for link in links[:_MAX_CONTENTS]:
        above = [_label_of(li) for li in reversed(list(link.iterancestors("li")))][:-1]
        yield _resolved(name, link.get("href", "")), (*above, _words(link))


def _label_of(item: etree._Element) -> str:
    """The title of an entry of the table of contents that has others below it."""
    return next((_words(child) for child in item if child.tag in {"a", "span", "p"}), "")


def _ncx_entries(
    root: etree._Element, name: str
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    for point in list(root.iter("navPoint"))[:_MAX_CONTENTS]:
        chain = [*reversed(list(point.iterancestors("navPoint"))), point]
        titles = tuple(_words(p.find("navLabel")) for p in chain)
        content = point.find("content")
        if content is not None:
            yield _resolved(name, content.get("src", "")), titles


def _words(element: etree._Element | None) -> str:
    return "" if element is None else one_line("".join(element.itertext()))


def _segments(
    archive: zipfile.ZipFile,
    spine: list[_Item],
    contents: _Contents,
    cover: frozenset[str],
    path: Path,
) -> Iterator[Segment]:
    """The chapters' text. `cover` is what a title page says, folded: such a page
    is left out, as its words are the document's title and author.
    """
    outline = Outline()
    for n, item in enumerate(spine):
        found = list(_chapter(archive, item, path))
        if n < _FRONT and all(folded(block.text) in cover for block in found):
            continue
        if (item.name, "") in contents:
            outline.restart(contents[item.name, ""])
        for block in found:
            for anchor in block.anchors:
                if (item.name, anchor) in contents:
                    outline.restart(contents[item.name, anchor])
            if block.level:
                outline.enter(block.level, block.text)
            yield Segment(block.text, heading=outline.path)


def _chapter(archive: zipfile.ZipFile, item: _Item, path: Path) -> Iterator[Block]:
    if item.name not in archive.namelist():
        raise _damaged(path, f"the chapter {one_line(item.name)} is missing")
    data = member(archive, item.name, path)
    try:
        root = parse_xml(data)
    except etree.XMLSyntaxError:  # many books hold HTML that is no XML
        root = parse_html(decode(data, path))
    if root is None:
        return
    for section in [
        e for e in root.iter("body", "section", "nav", "div") if _NO_TEXT.search(_types(e))
    ]:
        section.set("hidden", "hidden")
    yield from blocks(root, frozenset({"head"}))


def _types(element: etree._Element) -> str:
    """An element's epub:type; the parser for HTML leaves the prefix in its name."""
    key = "{http://www.idpf.org/2007/ops}type"
    return element.get(key) or element.get("epub:type") or ""


def _said(package: etree._Element) -> list[etree._Element]:
    """The elements of the metadata."""
    metadata = package.find("metadata")
    return list(metadata.iter(etree.Element)) if metadata is not None else []


def _metadata(package: etree._Element) -> Metadata:
    said = _said(package)

    def named(name: str) -> list[str]:
        return [words for element in said if element.tag == name and (words := _words(element))]

    dates = [moment(date) for date in named("date")]
    return Metadata(
        title=next(iter(named("title")), None),
        author=", ".join(dict.fromkeys(named("creator"))),
        language=next(iter(named("language")), None),
        created_at=next((date for date in dates if date is not None), None),
        attributes={
            "publisher": ", ".join(named("publisher")),
            "identifier": next(iter(named("identifier")), ""),
            "subjects": ", ".join(named("subject")),
        },
    )


def _damaged(path: Path, what: str) -> DamagedFile:
    return DamagedFile(
        f"{shown(path)} is no sound EPUB: {what}.", "Get it again from where it came."
    )

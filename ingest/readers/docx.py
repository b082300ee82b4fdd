"""DOCX (Word, LibreOffice, Google Docs): paragraphs and tables in order."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from ingest.readers.archive import BROKEN, member, opened
from ingest.readers.assembly import Metadata, assemble, moment
from ingest.readers.blocks import CELL_SEPARATOR, parse_xml
from ingest.readers.bounds import shown
from ingest.readers.headings import Outline
from ingest.readers.text import clean, one_line
from ingest.reading import Reading
from memex.errors import DamagedFile
from memex.types import Document, Segment

P: Final = qn("w:p")
TABLE: Final = qn("w:tbl")
_DELETED: Final = frozenset(
    {qn("w:del"), qn("w:moveFrom"), qn("w:instrText"), qn("w:rPr"), qn("w:pPr"),
     "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)  # fmt: skip
"""Elements whose text is not part of the document as it is read."""
_BREAKS: Final = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_CONTENTS: Final = "Table of Contents"
_MAX_LEVEL: Final = 9
_TITLE: Final = "Title"
_CORE: Final = "docProps/core.xml"


def read_docx(path: Path, reading: Reading) -> Document:
    """A word processor's document. Raises `DamagedFile`, `EncryptedFile`,
    `FileTooLarge`, `NoTextFound`.
    """
    with opened(path) as archive:
        core = _core_properties(archive, path)
    try:
        document = docx.Document(str(path))
        segments = (*_segments(document), *_notes(document))
        metadata = _metadata(document, core)
    except (OpcError, etree.XMLSyntaxError, AttributeError, TypeError, *BROKEN) as error:
        raise DamagedFile(
            f"{shown(path)} is no sound Word document ({one_line(str(error)) or 'parts lack'}).",
            "Open it in a word processor and save it again.",
        ) from error
    return assemble(path, "document", segments, metadata)


def _segments(document: WordDocument) -> Iterator[Segment]:
    levels = _heading_levels(document)
    outline = Outline()
    for element in _top_blocks(document.element.body):
        if element.tag == TABLE:
            yield from (Segment(row, heading=outline.path) for row in _rows(element))
            continue
        text = _text(element)
        if not text:
            continue
        level = _level(element, levels)
        if level:
            outline.enter(level, text)
        yield Segment(text, heading=outline.path)


def _top_blocks(body: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and tables in order, those in content controls too; the table
    of contents, which only repeats the headings, is left out.
    """
    stack = list(reversed(body))
    while stack:
        element = stack.pop()
        if element.tag in {P, TABLE}:
            yield element
        elif element.tag not in _DELETED and not _is_contents(element):
            stack.extend(reversed(element))


def _is_contents(element: etree._Element) -> bool:
    gallery = element.find(f"{qn('w:sdtPr')}/{qn('w:docPartObj')}/{qn('w:docPartGallery')}")
    return gallery is not None and str(gallery.get(qn("w:val"))).startswith(_CONTENTS)


def _rows(table: etree._Element) -> Iterator[str]:
    """A table's rows; a table inside a cell counts as the cell's text."""
    for row in table.iterchildren(qn("w:tr")):
        cells = (" ".join(map(_text, cell.iter(P))) for cell in row.iter(qn("w:tc")))
        yield CELL_SEPARATOR.join(filter(None, map(one_line, cells)))


def _text(paragraph: etree._Element) -> str:
    """What a paragraph says: with insertions, links and text boxes, without deletions."""
    parts: list[str] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        if element.tag in _DELETED:
            continue
        if element.tag == qn("w:t"):
            parts.append(element.text or "")
        parts.append(_BREAKS.get(str(element.tag), ""))
        if element.tag == P and parts:
            parts.append("\n")
        stack.extend(reversed(element))
    return "\n".join(filter(None, map(one_line, clean("".join(parts)).split("\n"))))


def _heading_levels(document: WordDocument) -> dict[str, int]:
    """Outline levels, from 1, by the id of the style that has one."""
    levels: dict[str, int] = {}
    for style in document.styles.element.iter(qn("w:style")):
        name = style.find(qn("w:name"))
        words = str(name.get(qn("w:val")) if name is not None else "").lower().split()
        level = _outline_level(style)
        if len(words) == 2 and words[0] == "heading" and words[1].isdigit():
            level = int(words[1])
        if level:
            levels[str(style.get(qn("w:styleId")))] = level
    return levels


def _level(paragraph: etree._Element, levels: dict[str, int]) -> int:
    """A heading's level from 1, 0 for other paragraphs."""
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    named = levels.get(str(style.get(qn("w:val")))) if style is not None else None
    return _outline_level(paragraph) or named or 0


def _outline_level(element: etree._Element) -> int:
    level = element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    value = str(level.get(qn("w:val"))) if level is not None else ""
    return int(value) + 1 if value.isdigit() and int(value) < _MAX_LEVEL else 0


def _notes(document: WordDocument) -> Iterator[Segment]:
    """Footnotes and endnotes, after the text."""
    for kind in (RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES):
        for relation in document.part.rels.values():
            if relation.reltype != kind or relation.is_external:
                continue
            root = parse_xml(relation.target_part.blob)
            for note in root if root is not None else ():
                text = " ".join(
                    one_line("".join(t.text or "" for t in p.iter("t"))) for p in note.iter("p")
                )
                yield Segment(text.strip(), heading="Notes")


def _core_properties(archive: zipfile.ZipFile, path: Path) -> Mapping[str, str]:
    """Title, creator, dates: read from the file, as some programs relate it by a
    name that python-docx does not know.
    """
    if _CORE not in archive.namelist():
        return {}
    root = parse_xml(member(archive, _CORE, path), recover=True)
    return {str(e.tag): e.text or "" for e in root} if root is not None else {}


def _metadata(document: WordDocument, core: Mapping[str, str]) -> Metadata:
    return Metadata(
        title=core.get("title") or _styled(document, _TITLE),
        author=core.get("creator"),
        language=core.get("language"),
        created_at=moment(core.get("created")),
        attributes={name: core.get(name, "") for name in ("subject", "keywords", "category")},
    )


def _styled(document: WordDocument, style_id: str) -> str:
    """The first paragraph of a style."""
    for style in document.element.body.iter(qn("w:pStyle")):
        if style.get(qn("w:val")) == style_id:
            return _text(style.getparent().getparent())
    return ""

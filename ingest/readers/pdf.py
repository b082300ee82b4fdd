"""PDF: paragraphs with their page, under the headings of the outline.

PDFium gives each page's text in reading order with the place of every
character; `pdf_layout` makes lines and paragraphs of it.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from math import inf
from pathlib import Path
from statistics import median
from typing import Final

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError, PdfTextPage

from ingest.readers.assembly import Metadata, assemble, moment
from ingest.readers.bounds import shown
from ingest.readers.headings import Outline, folded
from ingest.readers.pdf_layout import (
    Box,
    PageText,
    Paragraph,
    lines,
    paragraphs,
    without_running_lines,
)
from ingest.readers.text import one_line
from ingest.reading import Reading
from memex.errors import DamagedFile, EncryptedFile, NoTextFound
from memex.protocols import Step
from memex.types import Document, Segment

_PDFIUM: Final = threading.Lock()
"""PDFium is not made for threads."""
_MAX_PAGES: Final = 50_000
_MAX_BOOKMARKS: Final = 20_000
_TAIL: Final = 4096
"""Bytes at the end of the file in which its end mark must stand."""
_LINEARIZED: Final = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d{1,12})")
_DATE: Final = re.compile(
    r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*([-+])?(\d\d)?'?(\d\d)?"
)
_NO_TITLE: Final = re.compile(
    r"(?:untitled|microsoft \w+ - .*|.*\.(?:docx?|dvi|tex|indd|qxd|ps))", re.IGNORECASE
)
"""What programs write where an author has given no title."""
_TITLE_SIZE: Final = 1.2
"""How many times larger than the page's text its title is set."""
_TITLE_LENGTH: Final = 200


class _Places:
    """Where the characters of a page are."""

    def __init__(self, text: PdfTextPage) -> None:
        self._text = text
        self._rectangle = pdfium.FS_RECTF()

    def box(self, index: int) -> Box:
        """The place of a character, in points, and the size of its type."""
        left, bottom, right, top = self._text.get_charbox(index, loose=True)
        return Box(left, bottom, right, top, pdfium.FPDFText_GetFontSize(self._text, index))

    def edges(self, index: int) -> tuple[float, float]:
        """Left and right edge, in points."""
        pdfium.FPDFText_GetLooseCharBox(self._text, index, self._rectangle)
        return self._rectangle.left, self._rectangle.right


@dataclass(frozen=True, slots=True)
class _Bookmark:
    """An entry of the outline, by its place."""

    page: int
    """From 0."""
    depth: float
    """Points below the origin of the page (so that lower places are greater)."""
    level: int
    title: str


@dataclass(slots=True)
class _Pages:
    """What reading the pages brings to light."""

    count: int
    empty: int = 0
    title: str = ""
    segments: list[Segment] = field(default_factory=list)


def read_pdf(path: Path, reading: Reading) -> Document:
    """A PDF. Raises `EncryptedFile` where it needs a password, `NoTextFound`
    where its pages are pictures, `DamagedFile`. Pages are held one by one.
    """
    _check_end(path)
    with _PDFIUM, _opened(path) as pdf:
        pages = _read_pages(pdf, path, reading)
        metadata = _metadata(pdf, pages)
    if not pages.segments:
        raise NoTextFound(
            f"{shown(path)} has {pages.count} page{'s' * (pages.count != 1)} but no text: they are "
            "pictures (scanned).",
            "Run it through OCR first, for example ocrmypdf.",
        )
    return assemble(path, "pdf", pages.segments, metadata)


def _check_end(path: Path) -> None:
    """PDFium mends what it can and leaves out the rest: a file that was cut off
    is refused instead of being half remembered.
    """
    with path.open("rb") as file:
        head = file.read(2048)
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    linearized = _LINEARIZED.search(head)
    expected = int(linearized[1]) if linearized else 0
    if b"%%EOF" not in tail or size < expected:
        raise DamagedFile(
            f"{shown(path)} is cut off: the end of the PDF is missing.",
            "Get it again from where it came.",
        )


@contextmanager
def _opened(path: Path) -> Iterator[PdfDocument]:
    try:
        pdf = PdfDocument(path)
    except PdfiumError as error:
        if error.err_code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
            raise EncryptedFile(
                f"{shown(path)} is encrypted: it opens only with a password.",
                "Save it without a password, for example: qpdf --decrypt --password=… IN OUT",
            ) from error
        raise DamagedFile(
            f"{shown(path)} is no sound PDF: {one_line(str(error))}",
            "Get it again from where it came.",
        ) from error
    try:
        yield pdf
    finally:
        pdf.close()


def _read_pages(pdf: PdfDocument, path: Path, reading: Reading) -> _Pages:
    pages = _Pages(count=len(pdf))
    bookmarks = deque(_bookmarks(pdf))
    outline = Outline()
    for page in without_running_lines(_page_texts(pdf, path, pages.count)):
        found = paragraphs(page)
        pages.empty += not found
        if page.number == 1:
            pages.title = _largest(found)
        here: list[_Bookmark] = []
        while bookmarks and bookmarks[0].page < page.number:
            here.append(bookmarks.popleft())
        placed = deque(_placed(here, page.number - 1, found))
        for n, paragraph in enumerate(found):
            while placed and placed[0][0] <= n:
                bookmark = placed.popleft()[1]
                outline.enter(bookmark.level, bookmark.title)
            pages.segments.append(Segment(paragraph.text, page=page.number, heading=outline.path))
        for _, bookmark in placed:
            outline.enter(bookmark.level, bookmark.title)
        reading.progress(Step("reading", page.number, pages.count, "pages"))
    return pages


def _placed(
    bookmarks: list[_Bookmark], page: int, found: list[Paragraph]
) -> Iterator[tuple[int, _Bookmark]]:
    """Bookmarks with the index of the paragraph that they stand before: the one
    that says their title, else the first at or below their place.
    """
    start = 0
    for bookmark in bookmarks:
        title = folded(bookmark.title)
        named = [n for n in range(start, len(found)) if folded(found[n].text) == title]
        below = [n for n in range(start, len(found)) if -found[n].middle >= bookmark.depth]
        passed = bookmark.page < page
        start = max(start, 0 if passed else next(iter(named or below), len(found)))
        yield start, bookmark


def _page_texts(pdf: PdfDocument, path: Path, count: int) -> Iterator[PageText]:
    if count > _MAX_PAGES:
        raise DamagedFile(f"{shown(path)} claims {count} pages.", "Split it into parts.")
    for index in range(count):
        try:
            page = pdf[index]
            text = page.get_textpage()
        except PdfiumError as error:
            raise DamagedFile(
                f"{shown(path)} is damaged: page {index + 1} of {count} cannot be read.",
                "Get it again from where it came.",
            ) from error
        try:
            yield PageText(
                index + 1, page.get_height(), tuple(lines(_characters(text), _Places(text)))
            )
        finally:
            text.close()
            page.close()


def _characters(text: PdfTextPage) -> str:
    """Every character of a page, one for each of PDFium's character indices."""
    count = text.count_chars()
    whole = str(text.get_text_range())
    if len(whole) == count:
        return whole
    codes = (pdfium.FPDFText_GetUnicode(text, index) for index in range(count))
    return "".join(chr(code) if 0 < code < sys.maxunicode else "\ufffd" for code in codes)


def _bookmarks(pdf: PdfDocument) -> list[_Bookmark]:
    """The outline's entries that lead to a page, page by page."""
    found: list[_Bookmark] = []
    for mark in islice(pdf.get_toc(), _MAX_BOOKMARKS):
        destination = mark.get_dest()
        page = destination.get_index() if destination is not None else None
        title = one_line(mark.get_title())
        if page is None or not title:
            continue
        top = _top(*destination.get_view())
        depth = -inf if top is None else -top
        found.append(_Bookmark(page, depth, mark.level + 1, title))
    return sorted(found, key=lambda mark: mark.page)


def _top(mode: int, view: list[float]) -> float | None:
    """The y that a destination shows at the top of the window, where it says."""
    if mode == pdfium.PDFDEST_VIEW_XYZ and len(view) > 1:
        return view[1] or None
    if mode in {pdfium.PDFDEST_VIEW_FITH, pdfium.PDFDEST_VIEW_FITBH} and view:
        return view[0] or None
    if mode == pdfium.PDFDEST_VIEW_FITR and view:
        return view[-1]
    return None


def _largest(found: list[Paragraph]) -> str:
    """What is set largest on a page, where it is a title by its size."""
    if not found:
        return ""
    usual = median(paragraph.size for paragraph in found)
    title = max(found, key=lambda paragraph: paragraph.size)
    large = title.size >= _TITLE_SIZE * usual and len(title.text) <= _TITLE_LENGTH
    return title.text if large else ""


def _metadata(pdf: PdfDocument, pages: _Pages) -> Metadata:
    entries = {key: one_line(value) for key, value in pdf.get_metadata_dict().items()}
    title = entries.get("Title", "")
    return Metadata(
        title=pages.title if not title or _NO_TITLE.fullmatch(title) else title,
        author=entries.get("Author"),
        created_at=pdf_date(entries.get("CreationDate", "")),
        attributes={
            "pages": str(pages.count),
            "pages without text": str(pages.empty) if pages.empty else "",
            "subject": entries.get("Subject", ""),
            "keywords": entries.get("Keywords", ""),
        },
    )


def pdf_date(text: str) -> datetime | None:
    """A date as PDF writes it, "D:20240309143000+01'00'", as aware UTC."""
    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day, *clock = match.groups()[:6]
    date = f"{year}-{month or '01'}-{day or '01'}T{':'.join(part or '00' for part in clock)}"
    sign, hours, minutes = match.groups()[6:]
    zone = f"{sign}{hours}:{minutes or '00'}" if sign and hours else ""
    utc = "+00:00" if not zone and "Z" in text else ""
    return moment(date + zone + utc)

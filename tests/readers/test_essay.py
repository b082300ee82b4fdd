from __future__ import annotations

from pathlib import Path

import pytest

from ingest.readers import read
from ingest.reading import Reading

SAME_TEXT = (
    "essay-pandoc.txt",
    "essay-libreoffice.txt",
    "essay-pandoc.html",
    "essay-libreoffice.html",
    "essay-pandoc.epub",
    "essay-pandoc-epub2.epub",
    "essay-pandoc.docx",
    "essay-libreoffice.docx",
    "essay-python-docx.docx",
    "essay-libreoffice.pdf",
    "essay-wkhtmltopdf.pdf",
    "essay-groff.pdf",
)
STRUCTURED = tuple(
    name for name in SAME_TEXT if not name.endswith(".txt") and name != "essay-groff.pdf"
)
TREATY = "The Lantern and the Ledger › What the lantern could not carry › A treaty"


@pytest.mark.parametrize("name", SAME_TEXT)
def test_the_same_essay_in_another_container_is_the_same_document(
    name: str, files: Path, reading: Reading
) -> None:
    assert read(files / name, reading).id == read(files / "essay.md", reading).id


@pytest.mark.parametrize("name", SAME_TEXT)
def test_a_paragraph_is_one_segment_in_every_container(
    name: str, files: Path, reading: Reading
) -> None:
    texts = [s.text.replace("’", "'") for s in read(files / name, reading).segments]
    assert "The Lantern and the Ledger" in texts
    assert "A treaty" in texts
    assert any(
        t.startswith("In the winter of 1911 the harbour town") and t.endswith("of the drowned.")
        for t in texts
    )
    assert any(t.endswith("A date without the storm that delayed it.") for t in texts)
    assert not any("\x02" in t or "four hun-" in t for t in texts)


@pytest.mark.parametrize("name", [n for n in STRUCTURED if n != "essay-wkhtmltopdf.pdf"])
def test_a_segment_knows_its_section(name: str, files: Path, reading: Reading) -> None:
    segments = read(files / name, reading).segments
    said = next(s for s in segments if s.text.startswith("So they made a treaty"))
    assert said.heading == TREATY
    heading = next(s for s in segments if s.text == "A treaty")
    assert heading.heading == TREATY
    first = next(s for s in segments if s.text.startswith("In the winter"))
    assert first.heading == "The Lantern and the Ledger"


@pytest.mark.parametrize("name", STRUCTURED)
def test_the_title_is_the_essays(name: str, files: Path, reading: Reading) -> None:
    assert read(files / name, reading).title == "The Lantern and the Ledger"


def test_libreoffice_writes_no_header_row_into_its_epub_and_the_rest_is_read(
    files: Path, reading: Reading
) -> None:
    book = read(files / "essay-libreoffice.epub", reading)
    essay = read(files / "essay.md", reading)
    missing = {s.text for s in essay.segments} - {s.text for s in book.segments}
    assert missing == {"Ship | Pilot | Kroner"}
    assert book.author is None  # "Unknown Author" is nobody

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.readers import read
from ingest.readers.pdf import pdf_date
from ingest.reading import Reading
from memex.errors import DamagedFile, EncryptedFile, NoTextFound
from memex.protocols import Step
from tests.readers.making import write_pdf


def test_pages_sections_and_metadata(files: Path, reading: Reading) -> None:
    report = read(files / "report-reportlab.pdf", reading)
    assert report.kind == "pdf"
    assert report.title == "Annual Report 1932"
    assert report.author == "Harbour Board"
    assert report.attributes["keywords"] == "quay, lamp"
    assert report.created_at is not None
    repairs = next(s for s in report.segments if s.text.startswith("The repairs of 1928"))
    assert repairs.page == 3
    assert repairs.heading == "The accounts › Repairs of 1928"
    accounts = next(s for s in report.segments if s.text.startswith("In year 1928"))
    assert accounts.heading == "The accounts"


def test_running_lines_and_page_numbers_are_left_out(files: Path, reading: Reading) -> None:
    texts = [s.text for s in read(files / "report-reportlab.pdf", reading).segments]
    assert texts.count("Harbour Board of Vardal - Annual Report") == 1
    assert not any(text.startswith("Page ") for text in texts)


def test_progress_is_told_page_by_page(files: Path, reading: Reading) -> None:
    steps: list[Step] = []
    read(files / "report-reportlab.pdf", replace(reading, progress=steps.append))
    assert [step.done for step in steps] == [1, 2, 3, 4, 5, 6]
    assert {(step.total, step.unit) for step in steps} == {(6, "pages")}


@pytest.mark.parametrize("name", ["scanned-pillow.pdf", "scanned-ghostscript.pdf"])
def test_scanned_pages_are_named_as_such(name: str, files: Path, reading: Reading) -> None:
    with pytest.raises(NoTextFound, match=r"pages? but no text: they are pictures") as caught:
        read(files / name, reading)
    assert "ocrmypdf" in caught.value.remedy


@pytest.mark.parametrize("name", ["encrypted-libreoffice.pdf", "encrypted-qpdf.pdf"])
def test_a_password_is_asked_for(name: str, files: Path, reading: Reading) -> None:
    with pytest.raises(EncryptedFile, match="password"):
        read(files / name, reading)


@pytest.mark.parametrize(
    "name", ["essay-libreoffice.pdf", "essay-groff.pdf", "report-reportlab.pdf"]
)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(
    name: str, share: float, files: Path, tmp_path: Path, reading: Reading
) -> None:
    data = (files / name).read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedFile, match="cut off"):
        read(path, reading)


def test_garbage_between_head_and_tail_is_damaged(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(b"%PDF-1.4\n" + b"\x00garbage\xff" * 400 + b"\n%%EOF\n")
    with pytest.raises(DamagedFile):
        read(path, reading)


def test_hyphenated_words_are_joined_and_paragraphs_divided(
    tmp_path: Path, reading: Reading
) -> None:
    page = [
        (40, 400, "The keeper of the lamp walked along the whole har-"),
        (40, 386, "bour and asked each skipper what he had seen there."),
        (55, 372, "An indented line begins a paragraph of its own, said"),
        (40, 358, "the printer."),
        (40, 320, "A gap does so too."),
    ]
    whole = (
        "The keeper of the lamp walked along the whole harbour and asked each skipper what he had "
        "seen there."
    )
    assert [s.text for s in read(write_pdf(tmp_path / "a.pdf", [page]), reading).segments] == [
        whole,
        "An indented line begins a paragraph of its own, said the printer.",
        "A gap does so too.",
    ]


def test_a_number_in_the_text_is_no_page_number(tmp_path: Path, reading: Reading) -> None:
    pages = [[(40, 300, f"{n}"), (200, 20, f"- {n} -"), (40, 280, "kroner")] for n in range(1, 5)]
    path = write_pdf(tmp_path / "a.pdf", pages)
    texts = " ".join(s.text for s in read(path, reading).segments)
    assert texts == "1 kroner 2 kroner 3 kroner 4 kroner"


def test_many_pages_are_read_one_by_one(tmp_path: Path, reading: Reading) -> None:
    pages = [[(40, 300, f"This is what page {n} says.")] for n in range(1, 601)]
    segments = read(write_pdf(tmp_path / "a.pdf", pages), reading).segments
    assert [(s.page, s.text) for s in segments[598:]] == [
        (599, "This is what page 599 says."),
        (600, "This is what page 600 says."),
    ]


def test_pages_without_text_are_counted(tmp_path: Path, reading: Reading) -> None:
    document = read(write_pdf(tmp_path / "a.pdf", [[], [(40, 300, "Only here.")], []]), reading)
    assert document.attributes["pages without text"] == "2"
    assert document.segments[0].page == 2


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("D:20240309143000+01'00'", "2024-03-09T13:30:00+00:00"),
        ("D:20240309143000Z", "2024-03-09T14:30:00+00:00"),
        ("D:20240309143000Z00'00'", "2024-03-09T14:30:00+00:00"),
        ("D:20240309143000-0530", "2024-03-09T20:00:00+00:00"),
    ],
)
def test_dates_as_pdf_writes_them(text: str, iso: str) -> None:
    date = pdf_date(text)
    assert date is not None
    assert date.isoformat() == iso


@pytest.mark.parametrize("text", ["", "yesterday", "D:20241399000000Z"])
def test_dates_that_are_none(text: str) -> None:
    assert pdf_date(text) is None

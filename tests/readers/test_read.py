from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.readers import READERS, read, readable
from ingest.readers.bounds import MAX_DOCUMENT, MAX_TEXT
from ingest.reading import Reading
from memex.errors import (
    DamagedFile,
    FileTooLarge,
    NoTextFound,
    UnreadableFile,
    UnsupportedFile,
)
from memex.protocols import Step

WRITTEN = (".txt", ".md", ".html", ".pdf", ".epub", ".docx", ".srt", ".vtt", ".eml")


def test_what_can_be_read_is_known_by_the_ending() -> None:
    assert readable(Path("a/B.PDF"))
    assert readable(Path("talk.mp3"))
    assert not readable(Path("picture.jpg"))
    assert not readable(Path("pdf"))


@pytest.mark.parametrize("suffix", READERS)
def test_an_empty_file_is_called_empty(suffix: str, tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / f"nothing{suffix}"
    path.touch()
    with pytest.raises(NoTextFound, match="is empty"):
        read(path, reading)


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
def test_white_space_is_no_text(suffix: str, tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / f"blank{suffix}"
    path.write_text(" \n\t\n")
    with pytest.raises(NoTextFound):
        read(path, reading)


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "drawing.xcf"
    path.write_bytes(b"gimp")
    with pytest.raises(UnsupportedFile, match="epub") as caught:
        read(path, reading)
    assert ".xcf" in caught.value.message


@pytest.mark.parametrize(
    ("source", "name", "kind"),
    [
        ("essay-libreoffice.pdf", "a.txt", "pdf"),
        ("essay-pandoc.html", "b.epub", "web"),
        ("essay-pandoc.html", "c.pdf", "web"),
        ("essay-pandoc.epub", "d.docx", "book"),
        ("essay-pandoc.docx", "e.md", "document"),
        ("talk-ffmpeg.vtt", "f.txt", "subtitles"),
        ("essay-libreoffice.pdf", "g.mp3", "pdf"),
    ],
)
def test_a_mislabelled_file_is_read_for_what_it_is(
    source: str, name: str, kind: str, files: Path, tmp_path: Path, reading: Reading
) -> None:
    path = tmp_path / name
    shutil.copy(files / source, path)
    assert read(path, reading).kind == kind


@pytest.mark.parametrize(
    ("data", "name", "seems"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.pdf", "a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "b.txt", "a PNG picture"),
        (b"PK\x03\x04" + bytes(60), "c.md", "a ZIP archive"),
        (os.urandom(5_000), "d.txt", "binary data"),
        (b"\x7fELF" + bytes(80), "e.html", "a program"),
        (b"{\\rtf1 hello}", "f.docx", "rich text"),
        (b"just words, many of them", "g.pdf", "plain text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "h.docx", "an old Microsoft Office"),
        (b"words and\x00\x01\x02\x03\x04" * 30, "i.eml", "binary data"),
    ],
)
def test_what_no_reader_fits_is_told_by_its_content(
    data: bytes, name: str, seems: str, tmp_path: Path, reading: Reading
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DamagedFile, match=seems):
        read(path, reading)


@pytest.mark.parametrize(
    ("suffix", "size"), [(".txt", MAX_TEXT), (".html", MAX_TEXT), (".pdf", MAX_DOCUMENT)]
)
def test_an_enormous_file_is_refused_unread(
    suffix: str, size: int, tmp_path: Path, reading: Reading
) -> None:
    path = tmp_path / f"huge{suffix}"
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n" if suffix == ".pdf" else b"word " * 1_000)
        file.truncate(size + 1)
    with pytest.raises(FileTooLarge, match="MiB"):
        read(path, reading)


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines.txt",
        "ledger \U0001f5a4.txt",
        "\x1b[2Jclear.txt",
        "a\r\x07b.txt",
        "\u202egpj.txt",
    ],
)
def test_strange_file_names_are_read_and_shown_harmlessly(
    name: str, tmp_path: Path, reading: Reading
) -> None:
    path = tmp_path / name
    path.write_text("The ferry leaves at noon.")
    document = read(path, reading)
    assert document.uri == path.resolve().as_uri()
    assert not any(ord(c) < 32 or c == "\x7f" for c in document.title)
    path.write_text("")
    with pytest.raises(NoTextFound) as caught:
        read(path, reading)
    assert caught.value.message.isprintable()


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are Unicode there")
def test_a_file_name_that_is_no_unicode(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("The ferry leaves at noon.")
    document = read(path, reading)
    assert document.title.encode("utf-8")
    assert document.uri.endswith("caf%E9.txt")


def test_a_path_that_is_gone_or_no_file(tmp_path: Path, reading: Reading) -> None:
    with pytest.raises(UnreadableFile, match="not there"):
        read(tmp_path / "gone.txt", reading)
    with pytest.raises(UnreadableFile, match="not there"):
        read(tmp_path / "gone" / "further.pdf", reading)
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    with pytest.raises(UnreadableFile, match="is no file"):
        read(folder, reading)
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    with pytest.raises(UnreadableFile, match="is no file"):
        read(pipe, reading)
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    with pytest.raises(UnreadableFile):
        read(loop, reading)


def test_a_path_that_vanishes_while_it_is_read(
    files: Path, tmp_path: Path, reading: Reading
) -> None:
    data = (files / "report-reportlab.pdf").read_bytes()
    path = tmp_path / "report.pdf"

    def vanish(step: Step) -> None:
        path.unlink(missing_ok=True)

    watched = replace(reading, progress=vanish)
    path.write_bytes(data)
    assert read(path, watched).segments[-1].page == 6  # an open file stays until it is closed
    path.write_bytes(data.replace(b"CreationDate", b"CreationXate"))  # the file's time is needed
    with pytest.raises(UnreadableFile, match="not there"):
        read(path, watched)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("words")
    path.chmod(0)
    with pytest.raises(UnreadableFile, match="permission denied"):
        read(path, reading)


HEADS = st.sampled_from(
    [
        b"",
        b"%PDF-1.4\n",
        b"PK\x03\x04",
        b"<html>",
        b"WEBVTT\n\n",
        b"From: a\n",
        b"---\n",
        b"\xff\xfe",
    ]
)


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    suffix=st.sampled_from(WRITTEN),
    head=HEADS,
    body=st.binary(max_size=300) | st.text().map(str.encode),
)
@example(suffix=".md", head=b"---\n", body=b"[" * 5_000 + b"\n---\n")
@example(suffix=".md", head=b"---\n", body=b"date: 2024-99-99\n---\ntext")
@example(suffix=".eml", head=b"From: a\n", body=b"Content-Type: multipart/mixed; boundary=\n\n--\n")
@example(suffix=".html", head=b"<html>", body=b"<p>" * 3_000)
def test_any_bytes_become_a_document_or_a_clear_error(
    suffix: str, head: bytes, body: bytes, tmp_path: Path, reading: Reading
) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(head + body)
    try:
        document = read(path, reading)
    except UnreadableFile as error:
        told = error.message
    else:
        told = document.title
        assert document.segments
        for segment in document.segments:
            assert segment.text.encode("utf-8")
            assert "\x00" not in segment.text
            assert "\x1b" not in segment.text
    assert told

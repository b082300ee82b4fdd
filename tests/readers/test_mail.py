from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.readers import read
from ingest.reading import Reading
from memex.errors import DamagedFile


def test_a_message_with_alternatives_and_an_attachment(files: Path, reading: Reading) -> None:
    mail = read(files / "mail-python.eml", reading)
    texts = [s.text for s in mail.segments]
    assert mail.kind == "mail"
    assert mail.title == "Das Nebelhorn – wer hörte es zuerst?"
    assert mail.author == "Ingrid Solheim"
    assert mail.created_at == datetime(2024, 3, 5, 20, 15, tzinfo=UTC)
    assert mail.attributes["to"].endswith("Åse Brekke <ase@vardal.example>")
    assert mail.attributes["attachments"] == "logbook März.pdf"
    assert mail.attributes["message-id"] == "<lamp.1@vardal.example>"
    assert "From: Ingrid Solheim <ingrid@vardal.example>" in texts
    assert "> Who heard it first?\n> I was asleep." in texts
    assert sum("twenty past three" in t for t in texts) == 1  # not the HTML version as well
    assert "tracker" not in " ".join(texts)


def test_mail_of_git_and_swaks(files: Path, reading: Reading) -> None:
    patch = read(files / "mail-git.eml", reading)
    assert patch.title == "[PATCH] Light the lamp on the quay"
    assert patch.author == "Tobias Lund"
    assert any("Ingrid is back" in s.text for s in patch.segments)
    bell = read(files / "mail-swaks.eml", reading)
    assert [s.text for s in bell.segments][-2:] == [
        "The fog bell is cracked.",
        "It rang only twice on Sunday.",
    ]
    assert bell.created_at == datetime(2024, 6, 10, 5, 30, tzinfo=UTC)


def test_html_alone_is_read_as_text(files: Path, reading: Reading) -> None:
    texts = [s.text for s in read(files / "mail-html.eml", reading).segments]
    assert texts[-2:] == ["Harbour news", "The ferry leaves at noon."]
    assert "alert" not in " ".join(texts)


def test_the_same_words_of_two_people_are_two_mails(tmp_path: Path, reading: Reading) -> None:
    ids = set()
    for name in ("anna", "bert"):
        path = tmp_path / f"{name}.eml"
        path.write_text(f"From: {name}@x.example\nSubject: Re: fog\n\nThanks!\n")
        ids.add(read(path, reading).id)
    assert len(ids) == 2


def test_forwarded_messages_keep_their_header(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "fwd.eml"
    path.write_text(
        "From: anna@x.example\nSubject: Fwd: fog\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\nSee below.\n"
        "--B\nContent-Type: message/rfc822\n\nFrom: bert@x.example\nSubject: fog\n\nIt is thick.\n"
        "--B--\n"
    )
    texts = [s.text for s in read(path, reading).segments]
    assert texts[-4:] == ["See below.", "From: bert@x.example", "Subject: fog", "It is thick."]


def test_unknown_charsets_and_broken_headers_are_survived(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "odd.eml"
    path.write_bytes(
        b"From: \xff\xfe <broken@@x\nSubject: =?no-such?Q?caf=E9?=\nDate: the day before\n"
        b"Content-Type: text/plain; charset=no-such-charset\n\nGr\xfc\xdfe aus dem Hafen, Anna\n"
    )
    mail = read(path, reading)
    assert "aus dem Hafen, Anna" in mail.segments[-1].text
    assert mail.created_at is not None


def test_a_letter_is_no_mail(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "letter.eml"
    path.write_text("Dear Anna,\n\nthis is a letter.\n")
    with pytest.raises(DamagedFile, match="neither From nor Date nor Subject"):
        read(path, reading)


@pytest.mark.parametrize(
    "text",
    [
        "From: " + "(" * 50_000 + "\nSubject: x\n\nbody\n",
        "From: a@b.c\nTo: " + ", ".join(f"N{n} <a{n}@b.c>" for n in range(5_000)) + "\n\nbody\n",
        "From: a@b.c\nSubject: " + "=?utf-8?q?a?= " * 5_000 + "\n\nbody\n",
        "From: a@b.c\nContent-Type: text/plain;" + ' a="b";' * 20_000 + "\n\nbody\n",
    ],
)
def test_headers_without_end_are_cut(text: str, tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "long.eml"
    path.write_text(text)
    mail = read(path, reading)
    assert mail.segments[-1].text == "body"
    assert all(len(s.text) < 1_000 for s in mail.segments)


def test_messages_nested_without_end_are_refused(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "nested.eml"
    path.write_text("From: a@b.c\n" + "Content-Type: message/rfc822\n\nFrom: a@b.c\n" * 3_000)
    with pytest.raises(DamagedFile, match="nested"):
        read(path, reading)

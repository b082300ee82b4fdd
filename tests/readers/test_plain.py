from __future__ import annotations

import codecs
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.readers import read
from ingest.reading import Reading
from memex.types import Document


def _read(
    tmp_path: Path, data: bytes, reading: Reading, name: str = "my_trip-notes.txt"
) -> Document:
    path = tmp_path / name
    path.write_bytes(data)
    return read(path, reading)


@pytest.mark.parametrize(
    "data",
    [
        "Größe – naïve café".encode(),
        codecs.BOM_UTF8 + "Größe – naïve café".encode(),
        "Größe – naïve café".encode("utf-16"),
        codecs.BOM_UTF16_BE + "Größe – naïve café".encode("utf-16-be"),
        "Größe – naïve café".encode("utf-32"),
    ],
)
def test_unicode_in_every_encoding_form(data: bytes, tmp_path: Path, reading: Reading) -> None:
    assert _read(tmp_path, data, reading).segments[0].text == "Größe – naïve café"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Über den Flüssen liegt früh am Morgen dichter Nebel, und die Fähre wartet. ", "cp1252"),
        ("El niño vio el mástil desde la colina. ¿Quién lo oyó? ", "cp1252"),
        ("Zażółć gęślą jaźń, powiedział latarnik do chłopca na nabrzeżu. ", "cp1250"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy. ", "cp1250"),
        ("Мальчик увидел мачту корабля с холма над гаванью и побежал к людям. ", "cp1251"),
        ("少年は丘の上から船のマストを見て、港へ走って行きました。", "shift_jis"),
    ],
)
def test_older_encodings_are_recognised(
    text: str, encoding: str, tmp_path: Path, reading: Reading
) -> None:
    document = _read(tmp_path, (text * 8).encode(encoding), reading)
    assert text.strip() in document.segments[0].text


def test_a_slip_in_utf8_does_not_turn_it_into_another_encoding(
    tmp_path: Path, reading: Reading
) -> None:
    data = ("Größe und Höhe. " * 200).encode() + b"\xff" + " Ende über alles.".encode()
    text = " ".join(s.text for s in _read(tmp_path, data, reading).segments)
    assert text.startswith("Größe und Höhe.")
    assert text.endswith("Ende über alles.")


def test_paragraphs_keep_their_line(tmp_path: Path, reading: Reading) -> None:
    data = b"One.\r\n\r\n\r\nTwo\r\nverse lines.\r\n\r\nThree."
    segments = _read(tmp_path, data, reading).segments
    assert [(s.text, s.line) for s in segments] == [
        ("One.", 1),
        ("Two\nverse lines.", 4),
        ("Three.", 7),
    ]


def test_wrapped_lines_are_joined_and_long_lines_are_paragraphs(
    tmp_path: Path, reading: Reading
) -> None:
    wrapped = (
        "The keeper of the lamp walked the quay and asked each well-\nknown skipper what he saw."
    )
    long = "word " * 40 + "\n" + "next " * 40
    segments = _read(tmp_path, f"{wrapped}\n\n{long}".encode(), reading).segments
    assert segments[0].text.endswith("each well-known skipper what he saw.")
    assert [s.line for s in segments] == [1, 4, 5]


def test_a_file_of_one_huge_line_is_cut_at_spaces(tmp_path: Path, reading: Reading) -> None:
    segments = _read(tmp_path, b"lantern " * 20_000, reading).segments
    assert len(segments) > 10
    assert all(len(s.text) <= 8_000 for s in segments)
    assert all(set(s.text.split()) == {"lantern"} for s in segments)
    assert sum(len(s.text.split()) for s in segments) == 20_000


def test_escape_sequences_and_control_characters_are_taken_out(
    tmp_path: Path, reading: Reading
) -> None:
    data = (
        b"\x1b[31mred\x1b[0m \x1b]0;owned\x07title bell\x07 nul\x00 tab\tend\x1b[2J" + b" x" * 200
    )
    text = _read(tmp_path, data, reading).segments[0].text
    assert text.startswith("red title bell nul tab\tend x x")
    assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\t"}


def test_title_time_and_place_come_from_the_file(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "my_trip-notes.txt"
    path.write_text("We left at dawn.")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    document = read(path, reading)
    assert document.title == "my trip notes"
    assert document.created_at == datetime.fromtimestamp(1_700_000_000, tz=UTC)
    assert document.uri == path.resolve().as_uri()
    assert document.kind == "note"

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ingest.readers import read
from ingest.reading import Reading
from memex.types import Document


def _read(tmp_path: Path, text: str, reading: Reading) -> Document:
    path = tmp_path / "note.md"
    path.write_text(text, encoding="utf-8")
    return read(path, reading)


def test_front_matter_becomes_metadata_and_lines_still_count_from_the_top(
    tmp_path: Path, reading: Reading
) -> None:
    document = _read(
        tmp_path,
        "---\ntitle: Sea fog\nauthor: [Nora Feld, Ole Brekke]\nlang: en-GB\n"
        "date: 2024-03-09T12:00:00+01:00\ntags: [fog, harbour]\n---\n\n"
        "# Fog\n\nIt came at three.\n",
        reading,
    )
    assert document.title == "Sea fog"
    assert document.author == "Nora Feld, Ole Brekke"
    assert document.language == "en"
    assert document.created_at == datetime(2024, 3, 9, 11, 0, tzinfo=UTC)
    assert document.attributes["tags"] == "fog, harbour"
    assert [(s.text, s.line) for s in document.segments] == [("Fog", 9), ("It came at three.", 11)]


def test_a_naive_date_is_local_time(tmp_path: Path, reading: Reading) -> None:
    document = _read(tmp_path, "---\ndate: 2024-03-09 12:00:00\n---\nText.\n", reading)
    assert document.created_at == datetime(2024, 3, 9, 12).astimezone(UTC)


def test_markup_goes_and_words_stay(tmp_path: Path, reading: Reading) -> None:
    document = _read(
        tmp_path,
        "Read [the *whole* essay](https://x.example/a) and `ls -l`, ![a red lamp](l.png).\n\n"
        "```python\nlamp = 1\nquay = 2\n```\n\n1. first\n   still first\n2. second\n\n"
        "> quoted\n\n<p>raw <b>html</b></p>\n",
        reading,
    )
    assert [s.text for s in document.segments] == [
        "Read the whole essay and ls -l, a red lamp.",
        "lamp = 1\nquay = 2",
        "first still first",
        "second",
        "quoted",
        "raw html",
    ]


def test_sections_nest_and_close(tmp_path: Path, reading: Reading) -> None:
    document = _read(tmp_path, "# A\n\n## B\n\nb\n\n## C\n\nc\n\nD\n=\n\nd\n", reading)
    assert {s.text: s.heading for s in document.segments if s.text.islower()} == {
        "b": "A › B",
        "c": "A › C",
        "d": "D",
    }


def test_front_matter_that_is_no_yaml_is_kept_as_text(tmp_path: Path, reading: Reading) -> None:
    document = _read(tmp_path, "---\n: [unclosed\n---\n\nThe text.\n", reading)
    assert document.segments[-1].text == "The text."
    assert any("unclosed" in s.text for s in document.segments)


def test_yaml_that_multiplies_itself_stays_small(tmp_path: Path, reading: Reading) -> None:
    bomb = "a0: &a0 [lol, lol]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)
    )
    document = _read(tmp_path, f"---\n{bomb}---\n\nStill read.\n", reading)
    assert document.segments[-1].text == "Still read."
    assert sum(map(len, document.attributes.values())) < 20_000


def test_python_objects_in_front_matter_are_not_made(tmp_path: Path, reading: Reading) -> None:
    made = tmp_path / "made"
    document = _read(
        tmp_path, f"---\nx: !!python/object/apply:os.mkdir ['{made}']\n---\n\nText.\n", reading
    )
    assert not made.exists()
    assert document.segments[-1].text == "Text."


def test_deep_nesting_is_read_to_its_end(tmp_path: Path, reading: Reading) -> None:
    document = _read(tmp_path, "> " * 3_000 + "the bottom\n\nand on", reading)
    text = " ".join(s.text for s in document.segments)
    assert "the bottom" in text
    assert "and on" in text

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.readers import read
from ingest.reading import Reading
from memex.errors import NoTextFound


def test_the_article_without_the_page_around_it(files: Path, reading: Reading) -> None:
    document = read(files / "article.html", reading)
    text = "\n".join(s.text for s in document.segments)
    assert document.kind == "web"
    assert document.title == "The boy who saw the mast"
    assert document.author == "Nora Feld"
    assert document.language == "en"
    assert document.created_at is not None
    assert document.created_at.year == 2024
    assert text.startswith("The boy who saw the mast")
    assert "as goats do & pilots should." in text
    for furniture in ("cookies", "Ferry prices", "Imprint", "Weather", "tracker", "Knut"):
        assert furniture not in text


def test_lists_stay_under_their_heading(files: Path, reading: Reading) -> None:
    document = read(files / "article.html", reading)
    flag = next(s for s in document.segments if s.text.startswith("A red flag"))
    assert flag.text == "A red flag was tied to it, upside down."
    assert flag.heading == "The boy who saw the mast › Three things that he remembered"


def test_a_list_at_the_end_of_an_article_is_kept(
    files: Path, tmp_path: Path, reading: Reading
) -> None:
    path = tmp_path / "list.html"
    page = (files / "article.html").read_text(encoding="utf-8")
    path.write_text(
        page.replace("</article>", "<ul><li>One goat</li><li>Two flags</li></ul></article>")
    )
    texts = [s.text for s in read(path, reading).segments]
    assert texts[-2:] == ["One goat", "Two flags"]


def test_a_page_of_one_sentence_is_read(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "short.htm"
    path.write_text("<title>Short</title><p>The ferry leaves at noon.")
    document = read(path, reading)
    assert [s.text for s in document.segments] == ["The ferry leaves at noon."]
    assert document.title == "Short"


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ('<meta charset="iso-8859-1">', "latin-1"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "cp1251"),
        ("", "utf-8"),
        ('<meta charset="no-such-thing">', "utf-8"),
        ('<meta charset="hex">', "utf-8"),
    ],
)
def test_the_declared_encoding_holds(
    declaration: str, encoding: str, tmp_path: Path, reading: Reading
) -> None:
    words = "Корабль вошёл в гавань" if encoding == "cp1251" else "Die Fähre kam früh"
    path = tmp_path / "page.html"
    path.write_bytes(f"<html><head>{declaration}</head><body><p>{words}</p>".encode(encoding))
    assert read(path, reading).segments[0].text == words


def test_scripts_alone_are_no_text(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "app.html"
    path.write_text("<html><body><div id=root></div><script>render()</script></body></html>")
    with pytest.raises(NoTextFound):
        read(path, reading)


def test_deep_nesting_does_not_break_the_reader(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<html><body><p>Before.</p>" + "<div>" * 100_000 + "deep</body></html>")
    assert read(path, reading).segments[0].text == "Before."


def test_nothing_is_fetched_or_included(tmp_path: Path, reading: Reading) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not tell")
    path = tmp_path / "page.html"
    path.write_text(
        f'<!DOCTYPE html [<!ENTITY s SYSTEM "{secret.as_uri()}">]><html><body><p>Text &s; here.</p>'
        f'<iframe src="{secret.as_uri()}"></iframe></body></html>'
    )
    assert "do not tell" not in " ".join(s.text for s in read(path, reading).segments)

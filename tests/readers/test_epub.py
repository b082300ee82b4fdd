from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.readers import read
from ingest.reading import Reading
from memex.errors import DamagedFile, EncryptedFile, FileTooLarge, NoTextFound

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Fog</dc:title>
<dc:creator>Nora Feld</dc:creator><dc:creator>Ole Brekke</dc:creator>
<dc:language>en-GB</dc:language><dc:date>1932-05</dc:date>
<dc:publisher>Vardal Press</dc:publisher></metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="a" href="text/a%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="text/b.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="b"/><itemref idref="a"/></spine></package>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="landmarks"><ol><li><a href="text/b.xhtml">Start</a></li></ol></nav>
<nav epub:type="toc"><ol><li><span>Part One</span><ol>
<li><a href="text/b.xhtml">The bell</a></li><li><a href="text/b.xhtml#crack">The crack</a></li>
</ol></li><li><a href="text/a%20b.xhtml">After</a></li></ol></nav></body></html>"""
BELL = """<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>
<h2>The bell</h2><p>It rang&nbsp;twice &mdash; then<br/>no more.</p>
<div id="crack"><p>A crack ran <ruby>down<rt>DOWN</rt></ruby> it.</p></div></body></html>"""
AFTER = '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Silence.</p></body></html>'
BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": PACKAGE,
    "OPS/nav.xhtml": NAV,
    "OPS/text/b.xhtml": BELL,
    "OPS/text/a b.xhtml": AFTER,
}


def _book(tmp_path: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Path:
    buffer = io.BytesIO()
    members: dict[str, str | bytes | None] = {**BOOK, **(changes or {})}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            if text is not None:
                archive.writestr(name, text)
    path = tmp_path / "book.epub"
    path.write_bytes(buffer.getvalue())
    return path


def test_reading_order_chapters_and_metadata(tmp_path: Path, reading: Reading) -> None:
    book = read(_book(tmp_path), reading)
    assert (book.kind, book.title, book.author) == ("book", "Fog", "Nora Feld, Ole Brekke")
    assert book.language == "en"
    assert book.attributes["publisher"] == "Vardal Press"
    assert book.created_at is not None
    assert [(s.text, s.heading) for s in book.segments] == [
        ("The bell", "Part One › The bell"),
        ("It rang twice — then\nno more.", "Part One › The bell"),
        ("A crack ran down it.", "Part One › The crack"),
        ("Silence.", "After"),
    ]


def test_html_that_is_no_xml_is_read_all_the_same(tmp_path: Path, reading: Reading) -> None:
    crooked = "<html><body><p>It rang <b>twice<br>and <i>no</b> more.<p>Truly & well</body>"
    book = read(_book(tmp_path, {"OPS/text/b.xhtml": crooked}), reading)
    assert [s.text for s in book.segments][:2] == ["It rang twice\nand no more.", "Truly & well"]


@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
@pytest.mark.parametrize("name", ["essay-pandoc.epub", "essay-libreoffice.epub"])
def test_a_truncated_book_is_damaged(
    name: str, share: float, files: Path, tmp_path: Path, reading: Reading
) -> None:
    data = (files / name).read_bytes()
    path = tmp_path / "cut.epub"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedFile, match="damaged or cut off"):
        read(path, reading)


@pytest.mark.parametrize(
    "changes",
    [
        {"META-INF/container.xml": "<container/>"},
        {"META-INF/container.xml": ""},
        {"OPS/book.opf": None},
        {"OPS/book.opf": "<package/>"},
        {"OPS/text/b.xhtml": None},
    ],
)
def test_a_book_whose_parts_are_missing_is_damaged(
    changes: dict[str, str | bytes | None], tmp_path: Path, reading: Reading
) -> None:
    with pytest.raises(DamagedFile):
        read(_book(tmp_path, changes), reading)


def test_drm_is_named(tmp_path: Path, reading: Reading) -> None:
    path = _book(tmp_path, {"META-INF/encryption.xml": _encryption("aes128-cbc")})
    with pytest.raises(EncryptedFile, match="digital rights management"):
        read(path, reading)


def test_obfuscated_fonts_are_no_drm(tmp_path: Path, reading: Reading) -> None:
    path = _book(
        tmp_path, {"META-INF/encryption.xml": _encryption("http://www.idpf.org/2008/embedding")}
    )
    assert read(path, reading).title == "Fog"


def _encryption(algorithm: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#">'
        f'<EncryptionMethod Algorithm="{algorithm}"/><CipherData>'
        '<CipherReference URI="OPS/text/b.xhtml"/></CipherData></EncryptedData></encryption>'
    )


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, reading: Reading) -> None:
    path = _book(tmp_path, {"OPS/bomb.bin": bytes(60 * 1024 * 1024)})
    assert path.stat().st_size < 1024 * 1024
    with pytest.raises(FileTooLarge, match="ZIP bomb"):
        read(path, reading)


def test_a_billion_laughs_stay_unlaughed(tmp_path: Path, reading: Reading) -> None:
    laughs = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    chapter = (
        f"<!DOCTYPE html [{laughs}]><html xmlns='http://www.w3.org/1999/xhtml'>"
        "<body><p>Before &a11; after.</p></body></html>"
    )
    book = read(_book(tmp_path, {"OPS/text/b.xhtml": chapter}), reading)
    assert sum(len(s.text) for s in book.segments) < 1_000
    assert book.segments[0].text.startswith("Before")


def test_links_out_of_the_book_lead_nowhere(tmp_path: Path, reading: Reading) -> None:
    secret = tmp_path / "secret.xhtml"
    secret.write_text("<html><body><p>do not tell</p></body></html>")
    package = PACKAGE.replace("text/b.xhtml", "../../../" + str(secret))
    path = _book(tmp_path, {"OPS/book.opf": package})
    with pytest.raises(DamagedFile, match="is missing"):
        read(path, reading)


def test_external_entities_are_not_read(tmp_path: Path, reading: Reading) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not tell")
    chapter = (
        f'<!DOCTYPE html [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'
        "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Text &s; here.</p></body></html>"
    )
    book = read(_book(tmp_path, {"OPS/text/b.xhtml": chapter}), reading)
    assert "do not tell" not in " ".join(s.text for s in book.segments)


def test_deep_nesting_does_not_break_the_reader(tmp_path: Path, reading: Reading) -> None:
    deep = (
        "<html><body><p>Before.</p>" + "<div>" * 50_000 + "x" + "</div>" * 50_000 + "</body></html>"
    )
    book = read(_book(tmp_path, {"OPS/text/b.xhtml": deep}), reading)
    assert "Before." in [s.text for s in book.segments]


def test_pictures_alone_are_no_text(tmp_path: Path, reading: Reading) -> None:
    empty = "<html><body><img src='p.png'/></body></html>"
    with pytest.raises(NoTextFound):
        read(_book(tmp_path, {"OPS/text/b.xhtml": empty, "OPS/text/a b.xhtml": empty}), reading)

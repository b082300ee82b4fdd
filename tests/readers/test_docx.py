from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest

from ingest.readers import read
from ingest.reading import Reading
from memex.errors import DamagedFile, EncryptedFile, FileTooLarge, NoTextFound


def _with_body(files: Path, tmp_path: Path, change: Callable[[str], str]) -> Path:
    """A real document whose body's XML is changed."""
    path = tmp_path / "changed.docx"
    with (
        zipfile.ZipFile(files / "essay-pandoc.docx") as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name == "word/document.xml":
                data = change(data.decode()).encode()
            target.writestr(name, data)
    return path


def test_metadata_and_tables(files: Path, reading: Reading) -> None:
    document = read(files / "essay-python-docx.docx", reading)
    assert document.kind == "document"
    assert document.author == "Nora Feld"
    assert document.created_at == datetime(2024, 3, 9, 14, 30, tzinfo=UTC)
    assert "Margarethe | Anders Quist | 11" in [s.text for s in document.segments]


def test_insertions_stay_and_deletions_go(files: Path, tmp_path: Path, reading: Reading) -> None:
    changes = (
        "<w:p><w:r><w:t xml:space='preserve'>The bell </w:t></w:r>"
        "<w:del w:id='1' w:author='x'><w:r><w:delText>never</w:delText></w:r></w:del>"
        "<w:ins w:id='2' w:author='x'><w:r><w:t>twice</w:t></w:r></w:ins>"
        "<w:r><w:t xml:space='preserve'> rang.</w:t>"
        "<w:br/><w:t>Then</w:t><w:tab/><w:t>not.</w:t></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a content control.</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>"
    )
    path = _with_body(files, tmp_path, lambda body: body.replace("<w:body>", f"<w:body>{changes}"))
    texts = [s.text for s in read(path, reading).segments]
    assert texts[:2] == ["The bell twice rang.\nThen not.", "In a content control."]


def test_a_title_style_gives_the_title_where_metadata_does_not(
    tmp_path: Path, reading: Reading
) -> None:
    path = tmp_path / "x.docx"
    document = docx.Document()
    document.add_paragraph("Sea fog", style="Title")
    document.add_paragraph("It came at three.")
    document.save(str(path))
    assert read(path, reading).title == "Sea fog"


def test_an_empty_document_has_no_text(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "empty.docx"
    docx.Document().save(str(path))
    with pytest.raises(NoTextFound):
        read(path, reading)


def test_a_password_is_asked_for(files: Path, reading: Reading) -> None:
    with pytest.raises(EncryptedFile, match="password"):
        read(files / "encrypted-msoffcrypto.docx", reading)


@pytest.mark.parametrize("name", ["essay-pandoc.docx", "essay-libreoffice.docx"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.98])
def test_a_truncated_document_is_damaged(
    name: str, share: float, files: Path, tmp_path: Path, reading: Reading
) -> None:
    data = (files / name).read_bytes()
    path = tmp_path / "cut.docx"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedFile, match="damaged or cut off"):
        read(path, reading)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[: len(body) // 2],
        lambda body: "",
        lambda body: "<x/>",
        lambda body: body.replace("<w:body>", "<w:body>" + "<w:sdt><w:sdtContent>" * 5_000),
    ],
)
def test_a_broken_body_is_damaged(
    change: Callable[[str], str], files: Path, tmp_path: Path, reading: Reading
) -> None:
    with pytest.raises(DamagedFile):
        read(_with_body(files, tmp_path, change), reading)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    files: Path, tmp_path: Path, reading: Reading
) -> None:
    path = _with_body(
        files, tmp_path, lambda body: body.replace("<w:body>", "<w:body>" + " " * 50_000_000)
    )
    with pytest.raises(FileTooLarge, match="ZIP bomb"):
        read(path, reading)


def test_entities_are_not_expanded(files: Path, tmp_path: Path, reading: Reading) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not tell")

    def change(body: str) -> str:
        declared = f'<!DOCTYPE w [<!ENTITY s SYSTEM "{secret.as_uri()}"><!ENTITY l "lollol">]>'
        head, rest = body.split("?>", 1)
        marked = rest.replace('<w:t xml:space="preserve">', '<w:t xml:space="preserve">&s;&l;', 1)
        assert marked != rest
        return f"{head}?>{declared}{marked}"

    document = read(_with_body(files, tmp_path, change), reading)
    assert "do not tell" not in " ".join(s.text for s in document.segments)

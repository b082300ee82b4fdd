from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.errors import InvalidRequest, NotFound, StorageError
from memex.library import Library
from memex.types import Arrival, Copy, Document, Segment, Word
from tests.documents import BREAD, ESSAY, spoken


def copy_of(document: Document, sha256: str = "a" * 64, uri: str | None = None) -> Copy:
    return Copy(
        document.id,
        uri or document.uri,
        sha256,
        document.kind,
        document.title,
        1,
        datetime.now(UTC),
    )


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library.db")


def test_a_document_comes_back_as_it_was(library: Library) -> None:
    words = (Word("good", 0.5, 0.75, 0.5), Word("morning", 0.75, 1.25, 0.25))
    talk = spoken(
        Segment("good morning", 0.5, 1.25, "Ada", heading="One", words=words),
        Segment("p. 3", page=3, line=7),
    )
    library.add(Arrival(talk, copy_of(talk)))
    assert library.document(talk.id) == talk


def test_the_same_text_twice_is_one_document_with_two_copies(library: Library) -> None:
    (first,) = library.add(Arrival(ESSAY, copy_of(ESSAY)))
    (second,) = library.add(Arrival(ESSAY, copy_of(ESSAY, "b" * 64, "file:///notes/a.docx")))
    assert (first.new, second.new) == (True, False)
    assert library.ids() == {ESSAY.id}
    assert len(library.copies(ESSAY.id)) == 2
    assert library.copies_of_bytes("b" * 64)[0].uri == "file:///notes/a.docx"


def test_removing_takes_segments_and_copies_along(library: Library, tmp_path: Path) -> None:
    library.add(Arrival(ESSAY, copy_of(ESSAY)))
    library.remove(ESSAY.id)
    with sqlite3.connect(tmp_path / "library.db") as db:
        for table in ("documents", "segments", "copies"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    db.close()
    with pytest.raises(NotFound):
        library.remove(ESSAY.id)


def test_a_prefix_names_a_document_while_it_is_the_only_one(library: Library) -> None:
    for document in (ESSAY, BREAD):
        library.add(Arrival(document, copy_of(document)))
    assert library.find(ESSAY.id[:8]) == ESSAY.id
    with pytest.raises(NotFound):
        library.find("zz")
    with pytest.raises(NotFound):
        library.find("")
    shared = next((ESSAY.id[:n] for n in range(32, 0, -1) if ESSAY.id[:n] == BREAD.id[:n]), None)
    if shared:
        with pytest.raises(InvalidRequest):
            library.find(shared)


def test_segments_by_position(library: Library) -> None:
    library.add(Arrival(ESSAY, copy_of(ESSAY)))
    assert library.segments(ESSAY.id, 1, 1) == [ESSAY.segments[1]]


def test_what_was_added_is_there_after_opening_again(tmp_path: Path) -> None:
    first = Library(tmp_path / "library.db")
    first.add(Arrival(ESSAY, copy_of(ESSAY)))
    first.close()
    assert Library(tmp_path / "library.db").document(ESSAY.id) == ESSAY


def test_a_library_of_a_newer_memex_is_refused(tmp_path: Path) -> None:
    Library(tmp_path / "library.db").close()
    db = sqlite3.connect(tmp_path / "library.db")
    db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(StorageError, match="newer Memex"):
        Library(tmp_path / "library.db")


def test_a_file_that_is_no_library_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="damaged"):
        Library(tmp_path / "library.db")


def test_the_file_is_the_owners_alone(library: Library, tmp_path: Path) -> None:
    assert (tmp_path / "library.db").stat().st_mode & 0o777 == 0o600

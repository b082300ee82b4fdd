from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex import tombstones
from memex.library import Library
from memex.types import Arrival, Copy, Document
from tests.documents import BREAD, ESSAY
from tests.memory.test_library import copy_of

NOTES = "file:///notes"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library.db")


def at(document: Document, name: str, sha256: str = "") -> Copy:
    return replace(copy_of(document, sha256 or document.id * 2, f"{NOTES}/{name}"), signature="1-1")


def places(library: Library, document: Document) -> list[str]:
    return [copy.uri.removeprefix(f"{NOTES}/") for copy in library.copies(document.id)]


def test_an_edit_hides_what_was_there_before(library: Library) -> None:
    library.add(Arrival(ESSAY, at(ESSAY, "a.txt")))
    (change,) = library.add(Arrival(BREAD, at(BREAD, "a.txt")))
    assert change.hidden == {ESSAY.id}
    assert library.ids() == {BREAD.id}
    assert library.document(ESSAY.id).segments == ESSAY.segments
    assert [entry.id for entry in library.entries()] == [BREAD.id]
    assert {entry.id for entry in library.entries(hidden=True)} == {ESSAY.id, BREAD.id}
    assert library.versions(BREAD.id) == {ESSAY.id, BREAD.id}


def test_an_edit_back_shows_it_again(library: Library) -> None:
    library.add(Arrival(ESSAY, at(ESSAY, "a.txt")), Arrival(BREAD, at(BREAD, "a.txt")))
    assert library.add_copy(at(ESSAY, "a.txt")).hidden == {BREAD.id}
    assert library.ids() == {ESSAY.id}


def test_what_lies_elsewhere_too_stays_and_is_shown_there(library: Library) -> None:
    library.add(Arrival(ESSAY, at(ESSAY, "a.txt")))
    library.add_copy(at(ESSAY, "b.txt"))
    (change,) = library.add(Arrival(BREAD, at(BREAD, "a.txt")))
    assert not change.hidden
    assert library.document(ESSAY.id).uri == f"{NOTES}/b.txt"


@pytest.mark.parametrize("lost_first", [True, False])
def test_a_moved_file_is_the_same_document_in_its_new_place(
    library: Library, *, lost_first: bool
) -> None:
    library.add(Arrival(ESSAY, at(ESSAY, "a.txt")))
    if lost_first:
        library.files.lose([f"{NOTES}/a.txt"])
        library.add_copy(at(ESSAY, "b.txt"))
    else:
        library.add_copy(at(ESSAY, "b.txt"))
        library.files.lose([f"{NOTES}/a.txt"])
    assert places(library, ESSAY) == ["b.txt"]
    assert library.places([ESSAY.id]) == {ESSAY.id: f"{NOTES}/b.txt"}
    assert library.files.missing_count() == 0


def test_a_deleted_file_is_kept_until_the_grace_is_over(library: Library) -> None:
    library.add(Arrival(ESSAY, at(ESSAY, "a.txt")))
    library.files.lose([f"{NOTES}/a.txt"])
    assert library.ids() == {ESSAY.id}
    now = datetime.now(UTC)
    assert library.files.missing(NOTES, now - timedelta(days=1)) == []
    assert library.files.missing(NOTES, now + timedelta(seconds=1)) == [ESSAY.id]
    assert library.files.missing("file:///other", now + timedelta(seconds=1)) == []
    library.files.find([f"{NOTES}/a.txt"])
    assert library.files.missing(NOTES, now + timedelta(days=1)) == []


def test_known_files_are_listed_below_a_folder_only_page_by_page(library: Library) -> None:
    for number, name in enumerate(("a.txt", "b/c.txt", "d.txt")):
        library.add(Arrival(ESSAY, at(ESSAY, name, str(number) * 64)))
    library.add(Arrival(BREAD, copy_of(BREAD, "f" * 64, "file:///notes-of-others/e.txt")))
    first = library.files.known(NOTES, limit=2)
    assert [file.uri for file in first] == [f"{NOTES}/a.txt", f"{NOTES}/b/c.txt"]
    assert [f.uri for f in library.files.known(NOTES, first[-1].uri)] == [f"{NOTES}/d.txt"]


def test_a_tombstone_is_known_by_its_key_and_tells_nothing(library: Library) -> None:
    key = tombstones.of_text(ESSAY.id)
    library.tombstones.put_up([key])
    assert library.tombstones.among([key, tombstones.of_text(BREAD.id)]) == {key}
    assert ESSAY.id.encode() not in library.database.path.read_bytes()
    library.tombstones.lift([key])
    assert library.tombstones.among([key]) == set()


def test_what_memex_keeps_is_found_where_its_data_were_moved_to(library: Library) -> None:
    library.files.move_kept("file:///home/ada/memex/audio")
    kept = copy_of(ESSAY, uri="file:///home/ada/memex/audio/5c/5c1f.opus")
    library.add(Arrival(ESSAY, kept), Arrival(BREAD, at(BREAD, "a.txt")))
    library.files.move_kept("file:///srv/memex/audio")
    (copy,) = library.copies(ESSAY.id)
    assert copy.uri == "file:///srv/memex/audio/5c/5c1f.opus"
    assert places(library, BREAD) == ["a.txt"]

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from memex.audit import Finding
from memex.audit.index import audit_index
from memex.audit.library import audit_library
from memex.audit.spool import audit_spool
from memex.errors import StorageError
from memex.index import identities
from memex.indexer import Indexer, open_indexer
from memex.items import Lane, Provenance
from memex.library import Library
from memex.passages import indexed_text, split
from memex.spool import Spool
from memex.testing import WordLengths
from memex.types import Arrival, Segment, heard_id
from tests.documents import BREAD, ESSAY, TALK, document, spoken
from tests.index.looking import by_words, dataset, table
from tests.memory.test_library import copy_of


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "library.db")
    for number in range(8):
        added = document(*[f"Bird {number} sings line {n} by the river." for n in range(40)])
        library.add(Arrival(added, copy_of(added, uri=f"file:///{number}")))
    for known in (ESSAY, BREAD, TALK):
        library.add(Arrival(known, copy_of(known)))
    return library


def opened(library: Library, directory: Path) -> Indexer:
    indexer = open_indexer(library, directory, WordLengths(), lambda _: None)
    indexer.grace = 0.0
    for _ in indexer.reconcile():
        pass
    indexer.serving.index.optimise()  # at once, not a minute later
    return indexer


def findings(items: object) -> list[Finding]:
    assert hasattr(items, "__iter__")
    return [item for item in items if isinstance(item, Finding)]


def rows(indexer: Indexer) -> dict[str, str]:
    return {
        passage.id: passage.text for batch, _ in indexer.serving.index.rows() for passage in batch
    }


def wanted(library: Library) -> dict[str, str]:
    return {p.id: p.text for id_ in library.ids() for p in split(library.document(id_))}


def test_a_sound_memory_is_sound(library: Library, tmp_path: Path) -> None:
    indexer = opened(library, tmp_path / "index")
    assert findings(audit_index(library, indexer, mend=True)) == []
    assert findings(audit_library(library.database.path)) == []
    library.close()


def test_a_renamed_document_is_no_damage(library: Library, tmp_path: Path) -> None:
    """Its passages keep the title and place that it had when they were made."""
    indexer = opened(library, tmp_path / "index")
    with library.database.transaction() as db:
        db.execute("UPDATE documents SET title = 'Another', uri = 'file:///elsewhere'")
    assert findings(audit_index(library, indexer, mend=False)) == []


def lose_a_passage(indexer: Indexer) -> None:
    table(indexer.serving.index).delete(f"id = '{ESSAY.id}:0'")


def lose_a_document(indexer: Indexer) -> None:
    indexer.serving.index.remove(ESSAY.id)


def write_another_text(indexer: Indexer) -> None:
    other = json.dumps({**asdict(split(ESSAY)[0]), "text": "something else"}, default=str)
    table(indexer.serving.index).update(where=f"id = '{ESSAY.id}:0'", values={"passage": other})


def write_a_vector_of_nothing(indexer: Indexer) -> None:
    table(indexer.serving.index).update(where=f"id = '{ESSAY.id}:0'", values={"vector": [0.0] * 8})


def write_a_long_vector(indexer: Indexer) -> None:
    table(indexer.serving.index).update(where=f"id = '{ESSAY.id}:0'", values={"vector": [3.0] * 8})


def write_a_passage_twice(indexer: Indexer) -> None:
    passages = split(ESSAY)
    vectors = WordLengths().encode_documents([indexed_text(passage) for passage in passages])
    indexer.serving.index.add(passages, vectors)


def write_a_stranger(indexer: Indexer) -> None:
    stranger = document("Nobody remembered this.")
    passages = split(stranger)
    vectors = WordLengths().encode_documents([indexed_text(passage) for passage in passages])
    indexer.serving.index.add(passages, vectors)


@pytest.mark.parametrize(
    "spoil",
    [
        lose_a_passage,
        lose_a_document,
        write_another_text,
        write_a_vector_of_nothing,
        write_a_long_vector,
        write_a_passage_twice,
        write_a_stranger,
    ],
)
def test_wrong_rows_are_found_and_mended(
    library: Library, tmp_path: Path, spoil: Callable[[Indexer], None]
) -> None:
    indexer = opened(library, tmp_path / "index")
    spoil(indexer)
    (found,) = findings(audit_index(library, indexer, mend=False))
    assert (found.where, found.mended) == ("index", False)
    generation = indexer.serving.index.identity.generation
    (found,) = findings(audit_index(library, indexer, mend=True))
    assert found.mended
    assert indexer.serving.index.identity.generation == generation  # only what was wrong
    assert rows(indexer) == wanted(library)
    assert findings(audit_index(library, indexer, mend=False)) == []


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def garbled(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 4 : len(data) * 3 // 4] = os.urandom(len(data) // 2)
    file.write_bytes(data[: file.stat().st_size])


def removed(file: Path) -> None:
    file.unlink()


SPOILT = [
    (pattern, how)
    for pattern in ("data/*.lance", "_versions/*.manifest", "_indices/*/part_*_invert.lance")
    for how in (emptied, truncated, garbled, removed)
]


@pytest.mark.parametrize("running", [True, False], ids=["while running", "at the start"])
@pytest.mark.parametrize(("pattern", "how"), SPOILT)
def test_damaged_files_are_found_and_mended(
    library: Library, tmp_path: Path, pattern: str, how: Callable[[Path], None], *, running: bool
) -> None:
    directory = tmp_path / "index"
    indexer = opened(library, directory)
    files = sorted((directory / f"{indexer.serving.index.identity.table}.lance").glob(pattern))
    assert files
    for file in files:
        how(file)
    if not running:
        indexer = open_indexer(library, directory, WordLengths(), lambda _: None)
        indexer.grace = 0.0
        if indexer.damage:
            for _ in indexer.reconcile():
                pass
    found = findings(audit_index(library, indexer, mend=True))
    assert found
    assert all(finding.mended for finding in found)
    assert rows(indexer) == wanted(library)
    assert findings(audit_index(library, indexer, mend=False)) == []
    again = open_indexer(library, directory, WordLengths(), lambda _: None)
    assert again.damage == ""
    assert len(by_words(again.serving.index, "hypertext", 5)) == 1
    assert [identity.table for identity in identities(directory)] == [
        path.stem for path in directory.glob("*.lance")
    ]
    assert not (tmp_path / "index.damaged").exists()


def test_a_damaged_old_version_is_mended_for_forgetting_stumbles_over_it(
    library: Library, tmp_path: Path
) -> None:
    indexer = opened(library, tmp_path / "index")
    oldest = max((tmp_path / "index").glob("*.lance/_versions/*.manifest"))
    garbled(oldest)
    with pytest.raises((StorageError, ValueError)):
        indexer.purge()
    (found,) = findings(audit_index(library, indexer, mend=True))
    assert found.mended
    indexer.purge()
    assert rows(indexer) == wanted(library)


@pytest.mark.parametrize("column", ["id", "document_id", "indexed"])
def test_a_damaged_index_of_one_column_is_found(
    library: Library, tmp_path: Path, column: str
) -> None:
    indexer = opened(library, tmp_path / "index")
    (uuid,) = [
        segment.uuid
        for each in dataset(indexer.serving.index).describe_indices()
        if each.field_names == [column]
        for segment in each.segments
    ]
    for file in (tmp_path / "index").glob(f"*.lance/_indices/{uuid}/*.lance"):
        emptied(file)
    indexer = open_indexer(library, tmp_path / "index", WordLengths(), lambda _: None)
    indexer.grace = 0.0
    (found,) = findings(audit_index(library, indexer, mend=True))
    assert found.mended
    assert rows(indexer) == wanted(library)


@pytest.mark.parametrize("how", [emptied, truncated, removed])
def test_a_damaged_note_of_a_table_keeps_nothing_from_starting(
    library: Library, tmp_path: Path, how: Callable[[Path], None]
) -> None:
    opened(library, tmp_path / "index")
    (note,) = (tmp_path / "index").glob("*.json")
    how(note)
    indexer = opened(library, tmp_path / "index")
    assert rows(indexer) == wanted(library)
    assert len(identities(tmp_path / "index")) == 1


def test_what_is_being_remembered_is_no_damage(library: Library, tmp_path: Path) -> None:
    indexer = opened(library, tmp_path / "index")
    news = document("Heard a moment ago.", uri="file:///news")
    found = []
    for item in audit_index(library, indexer, mend=False):
        if news.id not in library.ids():
            library.add(Arrival(news, copy_of(news)))
        if isinstance(item, Finding):
            found.append(item)
    assert found == []


def test_a_text_that_is_not_what_it_was_is_reported(library: Library) -> None:
    with library.database.transaction() as db:
        db.execute("UPDATE segments SET text = 'never said' WHERE document_id = ?", (TALK.id,))
        db.execute("DELETE FROM segments WHERE document_id = ? AND position = 0", (BREAD.id,))
        db.execute("DELETE FROM segments WHERE document_id = ?", (ESSAY.id,))
    found = findings(audit_library(library.database.path))
    library.close()
    assert sorted(finding.said.split("(")[1][:8] for finding in found) == sorted(
        id_[:8] for id_ in (TALK.id, BREAD.id, ESSAY.id)
    )
    assert not any(finding.mended for finding in found)


def test_notes_that_came_with_a_recording_are_no_part_of_its_id(tmp_path: Path) -> None:
    library = Library(tmp_path / "library.db")
    heard = spoken(Segment("Welcome to the show.", 0.0, 1.0))
    noted = replace(heard, segments=(*heard.segments, Segment("See my page.", heading="Notes")))
    library.add(Arrival(noted, copy_of(noted)))
    library.close()
    assert findings(audit_library(tmp_path / "library.db")) == []


def test_what_was_heard_live_is_named_after_its_moment_and_its_text_is_checked(
    tmp_path: Path,
) -> None:
    assert TALK.created_at is not None
    live = replace(TALK, id=heard_id("microphone", "", TALK.created_at)).saying(TALK.segments)
    library = Library(tmp_path / "library.db")
    library.add(Arrival(live, copy_of(live)))
    library.close()
    assert findings(audit_library(tmp_path / "library.db")) == []
    with sqlite3.connect(tmp_path / "library.db") as db:
        db.execute("UPDATE segments SET text = 'Somebody said something else.'")
    db.close()
    (found,) = findings(audit_library(tmp_path / "library.db"))
    assert "does not say any more" in found.said


def test_a_segment_of_no_document_is_reported(tmp_path: Path) -> None:
    Library(tmp_path / "library.db").close()
    with sqlite3.connect(tmp_path / "library.db") as db:
        db.execute("INSERT INTO segments (document_id, position, text) VALUES ('x', 0, 'lost')")
    db.close()
    (found,) = findings(audit_library(tmp_path / "library.db"))
    assert "segments" in found.said


@pytest.mark.parametrize("how", [emptied, truncated, garbled])
def test_a_damaged_library_is_reported_with_what_to_do(
    library: Library, how: Callable[[Path], None]
) -> None:
    library.close()
    how(library.database.path)
    found = findings(audit_library(library.database.path))
    assert found
    assert all("memex restore" in finding.remedy for finding in found)


def test_no_library_is_no_damage(tmp_path: Path) -> None:
    assert findings(audit_library(tmp_path / "library.db")) == []
    assert findings(audit_spool(tmp_path / "spool")) == []


def test_what_the_spool_lost_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path / "spool")
    items = []
    for name in ("kept", "gone", "mute"):
        spool.draft(f"{name}.wav").write_bytes(name.encode())
        items.append(
            spool.receive(spool.draft(f"{name}.wav"), Provenance(source="radio"), Lane.LIVE)
        )
    _, gone, mute = items
    Path(gone.path).unlink()
    (tmp_path / "spool" / "new" / f"{mute.id}.json").unlink()
    read = tmp_path / "mine.txt"
    read.write_text("a file of the user's own", encoding="utf-8")
    spool.put(read)
    read.unlink()
    now = time.time()
    assert len(findings(audit_spool(tmp_path / "spool"))) == 1  # the other may just be coming in
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    found = findings(audit_spool(tmp_path / "spool"))
    assert len(found) == 2
    assert mute.id in found[0].said
    assert gone.id in found[1].said
    shutil.rmtree(tmp_path / "spool")

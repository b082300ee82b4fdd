from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import memex.migrations
from memex.database import Database
from memex.errors import NotFound
from memex.library import Library
from memex.spellings import spellings
from memex.types import GROWING, Arrival, Document, Segment
from memex.vocabulary import Vocabulary
from tests.documents import BREAD, ESSAY, TALK, document, spoken
from tests.memory.test_growing import BETTER, FIRST, SECOND, heard
from tests.voices.test_people import ADA, BERT, Room


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library.db")


def add(library: Library, *documents: Document) -> None:
    library.add(*(Arrival.of(each, sha256=each.id, size=1) for each in documents))


def stored(library: Library) -> dict[str, int]:
    rows = library.database.all("SELECT word, documents FROM words")
    return {row["word"]: row["documents"] for row in rows}


def _add_and_fail(library: Library) -> None:
    with library.database.transaction():
        add(library, ESSAY)
        library.remove("nothing")


def said_in(library: Library) -> Counter[str]:
    """What the table must be, counted anew."""
    found: Counter[str] = Counter()
    for entry in library.entries(hidden=True):
        each = library.document(entry.id)
        found.update(spellings([each.title]))
        found.update(spellings(s.speaker or "" for s in each.segments))
        found.update(spellings(t for s in each.segments for t in (s.text, s.heading or "")))
    return found


def test_words_as_they_are_spelt() -> None:
    assert spellings(["O'Brien’s café, e.g. the Žižek-reader of 1989; мир"]) == {
        *("o'brien", "brien", "café", "žižek-reader", "žižek", "reader")
    }


def test_what_is_remembered_is_in_it_and_what_is_removed_is_not(library: Library) -> None:
    add(library, ESSAY, BREAD, TALK)
    assert stored(library) == said_in(library)
    assert stored(library)["hypertext"] == 2  # in title and text
    assert stored(library)["ada"] == 1  # who speaks
    library.remove(ESSAY.id)
    assert stored(library) == said_in(library)
    assert "hypertext" not in stored(library)
    library.remove(BREAD.id, TALK.id)
    assert stored(library) == {}


def test_what_grows_counts_once(library: Library) -> None:
    for segments in ((FIRST,), (FIRST, SECOND), (FIRST, BETTER)):
        one = heard(*segments, uri="file:///home/ada/spool/live/1.wav")
        one = replace(one, attributes={**one.attributes, GROWING: "yes"})
        library.add(replace(Arrival.of(one, sha256="1", size=1), growing=True))
        assert stored(library) == said_in(library)
    assert "green" not in stored(library)
    assert stored(library)["great"] == 1


def test_a_moved_file_changes_the_title_that_counts(library: Library) -> None:
    add(library, BREAD)
    library.files.lose([BREAD.uri])
    moved = replace(BREAD, title="Ciabatta", uri="file:///notes/ciabatta.md")
    add(library, moved)
    assert stored(library) == said_in(library)
    assert stored(library)["ciabatta"] == 1
    library.remove(BREAD.id)
    assert stored(library) == {}


def test_what_a_broken_transaction_counted_is_forgotten(library: Library) -> None:
    add(library, BREAD)
    vocabulary = library.vocabulary
    assert vocabulary.exactly("loaf") == 1
    with pytest.raises(NotFound):
        library.remove(BREAD.id, "nothing")
    assert vocabulary.exactly("loaf") == 1
    with pytest.raises(NotFound):
        _add_and_fail(library)
    assert vocabulary.exactly("hypertext") == 0
    assert stored(library) == said_in(library)


def test_it_follows_while_it_is_in_memory(library: Library) -> None:
    add(library, ESSAY)
    vocabulary = library.vocabulary
    assert not [near.word for near in vocabulary.near("siarami")]
    add(library, document("Ciarami mended it.", title="Zampieri"))
    assert vocabulary.near("siarami")[0].word == "ciarami"
    assert vocabulary.near("zampiery")[0].word == "zampieri"
    (note,) = (e.id for e in library.entries() if e.title == "Zampieri")
    library.remove(note)
    assert "ciarami" not in {near.word for near in vocabulary.near("siarami")}
    assert vocabulary.documents("ciarami") == 0
    add(library, document("Ciarami again.", title="A note"))
    assert vocabulary.near("siarami")[0].word == "ciarami"


def test_inflections_count_as_the_word(library: Library) -> None:
    add(library, document("He was baking loaves."))
    assert library.vocabulary.documents("bakes") == 1
    assert library.vocabulary.exactly("bakes") == 0


def test_accents_and_capitals_do_not_matter(library: Library) -> None:
    add(library, document("Łukasz met Ğülçin at the Öresund."))
    near = library.vocabulary.near
    assert [near(each)[0].word for each in ("Lukash", "gulcin", "oresunt")] == [
        *("łukasz", "ğülçin", "öresund")
    ]


def test_a_library_from_before_gets_its_words(library: Library, tmp_path: Path) -> None:
    headed = replace(ESSAY, segments=(*ESSAY.segments, Segment("More.", heading="Xanadu")))
    add(library, headed, BREAD, TALK, spoken(Segment("Hm.", 0.0, 1.0, "Zoltan")))
    expected = stored(library)
    library.close()
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as db:
        for script in sorted(Path(memex.migrations.__path__[0]).glob("*.sql"))[:5]:
            db.executescript(script.read_text())
        db.execute("ATTACH ? AS new", (str(tmp_path / "library.db"),))
        for table in ("documents", "segments", "copies"):
            db.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")
        db.execute("PRAGMA user_version = 5")
        db.commit()
    again = Library(old)
    assert stored(again) == expected == said_in(again)
    again.close()


WORDS = st.sampled_from("ada Ada's grace bake BAKING café o'neil 12 the of Žižek".split())
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=3)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.sampled_from("abc"), st.booleans()), max_size=6))
def test_it_is_never_out_of_step(steps: list[tuple[list[str], str, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(_opened(folder)) as library:
        for texts, place, remove in steps:
            one = document(*texts, title=f"{texts[0]} x", uri=f"file:///{place}")
            if remove and library.has(one.id):
                library.remove(one.id)
            else:
                add(library, one)
            expected = said_in(library)
            assert stored(library) == expected
            assert {word: library.vocabulary.exactly(word) for word in expected} == expected


def _opened(folder: str) -> Library:
    return Library(Path(folder) / "library.db")


def test_readers_and_writers_do_not_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    library = Library(tmp_path / "library.db")
    add(library, ESSAY)

    def write(number: int) -> None:
        add(library, document(f"Note {'abcdefghij'[number % 10]}zzz{number}."))

    def read(number: int) -> str:
        fresh = Vocabulary(library.database)
        fresh.load()
        return library.vocabulary.near("hypertekst")[0].word

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, number) for number in range(20)]
        found = [pool.submit(read, number) for number in range(20)]
        assert {each.result(60) for each in found} == {"hypertext"}
        assert [each.result(60) for each in writing] == [None] * 20
    library.close()


def test_a_vocabulary_over_nothing_finds_nothing(tmp_path: Path) -> None:
    vocabulary = Vocabulary(Database(tmp_path / "library.db"))
    assert vocabulary.near("anybody") == []
    assert vocabulary.near("мир") == []
    assert vocabulary.sounding("KT") == {}


def test_a_forgotten_word_is_not_in_the_bytes(tmp_path: Path) -> None:
    library = Library(tmp_path / "library.db")
    secret = document("Zyxomantic herons.", title="Quixomere")
    add(library, BREAD, secret)
    assert library.vocabulary.near("zyxomantik")[0].word == "zyxomantic"
    library.remove(secret.id)
    library.database.shred()
    left = b"".join(file.read_bytes().lower() for file in tmp_path.iterdir())
    assert b"zyxomantic" not in left
    assert b"quixomere" not in left
    assert b"forty" in left
    library.close()


def test_a_voice_that_gets_a_name_is_known_by_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.hear(("Hello there.", ADA), ("Good day to you.", BERT))
    assert stored(room.library) == said_in(room.library)
    assert room.library.vocabulary.exactly("voice") == 1  # "Voice 1"
    room.people.name("Voice 1", "Wolodymyr")
    assert stored(room.library) == said_in(room.library)
    assert room.library.vocabulary.near("volodimir")[0].word == "wolodymyr"
    room.people.forget("Wolodymyr")
    assert stored(room.library) == said_in(room.library)
    assert room.library.vocabulary.exactly("wolodymyr") == 0
    room.memory.close()

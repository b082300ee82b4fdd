from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.backup import back_up
from memex.cases import Evidence
from memex.daemons import ROLES
from memex.errors import InvalidRequest, NotFound
from memex.library import Library
from memex.memory import Memex
from memex.mining import Drafted, Dropped, Mining, copies
from memex.protocols import Filters
from memex.restore import restore
from memex.testing import ScriptedModel, WordLengths
from memex.types import Document
from tests.copies.making import paths_of, quiet
from tests.documents import BREAD, TALK, document
from tests.memory.test_forgetting import Notes, verified
from tests.memory.test_traces import ask, search

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BIRDS = document(
    "The heron stood in the reeds of the lake for most of the morning, and Ada counted eleven"
    " cranes above the old mill before the rain set in and they all went home to the harbour.",
    title="Birds",
    uri="file:///notes/birds.md",
)
TRAIN = document(
    "The night train from Vienna was four hours late because a tree had come down near the"
    " border, so Ben slept in his coat and missed the lecture about hypertext in the morning.",
    title="Train",
    uri="file:///notes/train.md",
)


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Notes]:
    made = Notes(tmp_path)
    yield made
    made.memex.close()


def at(document: Document, first: int = 0, last: int = 0) -> Evidence:
    return Evidence(document.id, first, last)


def test_a_case_is_a_question_and_where_its_answer_stands(notes: Notes) -> None:
    cases = notes.library.cases
    number = cases.add(
        "how hot?", "search", NOW, [at(BREAD, 0, 0), at(TALK, 2, 2), at(BREAD, 1, 1)]
    )
    (case,) = cases.all()
    assert (case.id, case.query, case.origin, case.asked_at) == (number, "how hot?", "search", NOW)
    assert set(case.evidence) == {at(BREAD, 0, 1), at(TALK, 2, 2)}
    assert not case.stale
    again = cases.add("how hot?", "mined", NOW, [at(BREAD)])
    assert [(case.id, case.evidence) for case in cases.all()] == [(again, (at(BREAD),))]
    assert cases.forget([again]) == 1
    assert cases.all() == []


def test_a_case_without_a_place_is_none(notes: Notes) -> None:
    with pytest.raises(InvalidRequest):
        notes.library.cases.add("how hot?", "search", NOW, [])
    with pytest.raises(NotFound):
        notes.library.cases.add("how hot?", "search", NOW, [Evidence("gone", 0, 0)])
    assert notes.library.cases.all() == []


def test_a_case_of_which_the_place_says_something_else_is_stale(notes: Notes) -> None:
    notes.library.cases.add("how hot?", "search", NOW, [at(BREAD)])
    notes.library.cases.add("what roses?", "search", NOW, [at(TALK, 1, 1)])
    with notes.library.database.transaction() as db:
        db.execute("UPDATE segments SET text = 'Other.' WHERE document_id = ?", (BREAD.id,))
    assert [case.stale for case in notes.library.cases.all()] == [True, False]


def test_a_case_goes_with_its_document_and_the_proof_holds(notes: Notes) -> None:
    note, _ = notes.write()
    cases = notes.library.cases
    cases.add("where stood the zyxomantic heron?", "ask", NOW, [at(note), at(BREAD)])
    cases.add("what is zyxomantic?", "mined", NOW, [at(BREAD)])
    kept = cases.add("how hot is the oven?", "mined", NOW, [at(BREAD)])
    cases.note_mined(note.id, 0)
    after = verified(notes, note.id)
    assert after.clean, after.findings
    assert notes.left() == set()
    assert [case.id for case in cases.all()] == [kept]
    assert cases.mined() == {}
    cases.note_mined(note.id, 0)  # decided too late
    assert cases.mined() == {}


def test_cases_are_in_a_backup(notes: Notes, tmp_path: Path) -> None:
    notes.library.cases.add("how hot?", "search", NOW, [at(BREAD)])
    wanted = notes.library.cases.all()
    back_up(notes.paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    library = Library(other.library)
    assert library.cases.all() == wanted
    library.close()


def test_what_was_marked_right_is_the_evidence(notes: Notes) -> None:
    number = search(notes.memex, "loaf")
    notes.memex.recorder.settle()
    traces = notes.library.traces
    assert traces.trace(number).right == ()
    traces.label(number, "right", n=2)
    assert [shown.n for shown in traces.trace(number).right] == [2]


def test_of_a_right_answer_it_is_what_it_cites(notes: Notes) -> None:
    number = ask(notes.memex, "how long to bake the loaf?")
    notes.memex.recorder.settle()
    traces = notes.library.traces
    traces.label(number, "right")
    trace = traces.trace(number)
    assert "[1]" in (trace.answer or "")
    assert [shown.n for shown in trace.right] == [1]
    assert trace.right[0].document_id == BREAD.id
    traces.label(number, "wrong", n=1)
    assert traces.trace(number).right == ()


class Written:
    """A memory of two notes, and a model that drafts what it is told to."""

    def __init__(self, folder: Path, *replies: str) -> None:
        self.notes = Notes(folder)
        for each in (BIRDS, TRAIN):
            self.notes.remember(each, each.uri)
        self.model = ScriptedModel(list(replies))
        made = self.notes.memex
        self.memex = Memex(self.notes.library, made.indexer, WordLengths(), self.model)
        self.mining = Mining(self.memex)

    def close(self) -> None:
        self.notes.memex.recorder.close()
        self.memex.close()


GOOD = "Which animals did Ada see above the mill?"


def test_a_draft_is_of_a_passage_that_it_finds(tmp_path: Path) -> None:
    written = Written(tmp_path, GOOD)
    (draft,) = written.mining.draft()
    assert isinstance(draft, Drafted)
    assert draft.query == GOOD
    assert draft.passage.text in written.model.prompts[0][1].content
    (again,) = Mining(written.memex).draft()  # nothing was decided: it comes again
    assert again == draft
    written.close()


def test_no_passage_comes_twice_and_documents_take_turns(tmp_path: Path) -> None:
    written = Written(tmp_path, GOOD)
    seen = []
    while drafts := list(written.mining.draft()):
        (draft,) = drafts
        assert isinstance(draft, Drafted)
        seen.append(draft.passage.document_id)
        written.mining.decline(draft.passage.document_id, draft.passage.first)
    assert sorted(seen) == sorted([BIRDS.id, TRAIN.id, BREAD.id])  # TALK is too short
    written.close()


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Who stood in the reeds of the lake for most of the morning?", "copied"),
        ("What is it?", "no question"),
        ("The heron and the cranes.", "no question"),
        (GOOD, "asked already"),
    ],
)
def test_what_is_no_use_is_dropped(tmp_path: Path, reply: str, reason: str) -> None:
    written = Written(tmp_path, reply)
    written.notes.library.cases.add(GOOD, "ask", NOW, [at(BREAD)])
    for other in (TRAIN, BREAD):
        written.mining.decline(other.id, 0)
    assert list(written.mining.draft()) == [Dropped(reply, reason)]
    assert list(written.mining.draft()) == []
    written.close()


def test_a_question_that_does_not_find_its_passage_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(tmp_path, GOOD)

    def found(_: object, query: str, **__: object) -> list[object]:
        return list(real(written.memex, query, filters=Filters(document_id=BREAD.id)))

    real = Memex.recall
    monkeypatch.setattr(Memex, "recall", found)
    written.mining.decline(BREAD.id, 0)
    reasons = [item.reason for item in written.mining.draft() if isinstance(item, Dropped)]
    assert reasons == ["not found by it"] * 2
    written.close()


def test_a_copy_is_five_words_in_a_row() -> None:
    text = "The heron stood in the reeds of the lake."
    assert copies("Who STOOD in the reeds of which lake?", text)
    assert not copies("Who stood in the high reeds of the sea?", text)

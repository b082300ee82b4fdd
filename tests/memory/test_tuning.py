"""Learning from marks: what counts as a lesson, when the new weights are taken, what stays."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.backup import back_up
from memex.cases import Evidence
from memex.daemons import ROLES
from memex.database import Database
from memex.indexer import Indexer
from memex.library import Library
from memex.marks import Marked, Place, marked, right_among
from memex.memory import Memex
from memex.passages import split
from memex.protocols import Filters, Step
from memex.recall.features import FEATURES
from memex.recall.rank import VERSION, WEIGHTS
from memex.restore import restore
from memex.testing import ScriptedModel, WordLengths
from memex.tuning import LEAST, Tuned, Tuning
from memex.weights import Learnt
from tests.copies.making import paths_of, quiet
from tests.documents import BREAD, TALK, document
from tests.memory.test_expiry import Machine
from tests.memory.test_forgetting import Notes, verified
from tests.memory.test_traces import ask, search

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
WORDS = (
    "ash bee cow dew elm fig gnu hen ivy jay kelp lark moth newt oaks pine quail raven swan thrush"
    " urchin violet walnut yarrow zinnia anemone buttercup chrysanthemum dandelion edelweiss"
).split()
LEARNT = Learnt(dict.fromkeys(FEATURES, 0.5), "word-lengths", VERSION, 40, NOW)
STORED = {**asdict(LEARNT), "learnt_at": NOW.isoformat()}


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Notes]:
    made = Notes(tmp_path)
    yield made
    made.memex.close()


def label(memex: Memex, number: int, verdict: str, n: int | None = None) -> None:
    memex.recorder.settle()
    memex.library.traces.label(number, verdict, n=n)  # type: ignore[arg-type]


def test_what_is_marked_is_a_question_once(notes: Notes) -> None:
    first = search(notes.memex, "Loaf on a  rack", Filters(kinds=("note",)))
    search(notes.memex, "roses, of which nothing is marked")
    wrong = search(notes.memex, "garden")
    answer = ask(notes.memex, "how long to bake the loaf?")
    label(notes.memex, first, "right", 1)
    label(notes.memex, wrong, "wrong", 1)
    label(notes.memex, answer, "right")
    loaf, garden, bake = marked(notes.library)
    assert (loaf.query, loaf.filters) == ("Loaf on a  rack", Filters(kinds=("note",)))
    assert [(place.document_id, place.passage_id) for place in loaf.right] == [
        (BREAD.id, f"{BREAD.id}:0")
    ]
    assert (garden.query, garden.right) == ("garden", ())
    assert [place.document_id for place in bake.right] == [BREAD.id]


def test_of_a_question_that_was_asked_again_the_last_right_one_counts(notes: Notes) -> None:
    numbers = [search(notes.memex, query) for query in ("loaf rack", "Loaf Rack", " loaf rack")]
    label(notes.memex, numbers[0], "right", 1)
    label(notes.memex, numbers[1], "right", 2)
    label(notes.memex, numbers[2], "wrong", 1)  # says nothing of what is right
    (one,) = marked(notes.library)
    assert [place.document_id for place in one.right] == [TALK.id]
    notes.library.cases.add("Loaf rack", "mined", NOW, [Evidence(BREAD.id, 1, 1)])
    (one,) = marked(notes.library)
    assert one.right == (Place(BREAD.id, 1, 1),)
    with notes.library.database.transaction() as db:
        db.execute("UPDATE segments SET text = 'Other.' WHERE document_id = ?", (BREAD.id,))
    (one,) = marked(notes.library)
    assert [place.document_id for place in one.right] == [TALK.id]


def test_what_was_marked_is_found_though_it_is_cut_otherwise() -> None:
    long = document(*(f"Sentence {at} says {'word ' * 12}." for at in range(40)))
    one, two, three, *_ = split(long)
    assert two.first <= one.last  # they overlap
    exact = Place(two.document_id, two.first, two.last, two.id)
    assert right_among([one, two, three], (exact,)) == [False, True, False]
    recut = Place(two.document_id, two.first, two.last, f"{two.document_id}:99")
    assert right_among([one, two, three], (recut,)) == [True, True, True]
    moved = Place(one.document_id, one.first, one.first, three.id)
    assert right_among([one, two, three], (moved,)) == [True, False, False]
    assert right_among([one, two], (replace(exact, document_id="other"),)) == [False, False]
    assert right_among([], (exact,)) == []


class Marking(Machine):
    """A memory of short notes, and somebody who asks and marks."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.random = random.Random(3)
        for number in range(40):
            text = " ".join(self.random.choices(WORDS, k=6))
            note = document(f"{text} {number}.", uri=f"file:///{number}.md", title="")
            self.remember(note, note.uri)

    def ask(self, count: int, wanted: str) -> None:
        """Ask; the one is right that is the best of a list ("first": that is shown first)."""
        for _ in range(count):
            number = search(self.memex, " ".join(self.random.sample(WORDS, 4)))
            self.memex.recorder.settle()
            hits = self.memex.library.traces.trace(number).hits
            if wanted == "first":
                best = hits[0]
            elif wanted == "any":
                best = self.random.choice(hits)
            else:
                best = min(hits, key=lambda hit: hit.ranks.get(wanted, 1000))
            label(self.memex, number, "right", best.n)


@pytest.fixture
def marking(tmp_path: Path) -> Iterator[Marking]:
    made = Marking(tmp_path / "home")
    yield made
    made.memex.close()


def outcome(memex: Memex, *, dry_run: bool = False) -> Tuned:
    *_, tuned = Tuning(memex).tune(dry_run=dry_run)
    assert isinstance(tuned, Tuned)
    return tuned


def test_what_is_better_is_taken_and_used_at_once(marking: Marking) -> None:
    marking.ask(50, "vector")
    query = " ".join(WORDS[5:9])
    before = [hit.passage.id for hit in marking.memex.recall(query)]
    tried = outcome(marking.memex, dry_run=True)
    assert tried.trial
    assert tried.trial.better
    assert not tried.taken
    assert marking.library.weights.learnt is None
    assert [hit.passage.id for hit in marking.memex.recall(query)] == before
    tuned = outcome(marking.memex)
    assert tuned.taken
    assert tuned.trial == tried.trial
    assert tuned.labelled.teach >= 40
    assert tuned.old == WEIGHTS
    assert tuned.new
    assert tuned.new["vector"] > WEIGHTS["vector"] > tuned.new["lexical"]
    assert marking.memex.stages().weights == tuned.new
    assert [hit.passage.id for hit in marking.memex.recall(query)] != before
    said = marking.memex.status()["ranking"]
    assert isinstance(said, dict)
    assert said["used"]
    assert said["weights"] == tuned.new
    again = outcome(marking.memex)  # near what ships, and not better than what was learnt
    assert again.old == tuned.new
    assert again.new == tuned.new
    assert not again.taken
    assert Tuning(marking.memex).reset()
    assert marking.memex.stages().weights == WEIGHTS
    assert marking.memex.status()["ranking"] is None
    assert not Tuning(marking.memex).reset()


@pytest.mark.parametrize("wanted", ["first", "any"])
def test_what_is_no_better_is_not(marking: Marking, wanted: str) -> None:
    marking.ask(40, wanted)
    tuned = outcome(marking.memex)
    assert tuned.trial
    assert not tuned.trial.better
    assert not tuned.taken
    assert marking.memex.stages().weights == WEIGHTS


def test_few_questions_are_not_learnt_from(marking: Marking) -> None:
    marking.ask(LEAST - 1, "vector")
    quoted = search(marking.memex, '"raven swan" moth')
    label(marking.memex, quoted, "right", 1)
    nothing = search(marking.memex, "newt oaks")
    label(marking.memex, nothing, "wrong")
    elsewhere = search(marking.memex, "ivy jay")
    label(marking.memex, elsewhere, "right", 1)
    shown = marking.library.traces.trace(elsewhere).hits[0]
    marking.memex.indexer.discard(shown.document_id)
    tuned = outcome(marking.memex)
    assert (tuned.new, tuned.trial, tuned.taken) == (None, None, False)
    labelled = tuned.labelled
    assert labelled.all == LEAST + 2
    assert (labelled.no_right, labelled.quoted) == (1, 1)
    assert labelled.not_found >= 1
    marking.ask(10, "vector")
    assert outcome(marking.memex).trial


def test_breaking_it_off_changes_nothing(marking: Marking) -> None:
    marking.ask(50, "vector")
    steps = sum(isinstance(item, Step) for item in Tuning(marking.memex).tune(dry_run=True))
    for after in (1, steps):
        tuning = iter(Tuning(marking.memex).tune())
        for _ in range(after):
            assert isinstance(next(tuning), Step)
        tuning.close()  # type: ignore[attr-defined]  # it is a generator
        assert marking.library.weights.learnt is None
    assert outcome(marking.memex).taken


def test_asking_again_leaves_no_trace(marking: Marking) -> None:
    marking.ask(LEAST, "first")
    before = marking.library.traces.lines(1000)
    outcome(marking.memex)
    marking.memex.recorder.settle()
    assert marking.library.traces.lines(1000) == before


@pytest.mark.parametrize(
    "other",
    [
        replace(LEARNT, model="another"),
        replace(LEARNT, version=VERSION + 1),
        replace(LEARNT, weights={"lexical": 1.0}),
        replace(LEARNT, weights={**LEARNT.weights, "another": 1.0}),
    ],
)
def test_what_was_learnt_for_something_else_is_not_used(notes: Notes, other: Learnt) -> None:
    notes.library.weights.take(other)
    assert notes.memex.stages().weights == WEIGHTS
    said = notes.memex.status()["ranking"]
    assert isinstance(said, dict)
    assert not said["used"]
    notes.library.weights.take(LEARNT)
    assert notes.memex.stages().weights == LEARNT.weights


def test_another_embedding_model_has_weights_of_its_own(notes: Notes) -> None:
    notes.library.weights.take(LEARNT)
    other = WordLengths("another")
    indexer = Indexer(notes.library, notes.paths.index, other, lambda _: WordLengths())
    memex = Memex(notes.library, indexer, other, ScriptedModel(["Yes."]))
    assert memex.stages().weights == LEARNT.weights  # the old table is searched as long
    indexer.grace = 0
    for _ in indexer.reconcile():
        pass
    assert memex.stages().weights == WEIGHTS
    memex.recorder.close()


def test_they_survive_the_process_and_a_backup(notes: Notes, tmp_path: Path) -> None:
    notes.library.weights.take(LEARNT)
    assert Library(notes.paths.library).weights.learnt == LEARNT
    back_up(notes.paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    assert Library(other.library).weights.learnt == LEARNT


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", '{"weights": []}',
        json.dumps({"weights": {"lexical": 1.0}}),
        json.dumps({**STORED, "weights": {"lexical": "NaN"}}),
        json.dumps({**STORED, "weights": {"lexical": -1.0}}),
        json.dumps({**STORED, "weights": {"lexical": float("inf")}}),
        json.dumps({**STORED, "weights": {"lexical": []}}),
        json.dumps({**STORED, "learnt_at": 3}),
        json.dumps({**STORED, "version": "one"}),
    ],
)  # fmt: skip
def test_what_is_no_weights_is_not_used(tmp_path: Path, text: str) -> None:
    assert stored(tmp_path / "sound", json.dumps(STORED)) == LEARNT
    assert stored(tmp_path, text) is None


def stored(tmp_path: Path, text: str) -> Learnt | None:
    """What is read of the settings of a library."""
    tmp_path.mkdir(exist_ok=True)
    Library(tmp_path / "library.db").close()
    database = Database(tmp_path / "library.db")
    with database.transaction() as db:
        db.execute("INSERT INTO settings VALUES ('ranker weights', ?)", (text,))
    database.close()
    library = Library(tmp_path / "library.db")
    library.close()
    return library.weights.learnt


def test_nothing_of_what_was_asked_is_kept_with_them(marking: Marking) -> None:
    marking.ask(50, "vector")
    outcome(marking.memex)
    row = marking.library.database.one("SELECT value FROM settings WHERE name = 'ranker weights'")
    assert row
    assert not set(json.loads(row["value"])) - {
        "weights", "model", "version", "questions", "learnt_at",
    }  # fmt: skip
    assert not any(word in row["value"] for word in WORDS)


def test_forgetting_is_provable_with_them(notes: Notes) -> None:
    notes.library.weights.take(LEARNT)
    note, _ = notes.write()
    number = search(notes.memex, "zyxomantic heron")
    label(notes.memex, number, "right", 1)
    assert [each.query for each in marked(notes.library)] == ["zyxomantic heron"]
    assert verified(notes, note.id).clean
    assert marked(notes.library) == []
    assert notes.library.weights.learnt == LEARNT


def test_a_question_is_the_same_however_it_is_typed() -> None:
    assert Marked("Who  IS it?", NOW).key == Marked(" who is it?", NOW).key
    assert Marked("Straße", NOW).key == Marked("STRASSE", NOW).key


def test_an_empty_memory_has_nothing_to_learn_from(tmp_path: Path) -> None:
    made = Machine(tmp_path / "home")
    tuned = outcome(made.memex)
    assert tuned.labelled.all == 0
    assert tuned.new is None
    made.memex.close()

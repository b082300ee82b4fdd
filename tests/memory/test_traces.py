from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex.backup import back_up
from memex.config import Answering, Paths, Tracing, load_config
from memex.daemons import ROLES
from memex.errors import DiskFull, InvalidRequest, NotFound
from memex.library import Library
from memex.memory import Memex
from memex.protocols import NO_FILTERS, Filters
from memex.restore import restore
from memex.testing import ScriptedModel, WordLengths
from memex.traces import Trace
from memex.tracing import Draft, Recorder
from memex.types import Answer
from tests.copies.making import paths_of, quiet
from tests.documents import BREAD, TALK, document
from tests.memory.test_expiry import Machine
from tests.memory.test_forgetting import SECRET, KilledError, Notes, forget, verified


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Notes]:
    made = Notes(tmp_path)
    yield made
    made.memex.close()


def search(memex: Memex, query: str, filters: Filters = NO_FILTERS) -> int:
    """Search as memexd does for a client; the number of the trace."""
    draft = memex.recorder.draft("search", query, filters)
    memex.recall(query, filters=filters, draft=draft)
    memex.recorder.record(draft)
    assert draft.id is not None
    return draft.id


def ask(memex: Memex, question: str, most: int | None = None) -> int:
    """Ask likewise; `most` items of the stream are read."""
    draft = memex.recorder.draft("ask", question, NO_FILTERS)
    answering = memex.ask(question, draft=draft)
    for number, item in enumerate(answering, start=1):
        if isinstance(item, Answer):
            draft.answer = item
        if number == most:
            break
    answering.close()
    memex.recorder.record(draft)
    assert draft.id is not None
    return draft.id


def trace_of(memex: Memex, number: int) -> Trace:
    memex.recorder.settle()
    return memex.library.traces.trace(number)


def known(memex: Memex) -> set[int]:
    memex.recorder.settle()
    return {line.id for line in memex.library.traces.lines(1000)}


def test_a_search_leaves_what_it_served(notes: Notes) -> None:
    since = datetime(2025, 12, 31, tzinfo=UTC)
    before = datetime.now(UTC)
    number = search(notes.memex, "loaf on a rack", Filters(since=since))
    trace = trace_of(notes.memex, number)
    assert (trace.kind, trace.query) == ("search", "loaf on a rack")
    assert trace.filters == Filters(since=since)
    assert before <= trace.asked_at <= datetime.now(UTC)
    hits = notes.memex.recall("loaf on a rack", filters=Filters(since=since))
    assert [(s.passage_id, s.document_id, s.first, s.last) for s in trace.hits] == [
        (h.passage.id, h.passage.document_id, h.passage.first, h.passage.last) for h in hits
    ]
    assert [s.n for s in trace.hits] == list(range(1, len(hits) + 1))
    assert [s.score for s in trace.hits] == pytest.approx([hit.score for hit in hits])
    assert [s.ranks for s in trace.hits] == [dict(hit.ranks) for hit in hits]
    assert trace.hits[0].document_id == BREAD.id
    assert 0 < trace.timings["recall"] <= trace.timings["total"]
    assert trace.answer is None
    assert not trace.exchanges
    assert not trace.citations


def test_what_a_follow_up_was_understood_as_is_forgotten_as_what_was_asked(notes: Notes) -> None:
    traces = notes.memex.library.traces
    understood = "when was that (who keeps bees; Josiah Pellew)?"
    first, *_ = (Trace(n, "ask", "when?", datetime.now(UTC), understood=understood) for n in (1, 2))
    traces.add([first])
    assert traces.trace(1) == first
    assert traces.trace(1).asked == understood
    assert understood in traces.own_texts()[1]


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[tuple[Memex, ScriptedModel]]:
    made = Machine(tmp_path / "scripted")
    model = ScriptedModel(["Nonsense about submarines. [1]"])
    memex = Memex(made.library, made.memex.indexer, WordLengths(), model)
    for remembered in (BREAD, TALK):
        made.remember(remembered, remembered.uri)
    yield memex, model
    made.memex.recorder.close()
    memex.close()


def test_an_answer_leaves_the_prompt_and_what_the_model_wrote(
    scripted: tuple[Memex, ScriptedModel],
) -> None:
    memex, model = scripted
    trace = trace_of(memex, ask(memex, "how long to bake the loaf?"))
    ((exchange),) = trace.exchanges
    assert [list(exchange.messages)] == model.prompts
    assert "Bake the loaf at 230 degrees" in exchange.messages[-1].content
    assert exchange.output.startswith("Nonsense")  # as it was, though it was not shown
    assert trace.answer is not None
    assert "Nonsense" not in trace.answer
    assert trace.found is True
    assert [c.n for c in trace.citations] == list(range(1, len(trace.citations) + 1))
    assert trace.citations[0].document_id == BREAD.id
    assert {hit.document_id for hit in trace.hits} == {BREAD.id, TALK.id}
    assert {"recall", "bearing", "reading", "writing", "total"} <= trace.timings.keys()
    assert trace.bearing is not None
    assert 0.33 <= trace.bearing["probability"] <= 1


def test_an_answer_that_broke_off_leaves_what_there_was(
    scripted: tuple[Memex, ScriptedModel],
) -> None:
    memex, model = scripted
    model.replies[:] = ["Bake the loaf at 230 degrees for forty minutes. [1]"]
    trace = trace_of(memex, ask(memex, "how long to bake the loaf?", most=2))
    assert trace.answer is None
    assert trace.found is None
    assert trace.hits
    assert trace.exchanges[0].output.startswith("Bake the")
    assert len(trace.exchanges[0].output) < len(model.replies[0])


def test_what_was_asked_just_before_the_end_is_not_lost(notes: Notes) -> None:
    numbers = {search(notes.memex, f"loaf {n}") for n in range(20)}
    notes.memex.close()
    library = Library(notes.paths.library)
    assert {line.id for line in library.traces.lines(100)} == numbers
    again = Recorder(library.traces, Tracing())
    assert again.draft("search", "x", NO_FILTERS).id not in numbers
    library.close()


def test_it_is_written_without_being_asked_for(notes: Notes) -> None:
    search(notes.memex, "loaf")
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while not notes.library.traces.lines(1):
        assert datetime.now(UTC) < deadline


def test_none_is_left_where_none_is_wanted(notes: Notes) -> None:
    recorder = Recorder(notes.library.traces, Tracing(enabled=False))
    recorder.record(recorder.draft("search", "loaf", NO_FILTERS))
    typed = notes.memex.recorder.draft("search", "loa", NO_FILTERS, wanted=False)
    notes.memex.recorder.record(typed)
    recorder.close()
    assert known(notes.memex) == set()


def test_the_oldest_go_first(notes: Notes) -> None:
    recorder = Recorder(notes.library.traces, Tracing(keep=3))
    for number in range(5):
        recorder.record(recorder.draft("search", f"loaf {number}", NO_FILTERS))
        recorder.settle()
    recorder.close()
    assert [line.query for line in notes.library.traces.lines(9)] == ["loaf 4", "loaf 3", "loaf 2"]
    with notes.library.database.transaction() as db:
        old = (datetime.now(UTC) - timedelta(days=31)).isoformat()
        db.execute("UPDATE traces SET asked_at = ? WHERE query = 'loaf 3'", (old,))
    Recorder(notes.library.traces, Tracing(days=30))
    assert [line.query for line in notes.library.traces.lines(9)] == ["loaf 4", "loaf 2"]


def test_the_rules_are_the_users(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path / "config.toml")
    assert load_config(paths).traces == Tracing()
    paths.config.write_text("[traces]\nenabled = false\nkeep = 7\ndays = 30", encoding="utf-8")
    assert load_config(paths).traces == Tracing(enabled=False, keep=7, days=30)
    for wrong in ("keep = -1", "days = -1", 'keep = "7"', "never = true"):
        paths.config.write_text(f"[traces]\n{wrong}", encoding="utf-8")
        with pytest.raises(InvalidRequest):
            load_config(paths)


def test_how_questions_are_answered_is_the_users(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path / "config.toml")
    paths.config.write_text("[answers]\nunload = 0\nsure = 1", encoding="utf-8")
    assert load_config(paths).answers == Answering(unload=0, sure=1)
    for wrong in ("sure = 1.1", "sure = nan", "unload = -1", "unload = inf"):
        paths.config.write_text(f"[answers]\n{wrong}", encoding="utf-8")
        with pytest.raises(InvalidRequest):
            load_config(paths)


def test_a_full_disk_costs_the_trace_only(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DiskFull("No room is left.", "")

    with monkeypatch.context() as patch:
        patch.setattr(type(notes.library.traces), "add", full)
        search(notes.memex, "loaf one")
        notes.memex.recorder.settle()
    number = search(notes.memex, "loaf two")
    assert known(notes.memex) == {number}


def test_hits_and_the_whole_are_marked(notes: Notes) -> None:
    number = search(notes.memex, "loaf")
    notes.memex.recorder.settle()
    traces = notes.library.traces
    traces.label(number, "right", n=1, note="that one")
    traces.label(number, "wrong", n=2)
    traces.label(number, "right")
    trace = traces.trace(number)
    assert [(hit.verdict, hit.note) for hit in trace.hits] == [("right", "that one"), ("wrong", "")]
    assert trace.verdict == "right"
    assert traces.lines(1)[0].marks == 2
    traces.label(number, None, n=2)
    assert traces.trace(number).hits[1].verdict is None
    with pytest.raises(NotFound):
        traces.label(number, "right", n=3)
    with pytest.raises(NotFound):
        traces.label(number + 1, "right")


def test_a_number_in_an_answers_trace_is_that_of_a_citation(
    scripted: tuple[Memex, ScriptedModel],
) -> None:
    memex, _ = scripted
    number = ask(memex, "how long to bake the loaf?")
    memex.recorder.settle()
    memex.library.traces.label(number, "right", n=1)
    memex.library.traces.label(number, "wrong", n=2, list_="hits")
    trace = memex.library.traces.trace(number)
    assert trace.citations[0].verdict == "right"
    assert [hit.verdict for hit in trace.hits] == [None, "wrong"]


def test_a_trace_goes_with_a_document_that_it_shows(notes: Notes) -> None:
    note, _ = notes.write()
    shows = search(notes.memex, "heron", Filters(document_id=note.id))
    asks = ask(notes.memex, "where stood the heron of Brobdingovia?")
    other = search(notes.memex, "loaf", Filters(document_id=BREAD.id))
    assert known(notes.memex) == {shows, asks, other}
    late = search(notes.memex, "heron in the reeds")  # not written yet
    after = verified(notes, note.id)
    assert after.clean, after.findings
    assert notes.left() == set()
    assert known(notes.memex) == {other}
    with pytest.raises(NotFound):
        notes.library.traces.trace(late)


def test_what_only_the_forgotten_say_is_in_no_trace_of_others(notes: Notes) -> None:
    """Asked for where it was not found: narrowed, called wrong, noted."""
    note, _ = notes.write()
    bread = Filters(document_id=BREAD.id)
    asked = search(notes.memex, "a Zyxomantic bird", bread)
    narrowed = search(notes.memex, "loaf", Filters(document_id=note.id, kinds=("audio",)))
    noted, kept = (search(notes.memex, text, bread) for text in ("loaf", "the loaf stood"))
    notes.memex.recorder.settle()
    notes.library.traces.label(noted, "wrong", n=1, note="I meant that of Brobdingovia")
    assert known(notes.memex) == {asked, narrowed, noted, kept}
    after = verified(notes, note.id)
    assert after.clean, after.findings
    assert notes.left() == set()
    assert known(notes.memex) == {kept}


def test_what_others_say_too_stays_asked(notes: Notes) -> None:
    note, _ = notes.write()
    twin = document(f"{SECRET} And so on.", title="Another", uri="file:///other.md")
    notes.remember(twin, twin.uri)
    number = search(notes.memex, "zyxomantic", Filters(document_id=twin.id))
    forget(notes, note.id)
    assert known(notes.memex) == {number}


def test_a_trace_of_a_document_that_went_meanwhile_is_not_written(notes: Notes) -> None:
    note, _ = notes.write()
    draft = notes.memex.recorder.draft("search", "heron", NO_FILTERS)
    notes.memex.recall("heron", draft=draft)
    forget(notes, note.id)
    notes.memex.recorder.record(draft)
    assert known(notes.memex) == set()


def test_traces_of_a_file_that_was_deleted_go_too(notes: Notes) -> None:
    note, _ = notes.write()
    search(notes.memex, "heron in the reeds")
    search(notes.memex, "zyxomantic", Filters(document_id=BREAD.id))
    kept = search(notes.memex, "loaf", Filters(document_id=BREAD.id))
    notes.forgetting.let_go(note.id)
    assert known(notes.memex) == {kept}


def test_killed_in_the_middle_the_next_start_removes_them(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, _ = notes.write()
    search(notes.memex, "zyxomantic", Filters(document_id=BREAD.id))
    kept = search(notes.memex, "loaf", Filters(document_id=BREAD.id))

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(type(notes.library.traces), "forget", killed)
        with pytest.raises(KilledError):
            forget(notes, note.id)
    notes.forgetting.finish()
    assert known(notes.memex) == {kept}
    assert notes.left() == set()


def test_forgetting_a_trace_leaves_no_byte_of_it(notes: Notes) -> None:
    numbers = [search(notes.memex, f"Wilhelmina Sprankledoff {n}") for n in range(3)]
    kept = search(notes.memex, "loaf")
    notes.memex.recorder.settle()
    assert _bytes(notes, b"Sprankledoff")
    assert notes.library.traces.forget(numbers) == 3
    assert not _bytes(notes, b"Sprankledoff")
    assert known(notes.memex) == {kept}
    assert notes.library.traces.forget() == 1
    assert known(notes.memex) == set()
    assert notes.library.traces.forget() == 0
    assert search(notes.memex, "loaf") > kept  # a number is not given twice


def _bytes(notes: Notes, text: bytes) -> bool:
    files = [path for path in notes.paths.home.rglob("*") if path.is_file()]
    return any(text in path.read_bytes() for path in files)


def test_traces_are_in_a_backup(notes: Notes, tmp_path: Path) -> None:
    number = search(notes.memex, "loaf on a rack")
    notes.memex.recorder.settle()
    notes.library.traces.label(number, "right", n=1)
    wanted = notes.library.traces.trace(number)
    back_up(notes.paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    library = Library(other.library)
    assert library.traces.trace(number) == wanted
    library.close()


def test_a_stage_that_runs_twice_is_added_up() -> None:
    draft = Draft()
    with draft.timed("recall"):
        pass
    first = draft.timings["recall"]
    draft.note_time("recall", draft.began - 1)
    assert draft.timings["recall"] >= first + 1000

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex.backup import back_up
from memex.chips import renamed
from memex.daemons import ROLES
from memex.errors import InvalidRequest
from memex.forgetting import Forgotten
from memex.library import Library
from memex.proof import search
from memex.proof.probes import Probe
from memex.proof.report import Report
from memex.restore import restore
from tests.copies.making import paths_of, quiet
from tests.memory.test_forgetting import Notes


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def queries(library: Library) -> list[str]:
    return [each.query for each in library.searches.all()]


def test_a_query_is_saved_once_however_it_is_spaced(notes: Notes) -> None:
    searches = notes.library.searches
    before = datetime.now(UTC)
    first = searches.save("  roses   kind:note ")
    assert searches.save("roses kind:note") == first
    second = searches.save("bread")
    latest, oldest = searches.all()
    assert (latest.id, latest.query, oldest.id) == (second, "bread", first)
    assert before <= oldest.saved_at <= latest.saved_at <= datetime.now(UTC)
    with pytest.raises(InvalidRequest):
        searches.save(" ")
    with pytest.raises(InvalidRequest, match="too long"):
        searches.save("x" * 2_001)


def test_those_that_say_the_same_by_now_are_one(notes: Notes) -> None:
    searches = notes.library.searches
    for query in ("from:Ben roses", 'from:"Voice 3" roses', "bread"):
        searches.save(query)
    searches.rewrite(lambda query: renamed(query, "Voice 3", "Ben"))
    assert queries(notes.library) == ["bread", "from:Ben roses"]


def test_what_is_removed_is_gone_from_the_bytes(notes: Notes) -> None:
    number = notes.library.searches.save("quilted pterodactyls")
    assert notes.library.searches.forget([number, 99]) == 1
    assert queries(notes.library) == []
    *_, report = search(notes.paths.home, (Probe("text", "quilted pterodactyls"),))
    assert isinstance(report, Report)
    assert report.findings == ()


def test_one_goes_with_the_document_that_alone_says_it_and_the_proof_holds(notes: Notes) -> None:
    note, _ = notes.write()
    for query in ("zyxomantic kind:note", "bread in the oven", "roses"):
        notes.library.searches.save(query)
    *_, done = notes.forgetting.forget(note.id, verify=True)
    assert isinstance(done, Forgotten)
    assert done.searches == 1
    assert done.after
    assert done.after.clean, done.after.findings
    assert notes.left() == set()
    assert queries(notes.library) == ["roses", "bread in the oven"]


def test_no_limit_on_traces_and_no_forgetting_of_them_removes_one(notes: Notes) -> None:
    notes.library.searches.save("roses")
    notes.library.traces.prune(0, datetime.now(UTC) + timedelta(days=1))
    notes.library.traces.forget()
    assert queries(notes.library) == ["roses"]


def test_they_are_in_a_backup(notes: Notes, tmp_path: Path) -> None:
    notes.library.searches.save("roses kind:note")
    wanted = notes.library.searches.all()
    back_up(notes.paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    library = Library(other.library)
    assert library.searches.all() == wanted
    library.close()

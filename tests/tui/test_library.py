"""The library: what there is, what arrives, what failed; forgetting."""

from __future__ import annotations

import time
from typing import Any

import pytest
from textual.events import Key
from textual.widgets import Input

import tui.app
import tui.section
from memex.errors import InvalidRequest
from tests.tui.driving import Driver, drive
from tests.tui.fakes import NOTE, Doc, FakeMemory, FakeReach, feed_of, library, segment
from tests.tui.test_ask import Notebook, answer, citation
from tui.documents import Failures
from tui.holdings import holdings, narrowed
from tui.welcome import SAMPLES


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 0.1)
    monkeypatch.setattr(tui.section, "EVERY", 0.0)


def failure(id_: str, path: str, reason: str = "No reader for this.") -> dict[str, Any]:
    times = {"added_at": "2026-05-04T12:00:00+00:00", "attempts": 1}
    return {"id": id_, "path": path, "reason": reason, "trace": "", **times}


UNREAD = [failure("f1", "/home/ada/one.xyz"), failure("f2", "/home/ada/two.xyz", "Too big.")]
"""What failed, oldest first."""


def failing() -> FakeReach:
    return FakeReach(FakeMemory(unread=UNREAD))


BUSY: dict[str, Any] = {
    "queue": {"waiting": 1203, "working": 1},
    "ingest": {
        "doing": "trail.mp3: speech",
        "held": {"old": "on battery", "found": "on battery", "now": ""},
        "watching": [
            {"path": "/notes", "trouble": "", "scanned_at": "x", "files": 12, "settling": 0},
            {"path": "/gone", "trouble": "is not there", "scanned_at": None, "files": 0},
        ],
    },
    "feeds": [feed_of(1, "https://trail.example/feed", "The Trail", trouble="404")],
    "gaps": [
        {
            "since": "2026-05-04T12:00:00+00:00",
            "until": "2026-05-04T12:03:00+00:00",
            "of": "hearing",
            "reason": "the machine slept",
        }
    ],
}


def test_the_documents_are_listed_and_one_is_found_and_read() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("A desk that remembers", "audio     2026-05-04", "Things to look up")
        await it.sees("3 segments", "2 copies", "note      2026-02-08")
        await it.type("note up")
        await it.sees("1 of 2")
        assert "A desk that remembers" not in it.text()
        await it.press("down", "enter")
        await it.sees("Bake the loaf for forty minutes.")
        assert it.main.focused is it.main.desk.reader
        await it.press("escape")
        await it.until(lambda: "Bake the loaf" not in it.text())
        assert it.main.library.shelf.has_focus

    held = library()
    held["note"].copies = 2
    drive(steps, reach=FakeReach(FakeMemory(held)))


def test_where_there_is_room_the_document_with_the_cursor_stands_beside_the_list() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Welcome to the long trail.")
        await it.press("down", "down")
        await it.sees("Bake the loaf for forty minutes.")
        await it.press("f2")
        await it.until(lambda: "Bake the loaf" not in it.text())
        await it.press("f4")
        await it.sees("Bake the loaf for forty minutes.")

    drive(steps, size=(140, 45))


def test_the_state_is_told_and_followed() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("1,203 waiting, 1 under way", "trail.mp3: speech", "/gone: is not there")
        await it.sees("The Trail: 404 (not looked at yet)", "1 known; the last", "machine slept")
        await it.sees("old, found: on battery", "/notes: 12 files", "running")
        it.memory.state = {"memex_ingest": None}
        await it.sees("nothing waits", "not running; `memex up` starts it", "none known")

    drive(steps, reach=FakeReach(FakeMemory(state=BUSY)), size=(140, 45))


def test_what_arrives_is_listed_and_the_cursor_stays_with_its_document() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Things to look up")
        await it.press("down", "down")
        assert it.main.library.shelf.row
        assert it.main.library.shelf.row.key == "note"
        it.memory.held = {"new": Doc("Minutes", "document", NOTE), **it.memory.held}
        await it.sees("Minutes", "3 documents ●")
        assert it.main.library.shelf.row.key == "note"

    drive(steps)


def test_a_failure_is_told_and_read_again() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("2 could not be read", "one.xyz", "two.xyz", "Too big.")
        await it.press("tab", "tab", "enter")
        await it.sees("/home/ada/two.xyz", "added 2026-05-04, 1 attempt")
        await it.press("escape", "r")
        await it.sees("It is read again")
        await it.sees("1 could not be read")
        assert it.memory.retried == ["f2"]
        await it.press("R")
        await it.until(lambda: "could not be read" not in it.text())
        assert it.memory.retried == ["f2", "all"]
        assert it.main.focused is it.main.library.shelf

    drive(steps, reach=failing())


def test_a_failure_is_given_up_only_when_that_is_meant() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("2 could not be read")
        it.main.query_one(Failures).focus()
        await it.press("down", "d")
        await it.sees("Give it up?", "/home/ada/one.xyz", "A file of yours stays where it is.")
        await it.press("enter", "escape")
        await it.still()
        assert not it.memory.dropped
        await it.press("d", "y")
        await it.sees("Given up.")
        await it.sees("1 could not be read")
        assert it.memory.dropped == ["f1"]

    drive(steps, reach=failing())


def test_a_document_is_forgotten_after_a_look_at_what_goes() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.press("enter")  # it leaves a trace
        await it.sees("3 hits")
        await it.press("f4")
        await it.sees("Things to look up", "memex-ingest  running")
        await it.press("down", "down", "f")
        await it.sees("Forget for good?", "Things to look up", "An old list", "2 versions of it")
        await it.press("enter", "escape")
        await it.still()
        assert set(it.memory.held) == {"talk", "note", "old"}
        await it.press("f")
        await it.sees("Forget for good?")
        await it.press("y")
        await it.until(lambda: set(it.memory.held) == {"talk"})
        await it.until(lambda: "Things to look up" not in it.text())
        await it.sees("1 document ●", "A desk that remembers")
        await it.press("f2")
        await it.sees("2 hits")
        assert "bees" not in it.text()

    held = {**library(), "old": Doc("An old list", "note", [segment("a loaf")])}
    drive(steps, reach=FakeReach(FakeMemory(held, kin={"note": ["old"]})), size=(140, 45))


def test_an_answer_that_quotes_what_is_forgotten_goes_too_and_others_can_be_asked() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f3")
        await it.type("who called it so")
        await it.press("enter")
        await it.sees("Ted Nelson called it hypertext.", "[2] ✎")
        await it.press("f4")
        await it.sees("Things to look up")
        await it.press("down", "down", "f")
        await it.sees("Forget for good?")
        await it.press("y")
        await it.until(lambda: "note" not in it.memory.held)
        await it.press("f3")
        await it.until(lambda: "Ted Nelson" not in it.text())
        it.memory.pieces = answer(citations=[citation(1, "talk", 3)])
        await it.type("and who else")
        await it.press("enter")
        await it.sees("Ted Nelson called it hypertext.", "[1] ♪")

    drive(steps, reach=FakeReach(Notebook(library(), pieces=answer())))


def test_what_is_forgotten_is_not_heard_any_longer() -> None:
    async def steps(it: Driver) -> None:
        it.tape.going.clear()
        await it.press("f4")
        await it.sees("A desk that remembers")
        await it.press("down", "enter")
        await it.until(lambda: it.main.desk.playing)
        await it.press("f")
        await it.sees("Forget for good?")
        await it.press("y")
        await it.until(lambda: "talk" not in it.memory.held)
        it.tape.going.set()
        await it.until(lambda: not it.main.desk.playing and it.main.desk.place is None)

    held = library()
    held["talk"].uri = (SAMPLES / "the-long-trail.m4a").as_uri()
    drive(steps, reach=FakeReach(FakeMemory(held)))


class Weighing(FakeMemory):
    """A memory that takes its time to tell what would go."""

    asked = 0

    def selected(self, selection: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        assert self.open.wait(20)
        return super().selected(selection)


@pytest.mark.parametrize("keys", [("down",), ("tab",), ("f2",), ("f4",), ("question_mark",)])
def test_whoever_goes_on_before_it_is_known_what_goes_is_asked_nothing(
    keys: tuple[str, ...],
) -> None:
    memory = Weighing(unread=[*UNREAD])

    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Things to look up", "2 could not be read")
        await it.press("down")
        memory.open.clear()
        await it.press("f")
        await it.until(lambda: memory.asked)
        await it.press(*keys)
        memory.open.set()
        await it.sees("Nothing is forgotten: you went on before it could")
        await it.press("y")
        await it.still()
        assert set(it.memory.held) == {"talk", "note"}
        assert "Forget for good?" not in it.text()

    drive(steps, reach=FakeReach(memory), size=(140, 45))


def test_a_y_that_was_typed_before_the_question_stands_there_is_no_answer_to_it() -> None:
    memory = Weighing()

    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Things to look up")
        await it.press("down")
        memory.open.clear()
        await it.press("f")
        await it.until(lambda: memory.asked)
        early = Key("y", "y")
        memory.open.set()
        await it.sees("Forget for good?")
        it.app.post_message(early)
        await it.still()
        assert set(it.memory.held) == {"talk", "note"}
        await it.sees("Forget for good?")
        await it.press("y")
        await it.until(lambda: set(it.memory.held) == {"note"})

    drive(steps, reach=FakeReach(memory))


def test_why_a_document_is_not_forgotten_is_said() -> None:
    class Refuses(FakeMemory):
        def selected(self, selection: dict[str, Any]) -> dict[str, Any]:
            raise InvalidRequest("Not this one.", "Another.")

    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Things to look up")
        await it.press("down", "f")
        await it.sees("Not this one.")
        assert set(it.memory.held) == {"talk", "note"}

    drive(steps, reach=FakeReach(Refuses()))


def test_a_daemon_that_goes_is_told_and_the_list_stays_until_it_is_back() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("nothing waits", "Things to look up")
        it.reach.may_start = False
        it.reach.up = False
        await it.until(lambda: "nothing waits" not in it.text())
        await it.sees("Things to look up", "memexd")
        await it.type("desk")  # keys are taken meanwhile
        await it.sees("1 of 2")
        it.memory.held["new"] = Doc("Another desk", "note", NOTE)
        it.reach.up = True
        await it.sees("nothing waits", "Another desk", "2 of 3")

    drive(steps)


def test_text_of_documents_is_neither_markup_nor_obeyed() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("[red]A\\x1b[2Jtitle[/]", "[b]why\\x1b[2J", "[i]\\x1b[2Jdoing")
        await it.press("down", "f")
        await it.sees("Forget for good?", "[red]A\\x1b[2Jtitle[/]")
        await it.press("escape", "tab", "enter")
        await it.sees("Not read", "/[u]\\x1b[2Jx")
        assert "\x1b" not in it.text()

    memory = FakeMemory(
        {"a": Doc("[red]A\x1b[2Jtitle[/]", "note", NOTE, "file:///[b]\x1b")},
        unread=[failure("f", "/[u]\x1b[2Jx", "[b]why\x1b[2J")],
        state={"ingest": {"doing": "[i]\x1b[2Jdoing"}},
    )
    drive(steps, reach=FakeReach(memory))


def test_ten_thousand_documents_are_listed_and_narrowed_between_two_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 60.0)  # what the keys take is measured, nothing else
    held = {f"d{n}": Doc(f"Talk {n} on hypertext", "note", NOTE) for n in range(10_000)}

    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Talk 0 on", "10,000")
        before = time.process_time()
        await it.press(*"9999")
        await it.press("down", "end", "home")
        assert time.process_time() - before < 3.0  # of the processor, drawing included
        await it.sees("1 of 10,000", "Talk 9999 on")

    drive(steps, reach=FakeReach(FakeMemory(held)))
    all_ = holdings(FakeMemory(held))
    before = time.process_time()
    assert len(narrowed(all_, "hypertext talk 77")) == 280
    assert time.process_time() - before < 0.2


def test_keys_behind_the_one_that_goes_into_the_list_are_for_the_list() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Things to look up")
        it.press_at_once("down", "j", "f")
        await it.sees("Forget for good?", "note 2026-02-08, 3 segments")
        await it.press("escape")
        it.press_at_once("f4", "f4", "a")
        await it.sees("Follow a podcast")
        await it.press("escape")
        it.press_at_once("f4", "f4", "f4", *"desk")
        await it.sees("❯ desk", "1 of 2")

    drive(steps)


def test_the_parts_are_turned_to_by_key_by_click_and_by_name() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Things to look up", "Words of a title, a kind, a date")
        await it.type("bread")
        await it.sees("0 of 2")
        await it.press("f4")
        await it.sees("A name", "No voice is known yet")
        line = next(n for n, each in enumerate(it.lines()) if "Documents" in each)
        await it.pilot.click(None, offset=(it.lines()[line].index("Folders") + 2, line))
        await it.sees("Words of a path")
        assert it.main.focused is it.main.library.shelf  # its keys are at hand
        await it.press("f4", "f4")
        await it.sees("Things to look up", "Words of a title, a kind, a date")
        assert isinstance(it.main.focused, Input)
        await it.press("ctrl+p")
        await it.type("gaps")
        await it.press("enter")
        await it.sees("A day, a reason")
        await it.press("f2", "f4")
        await it.sees("A day, a reason")  # where one was

    drive(steps)


def test_a_small_window_has_the_list_and_its_parts() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Documents  People", "Things to lo")
        await it.press("f4", "f4", "f4", "f4")
        await it.sees("Folders  Gaps", "A day, a reason")

    drive(steps, size=(40, 10))

"""The daemon: started where it does not run, gone, busy, back; and the first run."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.message import Message

import tui.app
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeMemory, FakeReach
from tests.tui.test_ask import answer
from tests.tui.test_people import voices
from tui.link import Line
from tui.messages import Linked

if TYPE_CHECKING:
    from memex.wire import Json


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 0.1)


async def begun(it: Driver) -> None:
    """The memory is reached, and it is no longer begun."""
    await it.sees("2 documents ●")
    await it.until(lambda: "begin" not in [each.name for each in threading.enumerate()])


def test_a_daemon_that_does_not_run_is_started() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("2 documents ●")
        assert it.reach.started == 1

    drive(steps, reach=FakeReach(up=False))


def test_where_it_may_not_be_started_that_is_said_and_the_screen_waits_for_it() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("memexd is not running.")
        await it.type("hypertext")
        await it.still()
        assert not it.memory.searches
        it.reach.up = True
        await it.sees("3 hits", "2 documents ●")  # what was typed is searched by itself

    drive(steps, reach=FakeReach(up=False, may_start=False), size=(140, 45))


def test_a_daemon_that_goes_leaves_the_screen_as_it_is_and_comes_back_by_itself() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits", "2 documents ●", "He called it hypertext")
        it.reach.may_start = False
        it.reach.up = False
        await it.sees("memexd", "He called it hypertext", "Welcome to the long trail.")
        await it.until(lambda: "2 documents" not in it.text())
        await it.type("x")
        await it.still()
        assert "He called it hypertext" in it.text()
        await it.press("backspace")
        it.reach.up = True
        await it.sees("2 documents ●", "3 hits")

    drive(steps, size=(140, 45))


def test_a_query_starts_a_daemon_that_went_away() -> None:
    async def steps(it: Driver) -> None:
        await begun(it)
        it.reach.up = False
        await it.until(lambda: "2 documents" not in it.text())
        before = it.reach.started  # nobody asked for anything
        await it.type("hypertext")
        await it.sees("3 hits")
        assert (before, it.reach.started) == (0, 1)

    drive(steps, size=(140, 45))


def test_the_first_run_offers_the_samples_and_shows_the_models() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Nothing is remembered yet.", "Look at the samples", "✗ answers", "SmolLM2")
        await it.sees("memex models pull")
        await it.press("enter")
        await it.sees("Type what you remember of it.")
        assert [path.name for path in it.memory.added] == ["samples"]
        assert it.memory.added[0].is_dir()
        await it.type("hypertext")
        await it.sees("3 hits")

    drive(steps, reach=FakeReach(FakeMemory({})))


def test_the_first_run_reads_a_folder_that_is_named(tmp_path: Path) -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Nothing is remembered yet.")
        await it.press("down", "enter")
        await it.type(str(tmp_path).replace("-", "_"))
        await it.press("enter")
        await it.sees("Type what you remember of it.")
        assert len(it.memory.added) == 1

    drive(steps, reach=FakeReach(FakeMemory({})))


def test_the_first_run_offers_the_microphone() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Nothing is remembered yet.")
        await it.press("up", "enter")
        await it.sees("Memex listens.")
        assert it.reach.listens

    drive(steps, reach=FakeReach(FakeMemory({})))


class Vanishing(FakeReach):
    """A memory whose daemon ends just after it was seen to run."""

    def running(self) -> bool:
        return True


def test_looking_how_it_is_starts_nothing() -> None:
    told: list[Message] = []
    reach = Vanishing(up=False)
    line = Line(reach, told.append)
    line.watch()
    assert reach.started == 0
    assert any(isinstance(each, Linked) and each.link == "busy" for each in told)


def test_fetching_earlier_queries_starts_nothing() -> None:
    async def steps(it: Driver) -> None:
        await begun(it)
        it.reach.up = False
        it.main.search.remember()
        await it.still()
        assert it.reach.started == 0

    drive(steps)


def test_the_ears_are_told_of_while_memexd_does_not_answer() -> None:
    class Silent(FakeMemory):
        def status(self) -> Json:
            assert self.open.wait(20)
            return super().status()

    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await it.sees("○ off")
        it.reach.ears["private"] = {"until": None}
        await it.sees("⊘ private")
        it.memory.open.set()

    drive(steps, reach=FakeReach(Silent()))


def spoken() -> FakeMemory:
    """A memory with a voice that has no name, and an answer that quotes it."""
    memory = voices()
    memory.pieces = answer()
    for each in memory.pieces[-1]["citations"]:
        each["speaker"] = each["speaker"] and "Voice 3"
    return memory


def test_a_name_that_is_given_elsewhere_stands_on_the_screen() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f3")
        await it.type("who")
        await it.press("enter")
        await it.sees("0:12 · Voice 3")
        await it.press("f2")
        await it.type("hypertext")
        await it.sees("0:12 · Voice 3", "Voice 3  That word came", 'from:"Voice 3" 1')
        it.memory.name_voice("Voice 3", "Ben")
        await it.sees("0:12 · Ben", "Ben  That word came", "from:Ben 1")
        assert "Voice 3" not in it.text()
        await it.press("f3")
        await it.sees("0:12 · Ben")
        it.memory.changed.append({"type": "renamed", "before": "Ben", "now": None})
        await it.until(lambda: "Ben" not in it.text())

    drive(steps, reach=FakeReach(spoken()), size=(140, 45))


def test_a_chip_has_the_name_that_is_given_elsewhere() -> None:
    async def steps(it: Driver) -> None:
        await it.type('bees from:"Voice 3"')
        await it.sees('from:"Voice 3" ✕')
        it.memory.name_voice("Voice 3", "Ben")
        await it.until(lambda: it.main.search.prompt.value == "bees from:Ben")
        await it.sees("from:Ben ✕")

    drive(steps, reach=FakeReach(spoken()))


def test_a_voice_that_is_named_elsewhere_is_listed_so() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4", "f4")
        await it.sees("? Voice 3")
        it.memory.name_voice("Voice 3", "Ben")
        await it.sees("✓ Ben")

    drive(steps, reach=FakeReach(spoken()), size=(140, 45))


def test_what_is_forgotten_elsewhere_is_on_the_screen_no_longer() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits", "A desk that remembers", "Until next week.")
        del it.memory.held["talk"]
        it.memory.changed.append({"type": "removed", "documents": ["talk"]})
        await it.sees("1 hit ·", "A note on hypertext")
        assert "A desk that remembers" not in it.text()
        assert "Until next week." not in it.text()

    drive(steps, size=(140, 45))


def test_a_memexd_that_counts_anew_tells_what_changed_since_it_began() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("0:12 · Ben")
        it.memory.changed = [{"type": "renamed", "before": "Zoe", "now": "Zed"}] * 3
        await it.still()
        it.memory.changed = [{"type": "renamed", "before": "Ben", "now": "Bert"}]
        it.memory.state = {"memexd": 8}
        await it.sees("Bert  That word came")

    drive(steps, size=(140, 45))

"""Search as one types: what is found, what leaves a trace, what is kept on the screen."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from textual.command import CommandList

import tui.search
from memex.errors import InvalidRequest
from memex.protocols import NO_FILTERS, Filters
from tests.tui.driving import Driver, drive
from tests.tui.fakes import Doc, FakeMemory, FakeReach, segment
from tui.chips import Chips, picked, toggled
from tui.findings import Place
from tui.messages import Forgot


def test_hits_stand_by_document_with_the_matching_words_lit() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees(
            "A desk that remembers", "audio 2026-05-04", "He called it hypertext in 1965."
        )
        await it.sees("Things to look up", "note 2026-02-08", "A note on hypertext and bees.")
        await it.sees("3 hits · 12 ms")
        lines = it.lines()
        assert sum("A desk that remembers" in line for line in lines) == 2  # hits, and the desk
        place = it.main.search.results.place
        assert place
        assert place.words == {"hypertext"}

    drive(steps)


def test_typing_leaves_no_trace_and_enter_leaves_one() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits")
        assert not any(trace for _, trace in it.memory.searches)
        await it.press("enter")
        await it.until(lambda: ("hypertext", True) in it.memory.searches)
        await it.press("enter")
        await it.still()
        assert it.memory.searches.count(("hypertext", True)) == 1

    drive(steps)


def test_what_was_overtaken_is_never_asked_or_shown() -> None:
    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await it.type("h")
        await it.until(lambda: it.memory.searches)
        for char in "ypertext":
            await it.press(char)
            await it.still(0.03)
        it.memory.open.set()
        await it.sees("3 hits")
        assert [query for query, _ in it.memory.searches] == ["h", "hypertext"]

    drive(steps)


def test_keys_are_taken_while_the_memory_thinks() -> None:
    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await it.type("hyper")
        await it.sees("❯ hyper", "…")
        await it.type("text")
        await it.sees("❯ hypertext")
        it.memory.open.set()
        await it.sees("3 hits")

    drive(steps)


def test_an_empty_line_shows_what_can_be_typed() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Type what you remember of it.", "kind:podcast from:Ada")
        await it.type("hypertext")
        await it.sees("3 hits")
        await it.press("ctrl+u")
        await it.sees("Type what you remember of it.")
        assert it.main.desk.place is None

    drive(steps)


def test_nothing_found_is_said() -> None:
    async def steps(it: Driver) -> None:
        await it.type("zeppelin")
        await it.sees("Nothing found.")

    drive(steps)


def test_a_chip_is_put_into_the_query_and_taken_out() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("kind:audio 2", "kind:note 1")
        await it.press("tab", "right", "enter")
        await it.until(lambda: it.main.search.prompt.value == "hypertext kind:note")
        await it.sees("1 hit ·", "kind:note ✕")
        it.main.query_one(Chips).at = 0
        await it.press("enter")
        await it.until(lambda: it.main.search.prompt.value == "hypertext")
        await it.sees("3 hits")

    drive(steps)


def test_an_origin_is_a_chip() -> None:
    query = 'rose in:"The Gate" walk'
    assert picked(query) == ['in:"The Gate"']
    assert toggled(query, 'in:"The Gate"') == "rose walk"
    assert toggled("rose walk", "in:Walden") == "rose walk in:Walden"


def test_a_chip_can_be_clicked() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("kind:audio 2", "kind:note 1")
        await it.pilot.click(Chips, offset=(2, 0))
        await it.until(lambda: it.main.search.prompt.value == "hypertext kind:audio")

    drive(steps)


def test_up_walks_through_earlier_queries_and_back() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Earlier (↑, Ctrl+R)")
        prompt = it.main.search.prompt
        await it.type("lo")
        for key, text in (("up", "bees"), ("up", "loaf"), ("up", "loaf"), ("down", "bees")):
            await it.press(key)
            await it.until(lambda text=text: prompt.value == text)  # type: ignore[misc]
        await it.press("down")
        await it.until(lambda: prompt.value == "lo")

    drive(steps, reach=FakeReach(FakeMemory(past=["loaf", "bees", "loaf", "bees"])))


def test_a_refused_query_is_explained_and_the_hits_stay() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits")
        it.memory.refusal = InvalidRequest("This makes no sense.", "Write it otherwise.")
        await it.type("x")
        await it.sees("This makes no sense.", "He called it hypertext")
        await it.press("enter")
        await it.sees("Write it otherwise.", "He called it hypertext")

    drive(steps, size=(140, 45))


def test_right_and_wrong_are_one_key_and_once_more_takes_them_back() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits")
        await it.press("down", "down", "plus")
        await it.sees("✓ right")
        assert it.memory.labels == [("1", "right", "2")]
        assert it.memory.searches[-1] == ("hypertext", True)  # a mark needs a trace
        await it.press("minus")
        await it.sees("✗ wrong")
        await it.press("minus")
        await it.until(lambda: "✗ wrong" not in it.text())
        assert it.memory.labels[1:] == [("1", "wrong", "2"), ("1", None, "2")]
        place = it.main.search.results.place
        assert place
        assert place.n == 2

    drive(steps, size=(140, 45))


def test_where_no_traces_are_kept_a_mark_is_refused_with_the_remedy() -> None:
    async def steps(it: Driver) -> None:
        it.memory.tracing = False
        await it.type("hypertext")
        await it.sees("3 hits")
        await it.press("down", "plus")
        await it.sees("no traces are kept", "[traces] enabled")

    drive(steps, size=(140, 45))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (250, 70)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("He called it hypertext in")
        assert all(len(line) <= size[0] for line in it.lines())

    drive(steps, size=size)


HOSTILE = "[bold]x[/] \x1b[31mred\x1b]0;title\x07 \u202egnp.exe\u202c hypertext [link=a]"


def test_what_a_document_says_is_shown_and_never_obeyed() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("[bold]x[/] \\x1b[31mred\\x1b]0;title\\x07")
        assert not {"\x1b", "\x07", "\u202e"} & set(it.text())
        assert "[link=a]" in it.text()

    evil = {"evil": Doc(HOSTILE, "note", [segment(HOSTILE, speaker=HOSTILE, heading=HOSTILE)])}
    drive(steps, reach=FakeReach(FakeMemory(evil)), size=(200, 40))


def test_a_place_that_is_written_is_not_heard() -> None:
    assert not Place(1, "d", "T", "pdf", "file:///x", "text", page=3).heard
    assert Place(1, "d", "T", "audio", "file:///x", "text", start=3.0).heard


def test_an_earlier_query_is_picked_by_its_words() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Earlier (↑, Ctrl+R)")
        await it.press("ctrl+r")
        await it.until(lambda: len(it.app.screen_stack) == 2)
        await it.type("old hyper")
        await it.press("enter")
        await it.until(lambda: it.main.search.prompt.value == "hypertext is old")

    past = ["bees", "hypertext is old", "hypertext is new"]
    drive(steps, reach=FakeReach(FakeMemory(past=past)))


def test_a_query_is_saved_with_its_chips_and_picked_before_earlier_ones() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext  kind:note")
        await it.sees("1 hit ·")
        await it.press("ctrl+s")
        await it.sees("Saved; Ctrl+R has it.", "★ 1 hit ·")
        assert it.memory.saved == {1: "hypertext kind:note"}
        await it.press("ctrl+u")
        await it.sees("Saved (Ctrl+R)", "  hypertext kind:note")
        await it.press("ctrl+r")
        await it.sees("★ hypertext kind:note", "    hypertext is old")
        await it.press("enter")
        await it.until(lambda: it.main.search.prompt.value == "hypertext kind:note")
        await it.sees("★ 1 hit ·")

    drive(steps, reach=FakeReach(FakeMemory(past=["hypertext is old"])), size=(140, 45))


def test_saving_once_more_takes_it_back() -> None:
    async def steps(it: Driver) -> None:
        await it.type("bees")
        await it.sees("★ 1 hit")
        await it.press("enter", "ctrl+s")  # in the hits, too
        await it.sees("No longer saved.", " 1 hit")
        await it.until(lambda: "★" not in it.text())
        assert it.memory.saved == {}
        assert it.memory.past == ["bees"]  # what was asked stays

    drive(steps, reach=FakeReach(FakeMemory(saved={3: "bees"})))


def test_the_list_saves_and_removes_the_query_that_has_the_cursor() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Saved (Ctrl+R)")
        await it.press("ctrl+r")
        await it.sees("★ bread")
        await it.press("ctrl+s")
        await it.until(lambda: not it.memory.saved)
        await it.until(lambda: "bread" not in it.text())
        await it.press("down", "ctrl+s")
        await it.sees("★ bees")
        assert list(it.memory.saved.values()) == ["bees"]
        await it.press("enter")  # the cursor went with it
        await it.until(lambda: it.main.search.prompt.value == "bees")

    reach = FakeReach(FakeMemory(past=["bees", "hypertext"], saved={1: "bread"}))
    drive(steps, reach=reach)


def test_a_question_mark_shows_all_keys_and_the_palette_finds_commands() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits")
        await it.press("enter", "question_mark")
        await it.sees("While something plays", "Ctrl+P")
        await it.press("escape")
        await it.press("ctrl+p")
        await it.until(lambda: len(it.app.screen_stack) == 2)
        await it.type("light")
        await it.until(lambda: "Dark on light" in it.text())
        await it.press("enter")
        await it.until(lambda: it.app.theme == "memex-light")

    drive(steps, size=(140, 45))


def test_enter_leaves_a_trace_however_soon_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.search, "PAUSE", 0.3)

    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await it.type("h")
        await it.until(lambda: it.memory.searches)
        await it.type("ypertext")
        await it.press("enter")
        await it.still(0.5)
        it.memory.open.set()
        await it.sees("3 hits")
        await it.until(lambda: ("hypertext", True) in it.memory.searches)

    drive(steps)


def test_it_is_only_said_to_be_under_way_while_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.search, "LONG", 0.05)

    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.press("enter")
        await it.until(lambda: ("hypertext", True) in it.memory.searches)
        await it.sees("3 hits")
        await it.press("slash")
        await it.type(" ")  # the same once more
        await it.still()
        await it.sees("3 hits")
        it.reach.up = it.reach.may_start = False
        await it.type("x")
        await it.sees("memexd")
        await it.until(lambda: "…" not in it.lines()[1])

    drive(steps)


@pytest.mark.parametrize("room", ["ask", "library", "live"])
def test_hits_that_come_later_leave_the_desk_of_another_room_alone(room: str) -> None:
    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await it.type("bees")
        await it.until(lambda: it.memory.searches)
        it.main.action_turn(room)
        desk = it.main.desk
        looked_at = Place(1, "talk", "A desk that remembers", "audio", "file:///x", "", start=0.0)
        desk.show(looked_at)
        it.memory.open.set()
        await it.until(lambda: it.main.search.results.findings.query == "bees")
        await it.still()
        assert desk.place is not None
        assert desk.place.document == "talk"
        it.main.action_turn("search")
        await it.until(lambda: desk.place and desk.place.document == "note")

    drive(steps, size=(140, 45))


def test_what_is_typed_for_one_is_shown_and_never_obeyed() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Earlier")
        await it.press("up")
        await it.sees("❯ bees  ]0;title  [31m")
        assert not {"\x1b", "\x07"} & set(it.text())
        await it.press("f3")
        await it.sees("? bees  ]0;title  [31m")
        assert not {"\x1b", "\x07"} & set(it.text())

    drive(steps, reach=FakeReach(FakeMemory(past=["bees \x1b]0;title\x07\x1b[31m"])))


@pytest.mark.parametrize("room", ["f3", "f4", "f5"])
def test_what_is_typed_at_once_after_turning_to_the_search_is_typed_there(room: str) -> None:
    async def steps(it: Driver) -> None:
        await it.press(room)
        it.press_at_once("f2", *"bees")
        await it.sees("❯ bees", "1 hit ·")

    drive(steps)


def test_what_is_typed_at_once_after_a_slash_is_typed_there() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits")
        await it.press("enter")
        await it.until(lambda: it.main.focused is it.main.search.results)
        it.press_at_once("slash", *"sky")  # each of these is a key of what is listed
        await it.until(lambda: it.main.search.prompt.value == "hypertextsky")
        await it.type("/")
        await it.until(lambda: it.main.search.prompt.value == "hypertextsky/")

    drive(steps)


@pytest.mark.parametrize("key", ["down", "enter"])
def test_keys_behind_the_one_that_goes_into_the_hits_are_for_the_hits(key: str) -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertex")
        await it.sees("3 hits")
        it.press_at_once("t", key, "j", "plus")
        await it.until(lambda: it.memory.labels)
        assert it.memory.labels == [("1", "right", "2")]
        assert it.main.search.prompt.value == "hypertext"

    drive(steps, size=(140, 45))


def test_up_and_down_at_once_leave_what_was_typed() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Earlier (↑, Ctrl+R)")
        it.press_at_once("l", "o", "up")
        await it.until(lambda: it.main.search.prompt.value == "bees")
        it.press_at_once("down", "x")
        await it.until(lambda: it.main.search.prompt.value == "lox")

    drive(steps, reach=FakeReach(FakeMemory(past=["bees"])))


@pytest.mark.parametrize("height", [1, 3, 4, 24])
def test_pages_of_the_palette_are_turned_in_a_window_of_any_height(height: int) -> None:
    async def steps(it: Driver) -> None:
        await it.press("ctrl+p")
        await it.until(lambda: it.app.screen.query(CommandList))
        commands = it.app.screen.query_one(CommandList)
        await it.until(lambda: commands.option_count)
        await it.press("pagedown", "pageup")
        await it.type("a")
        await it.pilot.resize_terminal(80, 24)
        await it.until(lambda: commands.option_count > 1 and commands.size.height > 1)
        await it.press("pagedown", "pagedown")
        await it.until(lambda: commands.highlighted)
        await it.pilot.resize_terminal(80, 2)
        await it.press("pagedown", "escape")
        await it.until(lambda: it.app.screen is it.main)

    drive(steps, size=(80, height))


def test_why_a_query_was_refused_is_not_said_of_another_one() -> None:
    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        it.memory.refusal = InvalidRequest("This makes no sense.", "Write it otherwise.")
        await it.type("x")
        await it.press("enter")
        await it.until(lambda: it.memory.searches)
        await it.press("ctrl+u")
        await it.sees("Type what you remember of it.")
        it.memory.open.set()
        await it.still()
        assert "no sense" not in it.text()
        assert "otherwise" not in it.text()

    drive(steps, size=(140, 45))


def test_hits_that_were_asked_for_before_something_was_forgotten_are_not_shown() -> None:
    class Slow(FakeMemory):
        """A memory that finds, and then is slow to say what was asked for."""

        def search(
            self,
            query: str,
            limit: int,
            filters: Filters = NO_FILTERS,
            *,
            segments: bool = False,
            trace: bool = True,
        ) -> dict[str, Any]:
            found = super().search(query, limit, filters, segments=segments, trace=trace)
            if trace:
                self.found.set()
                assert self.told.wait(20)
            return found

        found, told = threading.Event(), threading.Event()

    memory = Slow()

    async def steps(it: Driver) -> None:
        await it.type("bees")
        await it.sees("1 hit ·")
        await it.press("enter")
        await it.until(memory.found.is_set)
        del memory.held["note"]
        it.main.on_forgot(Forgot(frozenset({"note"})))
        memory.told.set()
        await it.sees("Nothing found.")
        await it.still()
        assert "bees." not in it.text()

    drive(steps, reach=FakeReach(memory), size=(140, 45))


def test_where_earlier_queries_are_not_told_that_is_said() -> None:
    class Refuses(FakeMemory):
        def traces(self, limit: int) -> list[dict[str, Any]]:
            raise InvalidRequest("Not now.", "Later.")

    async def steps(it: Driver) -> None:
        await it.sees("Not now.", "Later.")
        await it.type("bees")
        await it.sees("1 hit ·")

    drive(steps, reach=FakeReach(Refuses()))

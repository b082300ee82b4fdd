"""Keys that come at once, over a slow line or before there is a picture."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.events import Event, Key
from textual.widgets import Static

import tui.app
import tui.keyboard
from tests.tui.driving import CHARACTERS, Driver, drive
from tests.tui.fakes import Doc, FakeMemory, FakeReach, Tape, library, segment
from tests.tui.test_ask import answer
from tests.tui.test_people import at_voice_3, voices
from tui.app import MemexApp
from tui.keyboard import Keyboard, Parser


def long_notes() -> FakeReach:
    """Two notes that are longer than the screen."""
    lines = [segment(f"Line {n} of the barge.", line=n) for n in range(200)]
    return FakeReach(FakeMemory({id_: Doc(id_, "note", lines) for id_ in ("one", "two")}))


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        (["f4"], "Things to look up"),
        (["f4", "f4"], "No voice is known yet"),
        ([*"bees"], "1 hit ·"),
        (["f3", *"who", "enter"], "1 who"),
        (["question_mark", "f5"], "Nothing is heard."),
    ],
)
def test_keys_before_the_first_picture_are_for_it(keys: Sequence[str], seen: str) -> None:
    class Eager(MemexApp):
        CSS_PATH = str(Path(tui.app.__file__).with_name("app.tcss"))

        def on_load(self) -> None:
            for key in keys:
                self.post_message(Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))

    reach, tape = FakeReach(), Tape()

    async def run() -> None:
        app = Eager(reach, open_speaker=lambda: tape)
        async with app.run_test(size=(80, 24)) as pilot:
            await Driver(app, pilot, reach, tape).sees(seen)

    asyncio.run(run())


def test_what_comes_behind_enter_is_for_the_text_that_it_opens() -> None:
    async def steps(it: Driver) -> None:
        await it.type("barge")
        await it.sees("20 hits")
        it.press_at_once("enter", "enter", "j", "j", "j")
        await it.until(lambda: it.main.focused is it.main.desk.reader)
        await it.until(lambda: it.app.keyboard.still)
        place = it.main.search.results.place
        assert place
        assert place.n == 1
        assert it.main.desk.reader.scroll_offset.y == 3

    drive(steps, reach=long_notes())


def test_what_comes_behind_a_key_that_is_held_waits_for_all_of_it() -> None:
    async def steps(it: Driver) -> None:
        await it.type("barge")
        await it.sees("20 hits")
        await it.press("down", "j")
        it.press_at_once(*"jjjjjj")
        results = it.main.search.results
        await it.until(lambda: results.place and results.place.n == 8)
        await it.until(lambda: it.app.keyboard.still)
        it.press_at_once(*"jjj", "slash", "s")
        await it.until(lambda: it.main.search.prompt.value == "barges")
        assert it.main.focused is it.main.search.prompt

    drive(steps, reach=long_notes())


def test_what_comes_behind_escape_is_for_where_it_leads() -> None:
    async def steps(it: Driver) -> None:
        await it.type("barge")
        await it.sees("20 hits")
        await it.press("enter", "enter")
        await it.until(lambda: it.main.focused is it.main.desk.reader)
        it.press_at_once("escape", "j", "escape", *"s/")
        await it.until(lambda: it.main.search.prompt.value == "barges/")
        assert it.main.search.results.place is None or it.main.search.results.place.n == 2

    drive(steps, reach=long_notes())


def test_an_answer_is_left_and_entered_again_at_once() -> None:
    memory = FakeMemory(library(), pieces=answer())

    async def steps(it: Driver) -> None:
        await it.press("f3")
        await it.type("who")
        await it.press("enter")
        await it.sees("[2] ✎")
        it.press_at_once("up", "j", "enter", "escape", "escape", *"and")
        await it.until(lambda: it.main.ask.prompt.value == "and")
        assert it.main.ask.place
        assert it.main.ask.place.n == 2

    drive(steps, reach=FakeReach(memory))


def test_what_comes_behind_a_key_that_opens_a_sheet_is_for_the_sheet() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Earlier (↑, Ctrl+R)")
        it.press_at_once("ctrl+r", *"bee", "enter")
        await it.sees("❯ bees", "1 hit ·")
        it.press_at_once("enter", "question_mark", "escape", "slash", "x")
        await it.until(lambda: it.main.search.prompt.value == "beesx")
        assert it.app.screen is it.main

    drive(steps, reach=FakeReach(FakeMemory(past=["bees", "ferries"])))


def test_a_voice_is_named_at_once() -> None:
    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        it.press_at_once("n", *"Ben", "enter")
        await it.until(lambda: it.memory.named == [("Voice 3", "Ben", False)])

    drive(steps, reach=FakeReach(voices()))


@pytest.mark.parametrize(
    ("came", "keys"),
    [
        (["\x1b"], ["escape"]),
        (["\x1b/"], ["escape", "slash"]),
        (["\x1bj"], ["escape", "j"]),
        (["\x1b", "/de"], ["escape", "slash", "d", "e"]),
        (["\x1b\r"], ["escape", "enter"]),
        (["\x1bjk\x1b[A"], ["escape", "j", "k", "up"]),
        (["\x1b\x1bOS"], ["escape", "f4"]),
        (["\x1b", "[A"], ["up"]),
        (["\x1bb"], ["ctrl+left"]),
        (["\x1b\x7f"], ["ctrl+w"]),
    ],
)
def test_an_escape_is_a_key_of_its_own(came: list[str], keys: list[str]) -> None:
    parser = Parser()
    found: list[object] = [event for data in came for event in parser.feed(data)]
    time.sleep(0.11)  # Textual waits so long for more
    found += parser.tick()
    assert [event.key for event in found if isinstance(event, Key)] == keys


def test_a_widget_that_does_not_end_holds_no_key_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tui.keyboard, "PATIENCE", 0.25)

    class Stuck(Static, can_focus=True):
        async def on_key(self) -> None:
            await asyncio.sleep(1.5)

    class Desk(App[None]):
        BINDINGS: ClassVar[list[BindingType]] = [("f2", "note", "Note")]
        noted = 0

        def __init__(self) -> None:
            super().__init__()
            self.keyboard = Keyboard(self, super().on_event)

        def compose(self) -> ComposeResult:
            yield Stuck()

        def action_note(self) -> None:
            self.noted += 1

        async def on_event(self, event: Event) -> None:
            if isinstance(event, Key) and not event.is_forwarded:
                await self.keyboard.take(event)
            else:
                await super().on_event(event)

    async def run() -> None:
        app = Desk()
        async with app.run_test() as pilot:
            app.screen.query_one(Stuck).focus()
            app.keyboard.begin()
            app.post_message(Key("x", "x"))
            await pilot.pause(0.01)
            app.screen.set_focus(None)
            app.post_message(Key("f2", None))
            await asyncio.sleep(0.75)
            assert app.noted == 1

    asyncio.run(run())

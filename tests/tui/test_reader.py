"""The document around a hit: scrolled to it, fetched as it is seen, followed while it plays."""

from __future__ import annotations

from tests.tui.driving import Driver, drive
from tests.tui.fakes import Doc, FakeMemory, FakeReach, segment, talk
from tui.layout import Look, laid_out, segment_of
from tui.pages import MOST, PAGE

HOURS = 9000
"""Segments of a ten-hour talk."""
PLACE = 7300


def long_talk() -> FakeReach:
    texts = [f"We come to point {n} of the list now." for n in range(HOURS)]
    texts[PLACE] = "Here at last somebody says zeppelin."
    return FakeReach(FakeMemory({"long": Doc("A long day", "audio", talk(texts))}))


def test_a_long_talk_opens_at_the_place_and_only_that_is_fetched() -> None:
    async def steps(it: Driver) -> None:
        await it.type("zeppelin")
        await it.sees("▌ 8:06:40 Ada  Here at last somebody says zeppelin.")
        await it.sees(f"point {PLACE - 1} of", f"point {PLACE + 1} of")
        assert len(it.memory.windows) <= 5
        assert all(last - first <= PAGE for _, first, last in it.memory.windows)

    drive(steps, reach=long_talk(), size=(140, 45))


def test_scrolling_brings_what_comes_into_sight_and_lets_the_rest_go() -> None:
    async def steps(it: Driver) -> None:
        await it.type("zeppelin")
        await it.sees("somebody says zeppelin")
        await it.press("down", "tab")
        reader = it.main.desk.reader
        assert it.main.focused is reader
        await it.press("home")
        await it.sees("0:00 ", "point 0 of the list", "point 1 of the list")
        await it.press("end")
        await it.sees(f"point {HOURS - 1} of the list")
        for _ in range(120):
            await it.press("pageup")
        await it.still()
        assert len(reader.pages.here) <= MOST + 1
        await it.until(lambda: it.text().count("of the list") > 20)

    drive(steps, reach=long_talk(), size=(140, 45))


def test_the_place_stays_in_sight_when_the_window_changes() -> None:
    async def steps(it: Driver) -> None:
        await it.type("zeppelin")
        await it.sees("somebody says zeppelin")
        for size in ((80, 24), (200, 50), (60, 20)):
            await it.pilot.resize_terminal(*size)
            await it.sees("▌ 8:06:40 Ada  Here at last")

    drive(steps, reach=long_talk(), size=(140, 45))


def test_what_grows_is_seen_as_far_as_it_has_come() -> None:
    async def steps(it: Driver) -> None:
        await it.type("point 3")
        await it.sees("▌    0:12 We come to point 3 of")
        texts = [f"We come to point {n} of the list now." for n in range(9)]
        it.memory.held["long"] = Doc("A long day", "audio", talk(texts))
        await it.press("backspace", "8")
        await it.sees("▌    0:32 Ada  We come to point 8 of")

    texts = [f"We come to point {n} of the list now." for n in range(4)]
    drive(steps, reach=FakeReach(FakeMemory({"long": Doc("A long day", "audio", talk(texts))})))


def test_headings_and_speakers_stand_where_they_change() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("0:00 Ada  Welcome to the long trail.", "0:04 A show about")
        await it.press("down", "end")
        await it.sees("▌ A note on hypertext and bees.", "Bake the loaf")
        assert sum(line.strip().endswith("Bread") for line in it.lines()) == 2  # hit and heading

    drive(steps, size=(140, 45))


def test_escape_goes_back_step_by_step() -> None:
    async def steps(it: Driver) -> None:
        await it.type("note")
        await it.sees("1 hit ·")
        await it.press("enter", "enter")
        await it.until(lambda: it.main.focused is it.main.desk.reader)
        await it.press("escape")
        await it.until(lambda: it.main.focused is it.main.search.results)
        await it.press("escape")
        await it.until(lambda: it.main.focused is it.main.search.prompt)
        await it.press("down", "slash")
        await it.until(lambda: it.main.focused is it.main.search.prompt)

    drive(steps)


def test_a_quote_is_copied_with_its_source() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits", "▌")
        await it.press("down", "y")
        await it.sees("Copied")
        assert it.app.clipboard == (
            "“He called it hypertext in 1965.”\n"
            "— Ben, A desk that remembers, 00:00:12, 2026-05-04\n/nowhere/at/all\n"
        )

    drive(steps)


def test_an_empty_line_stands_above_a_heading_and_not_below_it() -> None:
    said = [
        ("Bread", "Bread"), ("Bread", "Bake it."), ("Food › Soup", "Soup"),
        ("Food › Soup", "Boil"), ("Food › Soup", "Stir"), (None, "Eat"), (None, "Rest"),
    ]  # fmt: skip
    segments = [segment_of(segment(text, heading=heading)) for heading, text in said]
    lines = [
        line.plain.strip()
        for each, before in zip(segments, [None, *segments], strict=False)
        for line in laid_out(each, before, Look(60))
    ]
    assert lines == ["Bread", "Bake it.", "", "Soup", "Boil", "", "Stir", "", "Eat", "", "Rest"]

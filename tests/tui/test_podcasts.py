"""Podcasts in the library: how each is, following and leaving them."""

from __future__ import annotations

import pytest

import tui.app
import tui.section
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeMemory, FakeReach, feed_of

TRAIL = feed_of(
    1,
    "https://trail.example/feed",
    "The Trail [b]",
    checked_at="2026-05-04T12:00:00+00:00",
    next_at="2026-05-04T13:00:00+00:00",
)
BROKEN = feed_of(2, "https://gone.example/feed", "Gone", trouble="It answers with 404.")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 0.1)
    monkeypatch.setattr(tui.section, "EVERY", 0.0)


def following(*feeds: dict[str, object]) -> FakeReach:
    return FakeReach(FakeMemory(followed=[*feeds]))


async def at_podcasts(it: Driver, beside: str = "") -> None:
    await it.press("f4")
    await it.sees("memex-ingest  running", beside)
    await it.press("f4", "f4")
    await it.sees("Words of a title, an address")


def test_podcasts_are_listed_with_episodes_and_looks_those_in_trouble_first() -> None:
    async def steps(it: Driver) -> None:
        await at_podcasts(it)
        await it.sees("3 episodes", "It answers with 404.", "https://gone.example/feed")
        at = [n for n, line in enumerate(it.lines()) if line[:3] in {" ✗ ", " ◍ "}]
        assert "Gone" in it.lines()[at[0]]
        await it.press("down")
        await it.sees("https://trail.example/feed", "next look 2026-05-04", "3 episodes remembered")

    drive(steps, reach=following(TRAIL, BROKEN))


def test_a_podcast_is_followed_by_its_address_and_has_the_cursor() -> None:
    async def steps(it: Driver) -> None:
        await at_podcasts(it)
        await it.press("a")
        await it.sees("Follow a podcast")
        await it.type("ftp://x")
        await it.press("enter")
        await it.sees("only http and https are asked", "Give one that begins with https://")
        assert len(it.memory.followed) == 1
        await it.press("ctrl+u")
        await it.type("new.example/feed")
        await it.press("enter")
        await it.sees("followed. Episodes")
        await it.until(lambda: it.main.library.shelf.row)
        await it.until(lambda: getattr(it.main.library.shelf.row, "key", "") == "2")
        assert it.memory.followed[1]["url"] == "https://new.example/feed"
        await it.press("a")
        await it.type("new.example/feed")
        await it.press("enter")
        await it.sees("followed already")
        assert len(it.memory.followed) == 2

    drive(steps, reach=following(TRAIL))


def test_podcasts_are_looked_at_now_one_or_all() -> None:
    async def steps(it: Driver) -> None:
        await at_podcasts(it)
        await it.sees("The Trail [b]")
        await it.press("down", "r")
        await it.sees("The Trail [b]: looked at now.")
        await it.press("R")
        await it.sees("2 podcasts: looked at now.")
        assert it.memory.refreshed == ["1", "all"]

    drive(steps, reach=following(TRAIL, BROKEN))


def test_a_podcast_is_left_only_when_that_is_meant() -> None:
    async def steps(it: Driver) -> None:
        await at_podcasts(it)
        await it.sees("The Trail [b]")
        await it.press("d")
        await it.sees("Follow it no longer?", "remembered of it stays")
        await it.press("enter", "escape")
        await it.still()
        assert it.memory.followed == [TRAIL]
        await it.press("d", "y")
        await it.sees("is followed no longer.", "No podcast is followed")
        assert not it.memory.followed

    drive(steps, reach=following(TRAIL))


def test_without_one_the_list_says_that_the_network_is_not_used() -> None:
    async def steps(it: Driver) -> None:
        await at_podcasts(it)
        await it.press("r", "d")
        await it.sees("No podcast is followed, and nothing is asked of the network.", "a Add")
        assert "Look now" not in it.text()  # there is none to look at

    drive(steps)


def test_what_the_daemon_tells_is_shown_and_stays_while_it_is_away() -> None:
    async def steps(it: Driver) -> None:
        await at_podcasts(it)
        await it.sees("The Trail [b]")
        it.memory.followed = [{**TRAIL, "trouble": "It is too slow."}]
        await it.sees("It is too slow.", "3 episodes")
        it.reach.may_start = False
        it.reach.up = False
        await it.until(lambda: it.main.library.part.linked.link == "gone")
        await it.press("r")
        await it.sees("The Trail [b]", "memexd is not running.", "Start it with `memex up`.")

    drive(steps, reach=following(TRAIL))


def test_the_palette_follows_a_podcast() -> None:
    async def steps(it: Driver) -> None:
        await it.sees("Search")
        await it.press("ctrl+p")
        await it.type("follow a pod")
        await it.press("enter")
        await it.sees("Follow a podcast", "The address of its feed.")

    drive(steps)

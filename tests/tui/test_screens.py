"""How the screens look, as lines of text: `UPDATE_SCREENS=1 pytest tests/tui/test_screens.py`
writes them anew, and then one looks at what has changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color

from memex.errors import InvalidRequest
from tests.tui import test_folders as folders
from tests.tui import test_live as live
from tests.tui import test_people as people
from tests.tui import test_podcasts as podcasts
from tests.tui.driving import Driver, drive
from tests.tui.fakes import Doc, FakeMemory, FakeReach, library, segment
from tests.tui.test_ask import Notebook, answer
from tests.tui.test_library import BUSY, UNREAD

SCREENS = Path(__file__).with_name("screens")
SIZES = {"80x24": (80, 24), "140x45": (140, 45)}
WIDE = [
    segment("日本語のテキスト word の中", speaker="渡辺", heading="第一章", line=1),
    segment("שלום word עולם", speaker="דנה", line=2),
    segment("👩\u200d👩\u200d👧 word ❤\ufe0f 👍🏽", speaker="🙂", line=3),
]


async def searched(it: Driver) -> None:
    await it.type("hypertext")
    await it.sees("3 hits", "▌")
    await it.press("enter")
    await it.sees("Play, read")


async def asked(it: Driver) -> None:
    await it.press("f3")
    await it.type("who called it so")
    await it.press("enter")
    await it.sees("[2] ✎")
    await it.press("up")
    await it.sees("Play, read")


async def empty(it: Driver) -> None:
    await it.sees("Nothing is remembered yet.", "✗ answers")


async def wide(it: Driver) -> None:
    await it.type("word")
    await it.sees("3 hits", "▌")


async def tips(it: Driver) -> None:
    await it.sees("Earlier")


async def keys(it: Driver) -> None:
    await searched(it)
    await it.press("question_mark")
    await it.sees("Everywhere")


async def refused(it: Driver) -> None:
    await searched(it)
    it.memory.refusal = InvalidRequest("This makes no sense.", "Write it otherwise.")
    await it.press("slash", "x")
    await it.sees("This makes no sense.")


async def listed(it: Driver) -> None:
    await it.press("f4")
    await it.sees("on battery")
    await it.press("down")
    await it.sees("Play, read")


def beside(it: Driver) -> str:
    """What stands beside the Library's list where there is room."""
    return "Welcome to the long trail." if it.app.size.width > 100 else ""


async def met(it: Driver) -> None:
    await people.at_voice_3(it, beside(it))
    await it.press("n")
    await it.type("a")
    await it.sees("Who is Voice 3?", "  Ada  ")


async def followed(it: Driver) -> None:
    await podcasts.at_podcasts(it, beside(it))
    await it.sees("3 episodes remembered")


async def watched(it: Driver) -> None:
    await folders.at_folders(it, beside(it))
    await it.sees("In all folders")


def utterance(
    second: int, settled: str, opened: str = "", speaker: str | None = None
) -> dict[str, Any]:
    """A caption of what was said at the same time of day wherever this runs."""
    at = datetime(2026, 5, 4, 12, 0, second).astimezone().isoformat()
    return live.caption(second, settled, opened, at=at, speaker=speaker)


async def heard(it: Driver) -> None:
    await it.press("f5")
    long = (
        "A show about the tools we remember with, told by those who use them from morning to night."
    )
    talk = [
        utterance(0, "Welcome to the long trail.", speaker="Ada"),
        utterance(4, long, speaker="Ada"),
        utterance(9, "That word came from Ted Nelson.", speaker="Ben"),
        utterance(12, "He called it", "hypertext in"),
    ]
    microphone = live.device(level=-31.5, recording="r1")
    lost = live.device("lost", source="wearable", device="Omi", reason="it is out of reach")
    live.hear(it, microphone, lost, *talk)
    await it.sees("hypertext in")


async def unheard(it: Driver) -> None:
    await it.press("f5")
    await it.sees("Nothing is heard.")


async def weighed(it: Driver) -> None:
    await listed(it)
    await it.press("f")
    await it.sees("Forget for good?")


def busy() -> FakeMemory:
    return FakeMemory(state={**BUSY, "gaps": []}, unread=UNREAD)


def notebook() -> FakeMemory:
    return Notebook(library(), pieces=answer())


def listening(memory: FakeMemory, view: str) -> FakeReach:
    """The way to it; in one view it is listened, in one folders are watched."""
    if view == "folders":
        return replace(folders.watching(*FOLDERS), fake=memory)
    return replace(live.listening(), fake=memory) if view == "live" else FakeReach(memory)


FOLDERS = (
    folders.told("/notes", settling=3),
    folders.told("/gone", trouble="cannot be looked into: No such file or directory"),
)
FOLDER_STATE = {"ingest": {"watching": [*FOLDERS]}, "missing": 2}
VIEWS: dict[str, tuple[Callable[[Driver], Awaitable[None]], Callable[[], FakeMemory]]] = {
    "search": (searched, FakeMemory),
    "ask": (asked, notebook),
    "welcome": (empty, lambda: FakeMemory({})),
    "scripts": (wide, lambda: FakeMemory({"w": Doc("日本語 ו 🙂", "note", WIDE)})),
    "tips": (tips, lambda: FakeMemory(past=["bees", "the loaf"])),
    "keys": (keys, FakeMemory),
    "library": (listed, busy),
    "forget": (weighed, busy),
    "people": (met, people.voices),
    "podcasts": (followed, lambda: FakeMemory(followed=[podcasts.TRAIL, podcasts.BROKEN])),
    "folders": (watched, lambda: FakeMemory(state=FOLDER_STATE)),
    "refused": (refused, FakeMemory),
    "live": (heard, FakeMemory),
    "live-off": (unheard, FakeMemory),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS)
def test_the_screen_looks_as_it_did(view: str, size: str) -> None:
    lines: list[str] = []
    steps, memory = VIEWS[view]

    async def look(it: Driver) -> None:
        await it.until(lambda: re.search("(documents?|failed) ●", it.text()), "the state is there")
        await steps(it)
        await it.still()
        lines.extend(it.lines())

    drive(look, reach=listening(memory(), view), size=SIZES[size])
    file = SCREENS / f"{view}-{size}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("theme", ["memex-dark", "memex-light"])
def test_without_colours_all_is_grey(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(it: Driver) -> None:
        it.app.theme = theme
        await searched(it)
        for strip in it.app.screen._compositor.render_strips():
            for each in it.app._filters:
                if each.enabled:
                    strip = strip.apply_filter(each, Color(0, 0, 0))  # noqa: PLW2901
            styles = [segment.style for segment in strip if segment.style]
            colours = [colour for style in styles for colour in (style.color, style.bgcolor)]
            for colour in filter(None, colours):
                assert colour.triplet
                assert len(set(colour.triplet)) == 1

    drive(steps)

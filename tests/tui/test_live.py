"""What is being heard: captions as they settle, devices, and the ears' state in every room."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tui.app
import tui.live
from memex.config import default_paths
from memex.errors import DaemonUnavailable, MemexError, NotFound
from memex.live import Caption, State, event_from_json
from memex.pause import Pause
from memex.protocols import NO_FILTERS, Filters
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeMemory, FakeReach
from tui.captions import Captions, laid_out, lines_of
from tui.ears import Ears, ears_of
from tui.hearing import Hearing
from tui.meter import meter
from tui.reach import Daemon
from tui.saying import found_at

if TYPE_CHECKING:
    from memex.wire import Json

BEGAN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LISTENING: dict[str, Any] = {
    "state": "listening", "reason": "", "device": "USB microphone", "others": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 0.1)


def device(state: str = "listening", **others: object) -> dict[str, Any]:
    """An event as memexd tells it."""
    return {
        "kind": "state", "source": "microphone", "device": "USB microphone", "state": state,
        "at": BEGAN.isoformat(), "reason": "", "level": None, "recording": None, **others,
    }  # fmt: skip


def caption(n: int, settled: str, opened: str = "", **others: object) -> dict[str, Any]:
    """The same; utterances begin seconds apart."""
    return {
        "kind": "caption", "recording": "r1", "utterance": n, "source": "microphone",
        "device": "USB microphone", "at": (BEGAN + timedelta(seconds=n)).isoformat(),
        "settled": settled, "open": opened, "final": not opened, "speaker": None,
        "document": None, **others,
    }  # fmt: skip


def said(n: int, settled: str, opened: str = "", **others: object) -> Caption:
    event = event_from_json(caption(n, settled, opened, **others))
    assert isinstance(event, Caption)
    return event


def listening() -> FakeReach:
    return FakeReach(ears={"ears": LISTENING, "private": None, "paused": None})


def hear(it: Driver, *events: dict[str, Any] | MemexError) -> None:
    for event in events:
        it.memory.heard.put(event)


def numbers(it: Driver) -> list[str]:
    """Which utterances are seen."""
    return re.findall(r"number \d+", it.text())


def local(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


# The state.


def test_the_most_open_device_is_what_the_ears_are() -> None:
    pendant = {"state": "listening", "reason": "", "device": "Omi"}
    lost = {**LISTENING, "state": "lost", "reason": "unplugged", "others": [pendant]}
    assert ears_of({"ears": lost}) == Ears("listening", "", "Omi")
    assert ears_of({"ears": {**lost, "others": []}}).said == "lost: unplugged"


def test_no_ears_are_off_and_say_why() -> None:
    assert ears_of({"ears": None}).said == "off: memex-ears is not running"


def test_files_that_cannot_be_read_are_no_state_of_being_off() -> None:
    assert ears_of({"trouble": "run/ cannot be read."}).said == "lost: run/ cannot be read."


def test_private_is_said_at_once_and_that_the_microphone_is_still_open() -> None:
    closing = ears_of({"ears": LISTENING, "private": {"until": None}})
    assert closing.said == "private: the microphone is being closed"
    closed = {**LISTENING, "state": "private"}
    assert ears_of({"ears": closed, "private": {"until": None}}).said == "private"


def test_a_pause_that_ends_by_itself_says_when() -> None:
    until = (datetime.now().astimezone() + timedelta(days=3)).replace(microsecond=0)
    ears = ears_of({"ears": None, "paused": {"until": until.astimezone(UTC).isoformat()}})
    assert ears.said == f"paused until {until:%Y-%m-%d %H:%M}"


def test_the_state_is_in_sight_in_every_room_and_without_memexd() -> None:
    async def steps(it: Driver) -> None:
        for key in ("f2", "f3", "f4", "f5"):
            await it.press(key)
            await it.sees("◉ listening")
        it.reach.may_start = it.reach.up = False
        hear(it, DaemonUnavailable("memexd went away."))
        await it.sees("memexd is not running.", "◉ listening")
        it.reach.ears["ears"] = {**LISTENING, "state": "lost", "reason": "unplugged"}
        await it.sees("✗ lost")

    drive(steps, reach=listening())


def test_f8_closes_the_microphones_while_a_query_is_typed_and_opens_them_again() -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.press("f8")
        await it.sees("⊘ private", "private is on")
        assert it.reach.ears["private"]
        assert it.main.search.prompt.value == "hypertext"
        await it.press("f8")
        await it.sees("◉ listening", "private is off")
        await it.press("f9")
        await it.sees("‖ paused")

    drive(steps, reach=listening())


def test_the_palette_closes_the_microphones_where_they_are_closed_already() -> None:
    async def steps(it: Driver) -> None:
        it.reach.ears["private"] = {"until": None}
        await it.press("ctrl+p")
        await it.type("private on")
        await it.sees("Close every microphone")
        await it.press("enter")
        await it.sees("private is on", "⊘ private")

    drive(steps, reach=listening())


def test_closing_works_where_no_daemon_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMEX_HOME", str(tmp_path / "new"))
    reach = Daemon(start=False)
    assert reach.hush("private", on=None) == "Private: every microphone is closed."
    assert Pause(default_paths().private).active()
    assert reach.hearing()["private"] == {"until": None}
    assert reach.hush("private", on=None) == "No longer private."
    assert reach.hush("private", on=False) == "It was not private."
    assert reach.hush("paused", on=True) == "Paused: nothing is heard or read."
    assert reach.hush("paused", on=False) == "Going on."


# Captions.


def test_captions_settle_in_place() -> None:
    captions = Captions()
    captions.take(said(0, "We meet at", "the odd"))
    captions.take(said(0, "We meet at the old ferry."))
    captions.take(said(0, "We meet at the old ferry.", speaker="Ada"))
    texts = [line.plain for each in lines_of(captions.said) for line in laid_out(each, 80)]
    assert texts == [f"  {local(BEGAN)} Ada  We meet at the old ferry."]


def test_who_speaks_is_called_as_they_are_by_now() -> None:
    captions = Captions()
    captions.take(said(0, "We meet.", speaker="Voice 3"))
    captions.take(said(1, "At the ferry.", speaker="Ada"))
    captions.rename("Voice 3", "Ben")
    assert [each.caption.speaker for each in captions.said if each.caption] == ["Ben", "Ada"]


def test_what_was_nothing_after_all_goes() -> None:
    captions = Captions()
    captions.take(said(0, "", "Thank you"))
    captions.take(said(0, ""))
    assert captions.said == []


def test_only_so_many_are_kept_and_what_is_older_does_not_come_back() -> None:
    captions = Captions(most=3)
    for n in range(10):
        captions.take(said(n, f"number {n}", recording=f"r{n}", document=f"d{n}"))
    captions.take(said(2, "number 2", recording="r2"))
    assert [each.caption.settled for each in captions.said if each.caption] == [
        "number 7", "number 8", "number 9",
    ]  # fmt: skip
    assert captions.document(said(0, "", recording="r2")) is None
    assert captions.document(said(0, "", recording="r9")) == "d9"


def test_utterances_stand_by_when_they_began() -> None:
    captions = Captions()
    captions.take(said(5, "later"))
    captions.take(said(1, "earlier", recording="r2", device="Omi"))
    texts = [line.plain.strip() for each in lines_of(captions.said) for line in laid_out(each, 80)]
    assert texts == [
        f"{local(BEGAN + timedelta(seconds=1))} earlier",
        "── USB microphone ──",
        f"{local(BEGAN + timedelta(seconds=5))} later",
    ]


def test_text_of_captions_is_not_obeyed() -> None:
    line = next(lines_of([*_taken(said(0, "[bold]\x1b[31m red", speaker="A\u202eda"))]))
    assert laid_out(line, 80)[0].plain.endswith("Ada  [bold]\\x1b[31m red")
    state = replace(_state(device()), device="\x1b[2J", reason="[red]x")
    lines = [line.plain for line in Hearing(Ears("listening"), [state]).lines(80)]
    assert "\\x1b[2J" in lines[0]
    assert "[red]x" in lines[1]


def _taken(*captions: Caption) -> list[Any]:
    kept = Captions()
    for each in captions:
        kept.take(each)
    return kept.said


def _state(fields: dict[str, Any]) -> State:
    event = event_from_json(fields)
    assert isinstance(event, State)
    return event


@pytest.mark.parametrize(("level", "full"), [(0.0, 10), (-30.0, 5), (-60.0, 0), (-97.0, 0)])
def test_the_meter_is_full_at_the_loudest(level: float, full: int) -> None:
    assert meter(level, 10).plain.startswith("━" * full + "─" * (10 - full))


def test_a_device_that_is_gone_gives_way_to_the_one_that_is_there() -> None:
    gone = _state(device("off", device="default microphone"))
    lines = [line.plain for line in Hearing(Ears("listening"), [gone, _state(device())]).lines(80)]
    assert len(lines) == 1
    assert "USB microphone" in lines[0]


# The room.


def test_the_room_shows_devices_and_what_is_said_as_it_settles() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        await it.sees("Nothing has been said since you look.")
        hear(it, device(level=-30.0, recording="r1"), caption(0, "We meet at", "the odd"))
        await it.sees("◉ listening USB microphone", "-30 dB", "recording", "We meet at the odd")
        hear(it, caption(0, "We meet at the old ferry.", speaker="Ada"))
        await it.sees("Ada  We meet at the old ferry.")
        assert "odd" not in it.text()
        hear(it, device("silent", reason="nothing was heard for 10 minutes"))
        await it.sees("◌ silent", "nothing was heard for 10 minutes")
        assert "dB" not in it.text()

    drive(steps, reach=listening())


def test_where_nobody_listens_that_is_said_and_how_to_begin() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        await it.sees("○ off: memex-ears is not running", "`memex listen`", "Nothing is heard.")
        await it.sees("memex service install")

    drive(steps)


def test_it_stays_at_the_newest_until_one_goes_back() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        hear(it, *(caption(n, f"number {n}.") for n in range(40)))
        await it.sees("number 39.")
        await it.press("pageup", "up")
        await it.sees("What is said goes on below")
        before = numbers(it)
        hear(it, *(caption(n, f"number {n}.") for n in range(40, 45)))
        await it.until(lambda: len(it.main.live.captions.said) == 45)
        await it.still()
        assert numbers(it) == before
        await it.press("end")
        await it.sees("number 44.")
        hear(it, caption(45, "number 45."))
        await it.sees("number 45.")
        assert "goes on below" not in it.text()

    drive(steps, reach=listening())


@pytest.mark.parametrize("room", ["f2", "f3", "f4", "f5"])
def test_a_window_without_room_for_anything_ends_nothing(room: str) -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        hear(it, *(caption(n, f"number {n}.") for n in range(9)))
        await it.sees("number 8.")
        await it.press("f2")
        await it.type("hypertext")
        await it.sees("3 hits")
        await it.press(room)
        for size in ((1, 9), (2, 40), (140, 1), (1, 1), (80, 24)):
            await it.pilot.resize_terminal(*size)
            await it.press("down", "up")
        await it.sees("2 documents ●")

    drive(steps, reach=listening())


def test_keys_do_nothing_where_nothing_was_said() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5", "up", "down", "pageup", "pagedown", "home", "end", "enter", "escape")
        hear(it, caption(0, "the first."))
        await it.sees("the first.")

    drive(steps, reach=listening())


def test_what_is_forgotten_while_another_room_is_seen_is_not_drawn_again() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        hear(it, *(caption(n, f"number {n}.", document="talk") for n in range(30)))
        await it.sees("number 29.")
        await it.press("f2")
        it.main.live.captions.said = it.main.live.captions.said[:1]
        it.main.live.forget({"another"})
        await it.press("f5")
        await it.sees("number 0.")
        assert "number 29" not in it.text()

    drive(steps, reach=listening())


def test_what_goes_is_not_what_one_looks_at() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        it.main.live.captions = Captions(most=60)
        hear(it, *(caption(n, f"number {n}.") for n in range(60)))
        await it.sees("number 59.")
        await it.press("pageup")
        await it.still()
        before = numbers(it)
        hear(it, *(caption(n, f"number {n}.") for n in range(60, 75)))
        await it.until(lambda: it.main.live.captions.said[0].key == ("caption", "r1", "15"))
        await it.still()
        assert numbers(it) == before

    drive(steps, reach=listening())


def test_a_daemon_that_goes_leaves_what_was_said_and_what_is_missing_is_said() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        hear(it, device(), caption(0, "before it went."))
        await it.sees("before it went.")
        it.reach.may_start = it.reach.up = False
        hear(it, DaemonUnavailable("memexd went away."))
        await it.sees("What is heard is kept, and found later.", "before it went.")
        it.reach.up = True
        hear(it, device(level=-40.0), caption(0, "after it came.", recording="r2", utterance=7))
        await it.sees("before it went.", "it was not shown", "after it came.", "-40 dB")

    drive(steps, reach=listening())


def test_what_is_missing_is_said_before_anything_else_is() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        hear(it, device(), caption(0, "before it went."))
        await it.sees("before it went.")
        hear(it, DaemonUnavailable("memexd went away."))
        hear(it, device(level=-40.0))
        await it.sees("-40 dB", "it was not shown")

    drive(steps, reach=listening())


def test_what_is_shown_stays_as_it_was_handed_over() -> None:
    captions = Captions(most=2)
    captions.take(said(0, "one"))
    captions.take(said(1, "two"))
    handed = captions.said
    captions.miss(BEGAN + timedelta(seconds=2))
    assert [each.caption.settled for each in handed if each.caption] == ["one", "two"]


def test_that_too_many_follow_is_said_and_tried_again() -> None:
    async def steps(it: Driver) -> None:
        hear(it, MemexError("16 follow what is said already.", "Close one of them."))
        await it.press("f5")
        await it.sees("16 follow what is said already.")
        hear(it, device(), caption(0, "one was closed."))
        await it.sees("one was closed.")
        assert "16 follow" not in it.text()

    drive(steps, reach=listening())


def test_it_is_followed_only_while_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.live, "LINGER", 0.01)

    async def steps(it: Driver) -> None:
        await it.sees("2 documents ●")
        await it.still()
        assert it.memory.followers == 0
        await it.press("f5")
        await it.until(lambda: it.memory.followers == 1)
        await it.press("f2")
        await it.until(lambda: it.memory.followers == 0)
        await it.still()
        assert it.memory.followers == 0
        await it.press("f5")
        await it.until(lambda: it.memory.followers == 1)

    drive(steps, reach=listening())


def test_what_is_said_while_another_room_is_seen_is_there_when_one_comes_back() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        hear(it, caption(0, "seen."))
        await it.sees("seen.")
        await it.press("f2")
        hear(it, *(caption(n, f"meanwhile {n}.") for n in range(1, 60)))
        await it.until(lambda: len(it.main.live.captions.said) == 60)
        await it.press("f5")
        await it.sees("meanwhile 59.")
        assert it.memory.followers == 1

    drive(steps, reach=listening())


# Opening, forgetting.


class Timed(FakeMemory):
    """A memory whose hits say when they were said, as memexd's do."""

    filters: Filters = NO_FILTERS

    def search(
        self,
        query: str,
        limit: int,
        filters: Filters = NO_FILTERS,
        *,
        segments: bool = False,
        trace: bool = True,
    ) -> Json:
        self.filters = filters
        found = super().search(query, limit, filters, segments=segments, trace=trace)
        for hit in found["hits"]:
            after = timedelta(seconds=hit["start"] or 0.0)
            hit["said_at"] = (datetime.fromisoformat(hit["said_at"]) + after).isoformat()
        return found


def test_what_is_stored_is_opened_at_its_second() -> None:
    place = found_at(Timed(), said(12, "He called it hypertext"), "talk")
    assert (place.document, place.first, place.start) == ("talk", 3, 12.0)


def test_where_the_document_is_not_told_it_is_looked_for_by_its_moment() -> None:
    memory = Timed()
    assert found_at(memory, said(12, "hypertext"), None).first == 3
    assert memory.filters.since is not None
    assert memory.filters.since < BEGAN + timedelta(seconds=12) < (memory.filters.until or BEGAN)


def test_what_went_while_it_is_looked_for_is_not_there() -> None:
    class Gone(Timed):
        def segments(self, document_id: str, first: int, last: int) -> Json:
            return {"first": first, "count": 0, "segments": []}

    with pytest.raises(NotFound):
        found_at(Gone(), said(12, "hypertext"), "talk")


def test_what_is_not_stored_is_not_taken_for_what_was_said_before() -> None:
    with pytest.raises(NotFound):
        found_at(Timed(), said(90, "hypertext"), "talk")


def test_a_caption_is_opened_and_closed_again() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f5")
        hear(it, caption(12, "He called it hypertext", document="talk"), caption(20, "No sheet of"))
        await it.sees("No sheet of")
        await it.press("up", "up", "enter")
        await it.sees("A desk that remembers", "▌    0:12 He called it hypertext in 1965.")
        await it.until(lambda: it.main.focused is it.main.desk.reader)
        await it.press("escape", "escape")
        await it.until(lambda: "A desk that remembers" not in it.text())
        assert it.main.live.prompt.has_focus

    drive(steps, reach=replace(listening(), fake=Timed()), size=(140, 45))


def test_nothing_of_what_was_forgotten_stays_nor_what_may_be_of_it() -> None:
    captions = Captions()
    captions.take(said(0, "forgotten.", document="talk"))
    captions.take(said(1, "of the same recording."))
    captions.take(said(2, "of nobody knows which.", recording="r2"))
    captions.take(said(3, "of another.", recording="r3", document="note"))
    captions.forget({"talk"})
    assert [each.caption.settled for each in captions.said if each.caption] == ["of another."]

"""People in the library: whose voices were heard, what they said, naming them."""

from __future__ import annotations

from typing import Any

import pytest

import tui.app
import tui.section
from memex.errors import NotFound
from memex.protocols import NO_FILTERS, Filters
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeMemory, FakeReach, Tape, library, speaker
from tests.tui.test_ask import answer
from tui.people import meant, opened, people, quotes, same
from tui.welcome import SAMPLES


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 0.1)
    monkeypatch.setattr(tui.section, "EVERY", 0.0)


def voices() -> FakeMemory:
    """A talk of somebody with a name and somebody without one, and a voice that was podcasts'."""
    held = library()
    for each in held["talk"].segments:
        each["speaker"] = "Ada" if each["speaker"] == "Ada" else "Voice 3"
    held["talk"].uri = (SAMPLES / "the-long-trail.m4a").as_uri()
    known = [
        speaker("Ada", 40, owner=True),
        speaker("Voice 3", 4),
        speaker("Voice 5", 9, scopes=["podcast"]),
    ]
    return FakeMemory(held, speakers=known)


async def at_people(it: Driver, beside: str = "") -> None:
    await it.press("f4")
    await it.sees("Things to look up", beside)
    await it.press("f4")
    await it.sees("Voice 5", "Ada (you)")


async def at_voice_3(it: Driver, beside: str = "") -> None:
    await at_people(it, beside)
    await it.press("down")
    await it.sees("“That word came from Ted Nelson.”")


def test_those_without_a_name_that_speak_most_come_first_with_what_they_said() -> None:
    async def steps(it: Driver) -> None:
        await at_people(it)
        lines = it.lines()
        rows = [next(n for n, line in enumerate(lines) if who in line[:14]) for who in WHO]
        assert rows == sorted(rows)
        await it.sees("2 unnamed", "Nothing that they said is remembered.", "in podcasts only")
        await it.press("down")
        await it.sees("4 utterances in 1 document", "“That word came from Ted Nelson.”")
        assert "Welcome" not in it.text()  # somebody else said that

    drive(steps, reach=FakeReach(voices()))


WHO = ("Voice 5", "Voice 3", "Ada")


def test_a_voice_is_named_and_what_is_open_beside_says_so() -> None:
    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        await it.press("p")
        await it.sees("Voice 3  That word came")
        await it.press("n")
        await it.sees("Who is Voice 3?", "Enter takes it")
        await it.type("Ben")
        await it.press("enter")
        await it.sees("Ben it is, in 1 document.", "1 unnamed")
        await it.sees("Ben  That word came", "2026-05-04 · Ben")
        assert it.memory.named == [("Voice 3", "Ben", False)]

    drive(steps, reach=FakeReach(voices()), size=(140, 45))


async def named_ben(it: Driver) -> None:
    """Voice 3 is."""
    await at_voice_3(it)
    await it.press("n")
    await it.sees("Who is Voice 3?")
    await it.type("Ben")
    await it.press("enter")
    await it.sees("Ben it is, in 1 document.")


@pytest.mark.parametrize("settled", [False, True])
def test_hits_chips_and_the_text_beside_them_say_the_new_name(settled: bool) -> None:
    class Named(FakeMemory):
        """A memory in whose passages stands who says what."""

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
            for hit in found["hits"]:
                if hit["speaker"]:
                    hit["snippet"]["text"] += f" {hit['speaker']}: Yes."
                    hit["speaker"] += ", Ada"
            return found

    memory = Named(voices().held, speakers=voices().speakers)

    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("0:12 · Voice 3, Ada", "in 1965. Voice 3: Yes.", 'from:"Voice 3" 1')
        await it.sees("Voice 3  That word came", "2026-05-04 · Voice 3, Ada")
        if settled:
            await it.press("enter")
            await it.until(lambda: it.main.search.results.findings.trace)
        assert it.main.search.results.step(1)
        before = it.main.search.results.place
        await named_ben(it)
        await it.press("f2")
        await it.sees("0:12 · Ben, Ada", "in 1965. Ben: Yes.", "from:Ben 1")
        await it.sees("Ben  That word came")
        assert "Voice 3" not in it.text()
        after = it.main.search.results.place
        assert before
        assert after
        assert (after.n, after.first) == (before.n, before.first)
        await it.press("down", "plus")
        await it.sees("✓ right")
        assert it.memory.labels == [(str(1 + settled), "right", "2")]

    drive(steps, reach=FakeReach(memory), size=(140, 45))


def test_what_an_answer_quotes_says_the_new_name() -> None:
    memory = voices()
    memory.pieces = answer()
    for each in memory.pieces[-1]["citations"]:
        each["speaker"] = each["speaker"] and "Voice 3"

    async def steps(it: Driver) -> None:
        await it.press("f3")
        await it.type("who")
        await it.press("enter")
        await it.sees("0:12 · Voice 3")
        await named_ben(it)
        await it.press("f3")
        await it.sees("0:12 · Ben")
        assert "Voice 3" not in it.text()

    drive(steps, reach=FakeReach(memory), size=(140, 45))


def test_a_name_that_somebody_has_makes_them_one_only_when_that_is_meant() -> None:
    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        await it.press("enter")
        await it.sees("Who is Voice 3?")
        await it.type("a")
        await it.sees("  Ada  ")
        await it.press("tab", "enter")
        await it.sees(
            "Are they one?", "Ada is known already: 40 utterances", "cannot be taken back"
        )
        await it.press("enter", "escape")
        await it.until(lambda: "Are they one?" not in it.text())
        assert not it.memory.named
        await it.press("n")
        await it.sees("Who is Voice 3?")
        await it.type(" ada ")
        await it.press("enter")
        await it.sees("Are they one?")
        await it.press("y")
        await it.sees("Ada it is, in 1 document.")
        assert it.memory.named == [("Voice 3", "Ada", False)]

    drive(steps, reach=FakeReach(voices()))


def test_why_a_name_is_refused_is_said_and_it_can_be_mended() -> None:
    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        await it.press("n")
        await it.type("Voice 9")
        await it.press("enter")
        await it.sees("is what a voice is called.", "Choose another name.", "Voice 9")
        await it.press("ctrl+u")
        await it.type("Ben")
        await it.press("enter")
        await it.sees("Ben it is")

    drive(steps, reach=FakeReach(voices()))


def test_m_says_that_it_is_you() -> None:
    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        await it.press("m")
        await it.sees("Who are you?")
        await it.until(lambda: it.app.focused and it.app.focused.value == "Ada")  # type: ignore[attr-defined]
        await it.press("ctrl+u")
        await it.type("Ben")
        await it.press("enter")
        await it.sees("Ben (you)")
        assert it.memory.named == [("Voice 3", "Ben", True)]

    drive(steps, reach=FakeReach(voices()))


def test_a_voice_is_heard_from_where_it_speaks_and_once_more_elsewhere() -> None:
    tape = Tape()
    tape.going.clear()

    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        await it.press("p")
        await it.until(lambda: it.main.desk.playing)
        place = it.main.desk.place
        assert place
        assert (place.document, place.first, place.start) == ("talk", 2, 8.0)
        await it.press("p")
        await it.until(lambda: it.main.desk.place and it.main.desk.place.first == 3)
        await it.press("s")
        tape.going.set()
        await it.until(lambda: not it.main.desk.playing)
        await it.press("escape")  # back from what was opened to the list
        await it.until(lambda: it.main.desk.place is None)
        assert it.main.focused is it.main.library.shelf

    drive(steps, reach=FakeReach(voices()), tape=tape)


def test_a_voice_whose_sound_is_not_kept_is_read_and_that_is_said() -> None:
    memory = voices()
    memory.held["talk"].uri = "https://trail.example/1"

    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        await it.press("p")
        await it.sees("is not kept here", "Voice 3  That word came")
        assert not it.main.desk.playing

    drive(steps, reach=FakeReach(memory))


def test_a_voice_of_which_nothing_is_left_says_so() -> None:
    async def steps(it: Driver) -> None:
        await at_people(it)
        await it.press("p")
        await it.sees("Nothing that Voice 5 said is", "It was forgotten")

    drive(steps, reach=FakeReach(voices()))


def test_names_are_found_by_typing_and_no_markup() -> None:
    memory = voices()
    memory.speakers.append(speaker("[b]Eve\x1b[2J", 1))

    async def steps(it: Driver) -> None:
        await at_people(it)
        await it.press("slash")
        await it.type("eve")
        await it.sees("1 of 4", "[b]Eve\\x1b[2J")
        assert "Voice 5" not in it.text()
        await it.press("down", "n")
        await it.sees("Who is [b]Eve\\x1b[2J?", "is called …", "[b]Eve [2J")
        assert "\x1b" not in it.text()  # in the line, too

    drive(steps, reach=FakeReach(memory))


def test_a_daemon_that_goes_leaves_the_people_and_naming_says_what_to_do() -> None:
    async def steps(it: Driver) -> None:
        await at_voice_3(it)
        it.reach.may_start = False
        it.reach.up = False
        await it.until(lambda: it.main.library.part.linked.link == "gone")
        await it.sees("Voice 3", "“That word came from Ted Nelson.”")
        it.reach.may_start = True
        await it.press("down", "up", "f2", "f4")  # nobody asked for anything
        await it.still()
        assert not it.reach.up
        it.reach.may_start = False
        await it.press("down", "n")
        await it.type("Ben")
        await it.press("enter")
        await it.sees("memexd is not running.", "Start it with `memex up`.")
        it.reach.up = True
        await it.press("enter")
        await it.sees("Ben it is")

    drive(steps, reach=FakeReach(voices()))


def test_without_voices_the_list_says_how_they_come() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Things to look up")
        await it.press("f4", "n", "p")
        await it.sees("No voice is known yet: they come with recordings.")

    drive(steps)


def test_quotes_are_their_own_also_where_others_speak_of_them_more() -> None:
    memory = voices()
    talk = memory.held["talk"].segments
    mentions = [{**talk[0], "text": f"I met Ada {n} times."} for n in range(30)]
    memory.held["talk"].segments = [*({**each, "speaker": "Voice 3"} for each in mentions), *talk]
    assert [quote.text for quote in quotes(memory, "Ada")] == [
        "Welcome to the long trail.",
        "A show about the tools we remember with.",
        "Writing that branches, he said.",
    ]


def test_a_quote_of_what_was_forgotten_is_not_opened() -> None:
    memory = voices()
    quote = quotes(memory, "Voice 3")[0]
    memory.held["talk"].segments = []
    with pytest.raises(NotFound, match="is not found any more"):
        opened(memory, quote)


def test_names_that_may_be_meant() -> None:
    known = people(FakeMemory(speakers=[speaker(name, 1) for name in NAMES]))
    voice = known[0]
    assert voice.key == "Voice 1"
    assert meant("s", known, voice) == ["Ada Smith", "Sam"]
    assert meant("ada  s", known, voice) == ["Ada Smith"]
    assert meant("Voice", known, voice) == []
    namesake = same("  SAM ", known, voice)
    assert namesake
    assert namesake.key == "Sam"
    assert same("Sam", known, namesake) is None  # oneself
    assert same("Sa", known, voice) is None


NAMES = ("Sam", "Voice 1", "Ada Smith", "Bo")


@pytest.mark.parametrize("width", [20, 40, 80, 140])
def test_a_line_is_as_wide_as_there_is_room(width: int) -> None:
    person = people(FakeMemory(speakers=[speaker("Ada of the very long name " * 4, 3)]))[0]
    assert person.line(width).cell_length <= width
    assert "2026-05-04" in person.line(width).plain

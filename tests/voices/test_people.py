"""Voices over days, and the names that the user gives them, in a real library."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex.errors import InvalidRequest, NotFound
from memex.memory import Memex
from memex.people import Known, People
from memex.types import Arrival, Document, Segment, Voiceprint, content_id, heard_id
from tests.memory.test_growing import Home

AT = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
MODEL = "toy@1"


def sound(angle: float) -> tuple[float, ...]:
    """A voice: two are the more alike the nearer their angles, in degrees."""
    return math.cos(math.radians(angle)), math.sin(math.radians(angle))


ADA, BERT, LIKE_ADA = sound(0), sound(90), sound(20)
BETWEEN = sound(48)
"""Too far from Ada to be sure."""


class Room:
    """A memory to which recordings come."""

    def __init__(self, folder: Path) -> None:
        home = Home(folder)
        self.memory: Memex = home.memory
        self.people: People = home.library.people
        self.library = home.library
        self._day = 0

    def hear(self, *said: tuple[str, tuple[float, ...]], source: str = "microphone") -> str:
        """A recording of the next day: texts of ten seconds, each with its voice."""
        arrival = self.arrival(*said, source=source)
        for _ in self.memory.remember(arrival):
            pass
        return arrival.document.id

    def arrival(self, *said: tuple[str, tuple[float, ...]], source: str) -> Arrival:
        self._day += 1
        at = AT + timedelta(days=self._day)
        voices = list(dict.fromkeys(vector for _, vector in said))
        segments = tuple(
            Segment(text, 10.0 * n, 10.0 * n + 10, speaker=str(voices.index(vector)))
            for n, (text, vector) in enumerate(said)
        )
        live = source == "microphone"
        document = Document(
            id=heard_id(source, "", at) if live else content_id(segments),
            kind="audio",
            title="A talk",
            uri=f"file:///home/ada/{self._day}.opus",
            created_at=at,
            segments=segments,
            attributes={"source": source},
        )
        document = document.saying(segments) if live else document
        prints = tuple(
            Voiceprint(str(n), MODEL, vector, 10.0 * sum(v == vector for _, v in said))
            for n, vector in enumerate(voices)
        )
        arrival = Arrival.of(document, sha256=f"{self._day}", size=1)
        return replace(arrival, voices=prints)

    def speakers(self, id_: str) -> list[str | None]:
        return [segment.speaker for segment in self.library.segments(id_)]

    def known(self) -> dict[str, Known]:
        return {each.name: each for each in self.people.all()}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.memory.close()


def test_a_voice_is_the_same_on_another_day(room: Room) -> None:
    first = room.hear(("Hello there.", ADA), ("Good day to you.", BERT))
    second = room.hear(("It rains again.", LIKE_ADA))
    assert room.speakers(first) == ["Voice 1", "Voice 2"]
    assert room.speakers(second) == ["Voice 1"]
    known = room.known()
    assert (known["Voice 1"].documents, known["Voice 1"].seconds) == (2, 20.0)
    assert not known["Voice 1"].named
    assert 0.85 <= room.people.confidences(second)[0] < 1


def test_who_is_not_surely_somebody_known_is_somebody_new(room: Room) -> None:
    room.hear(("Hello there.", ADA))
    assert room.speakers(room.hear(("It rains again.", BETWEEN))) == ["Voice 2"]


def test_who_says_next_to_nothing_has_no_name(room: Room) -> None:
    arrival = room.arrival(("Hm.", ADA), source="microphone")
    (segment,) = arrival.document.segments
    short = arrival.document.saying([replace(segment, end=2.0)])
    prints = (replace(arrival.voices[0], seconds=2.0),)
    for _ in room.memory.remember(replace(arrival, document=short, voices=prints)):
        pass
    assert room.speakers(short.id) == [None]
    assert room.known() == {}


def test_a_name_is_written_to_all_that_was_said_and_to_what_is_said_later(room: Room) -> None:
    first = room.hear(("Hello there.", ADA), ("Good day to you.", BERT))
    assert room.people.name("voice 1", "Ada", owner=True) == {first}
    assert room.speakers(first) == ["Ada", "Voice 2"]
    assert room.speakers(room.hear(("It rains again.", LIKE_ADA))) == ["Ada"]
    known = room.known()
    assert list(known) == ["Ada", "Voice 2"]
    assert (known["Ada"].owner, known["Ada"].named) == (True, True)
    room.people.name("2", "Bert", owner=True)
    assert [each.owner for each in room.people.all()] == [True, False]
    assert room.people.all()[0].name == "Bert"


def test_two_voices_with_one_name_are_one_person_and_never_both_in_one_recording(
    room: Room,
) -> None:
    first = room.hear(("Hello there.", ADA), ("Good day to you.", BERT))
    room.people.name("1", "Ada")
    assert room.people.name("2", "ada") == {first}
    assert room.speakers(first) == ["Ada", "Ada"]
    third = room.hear(("A first one.", ADA), ("A second one.", BERT))
    assert sorted(map(str, room.speakers(third))) == ["Ada", "Voice 3"]


def test_merging_keeps_the_name_of_the_first(room: Room) -> None:
    first = room.hear(("Hello there.", ADA))
    second = room.hear(("It rains again.", BETWEEN))
    assert room.people.merge("Voice 1", "Voice 2") == {second}
    assert (room.speakers(first), room.speakers(second)) == (["Voice 1"], ["Voice 1"])
    assert room.known()["Voice 1"].seconds == 20.0
    with pytest.raises(InvalidRequest):
        room.people.merge("1", "Voice 1")
    third = room.hear(("Good day.", BERT))
    room.people.name("3", "Bert")
    with pytest.raises(InvalidRequest, match="has a name"):
        room.people.merge("Voice 1", "Bert")
    assert room.people.merge("Bert", "Voice 1") == {first, second}
    assert room.speakers(third) == room.speakers(first) == ["Bert"]


def test_podcasts_have_voices_of_their_own(room: Room) -> None:
    around = room.hear(("Hello there.", ADA))
    played = room.hear(("Welcome to the programme.", ADA), source="podcast")
    assert (room.speakers(around), room.speakers(played)) == (["Voice 1"], ["Voice 2"])
    with pytest.raises(InvalidRequest, match="podcast"):
        room.people.merge("1", "2")
    room.people.name("1", "Ada")
    assert room.people.merge("Ada", "Voice 2") == {played}
    assert room.known()["Ada"].scopes == ("around", "podcast")


def test_forgetting_leaves_what_was_said_without_a_speaker(room: Room) -> None:
    first = room.hear(("Hello there.", ADA), ("Good day to you.", BERT))
    room.people.name("1", "Ada")
    assert room.people.forget("Ada") == {first}
    assert room.speakers(first) == [None, "Voice 2"]
    rows = room.library.database.all("SELECT id FROM voices")
    assert [row["id"] for row in rows] == [2]
    assert room.library.database.all("SELECT * FROM people") == []
    with pytest.raises(NotFound):
        room.people.forget("Ada")
    assert room.speakers(room.hear(("It rains again.", ADA))) == ["Voice 3"]


def test_what_comes_twice_is_learnt_once(room: Room) -> None:
    arrival = room.arrival(("Hello there.", ADA), source="podcast")
    for _ in range(3):
        for _ in room.memory.remember(arrival):
            pass
    assert room.known()["Voice 1"].seconds == 10.0
    assert room.speakers(arrival.document.id) == ["Voice 1"]
    live = room.arrival(("It rains again.", BERT), source="microphone")
    for _ in range(3):
        for _ in room.memory.remember(live):
            pass
    assert room.known()["Voice 2"].seconds == 10.0
    (hit,) = room.memory.recall("rains again", limit=1)
    assert hit.passage.speaker == "Voice 2"


def test_what_was_played_makes_no_voice(room: Room) -> None:
    """The microphone hears an episode that is known, and Bert between its sentences."""
    text = (
        "Vannevar Bush described a desk that holds all of a person's books and records and letters"
        " and he called it the memex because it was to be an enlarged supplement to memory itself"
    )
    room.hear((text, ADA), source="podcast")
    heard = room.hear((text, LIKE_ADA), ("What shall we have for dinner tonight?", BERT))
    assert room.speakers(heard) == ["Voice 2"]
    assert [each.scopes for each in room.people.all()] == [("podcast",), ("around",)]
    assert room.known()["Voice 2"].seconds == 10.0


def test_whose_voice_was_enrolled_is_recognised(room: Room) -> None:
    room.people.enrol("Ada", Voiceprint("", MODEL, ADA, 20.0), owner=True)
    assert room.speakers(room.hear(("Hello there.", LIKE_ADA))) == ["Ada"]
    assert room.known()["Ada"].owner


@pytest.mark.parametrize("name", ["", "  ", "Voice 7", "voice  7", "7", "Ada, Bert", "a\x1b[1m"])
def test_names_that_say_nobody_are_refused(room: Room, name: str) -> None:
    room.hear(("Hello there.", ADA))
    with pytest.raises(InvalidRequest):
        room.people.name("Voice 1", name)


def test_forgetting_a_document_forgets_who_spoke_in_it(room: Room) -> None:
    id_ = room.hear(("Hello there.", ADA))
    room.memory.forget(id_)
    assert room.library.database.all("SELECT * FROM spoken") == []


def test_who_was_called_so_is_known_by_that(room: Room) -> None:
    room.hear(("Hello there.", ADA), ("Good day to you.", BERT))
    room.people.name("Voice 1", "Ada")
    room.people.name("Ada", "Ada Palmer")
    called = room.people.called
    assert [called(who) for who in ("voice 1", "Voice  1", "1", "ada palmer")] == ["Ada Palmer"] * 4
    assert [called(who) for who in ("voice 2", "Voice 7", "Zoe")] == ["Voice 2", "Voice 7", "Zoe"]


@pytest.mark.parametrize("query", ['from:"Voice 1"', "from:“voice 1” hello", "from:ada there"])
def test_what_a_voice_said_is_found_by_what_it_was_called_before(room: Room, query: str) -> None:
    document = room.hear(("Hello there.", ADA), ("Good day to you.", BERT))
    before = [hit.passage.id for hit in room.memory.recall(query)]
    room.people.name("Voice 1", "Ada")
    room.memory.indexer.discard(document)
    for _ in room.memory.indexer.reconcile():
        pass
    found = [hit.passage.id for hit in room.memory.recall(query)]
    assert found
    assert found == before or "ada" in query

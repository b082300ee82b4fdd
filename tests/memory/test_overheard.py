"""What was heard and is known already is linked, and not stored again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex.echoes import Heard
from memex.errors import IndexDamaged
from memex.index import Snapshot
from memex.indexer import Indexer
from memex.library import Library
from memex.memory import Memex
from memex.protocols import Remembered
from memex.testing import ScriptedModel, WordLengths
from memex.types import Arrival, Document, Segment, content_id, heard_id

AT = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
EPISODE = (
    (0.0, 6.0, "Welcome to the long trail, a programme on how people have tried to remember."),
    (7.0, 14.0, "That came from Ted Nelson, who read a paper to a conference in 1965."),
    (14.0, 21.0, "In that paper he used a word of his own, hypertext, for writing that branches."),
    (21.0, 28.0, "No single sheet of paper can hold such a text, and no shelf of books either."),
)
OWN = "Could you put the kettle on and look whether we still have some of the rye bread?"


class Home:
    """A memory with an episode in it."""

    def __init__(self, folder: Path) -> None:
        self.library = Library(folder / "library.db")
        embedder = WordLengths()
        indexer = Indexer(self.library, folder / "index", embedder, lambda _: None)
        self.memory = Memex(self.library, indexer, embedder, ScriptedModel([""]))
        self.episode = self.remember(*EPISODE, source="podcast").document_id

    def remember(
        self,
        *said: tuple[float, float, str],
        source: str = "microphone",
        device: str = "",
        at: datetime = AT,
        growing: bool = False,
    ) -> Remembered:
        """Hand in a recording."""
        segments = tuple(Segment(text, start, end) for start, end, text in said)
        live = source != "podcast"
        document = Document(
            id=heard_id(source, device, at) if live else content_id(segments),
            kind="audio",
            title=f"{source} {device}".strip(),
            uri=f"memory:{source}{device}{at}",
            created_at=at,
            segments=segments,
            duration=said[-1][1],
            attributes={"source": source, "device": device},
        )
        heard = document.saying(segments) if live else document
        arrival = Arrival.of(heard, sha256=document.id, size=1)
        *_, result = self.memory.remember(replace(arrival, growing=growing))
        assert isinstance(result, Remembered)
        return result

    def texts(self, result: Remembered) -> list[tuple[float | None, str]]:
        return [(s.start, s.text) for s in self.library.segments(result.document_id)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.memory.close()


def played(first: int, last: int, shift: float) -> list[tuple[float, float, str]]:
    """Some of the episode, as it plays so many seconds later."""
    return [(start + shift, end + shift, text) for start, end, text in EPISODE[first:last]]


def test_a_podcast_that_plays_is_linked_with_its_second_and_not_stored(home: Home) -> None:
    result = home.remember(*played(1, 4, 3.0))
    assert result.overheard
    assert result.document_id == home.episode
    assert home.library.ids() == {home.episode}
    (echo,) = home.library.echoes.of(home.episode)
    assert (echo.start, echo.end) == (7.0, 28.0)
    assert echo.heard_at == AT + timedelta(seconds=10.0)
    assert echo.heard_until == AT + timedelta(seconds=31.0)
    assert echo.heard_in is None


def test_what_is_said_while_it_plays_stays_with_its_time(home: Home) -> None:
    answer = (22.0, 24.0, "Yes, half a loaf of it.")
    result = home.remember((0.0, 4.0, OWN), *played(1, 3, 0.0), answer, *played(3, 4, 4.0))
    assert not result.overheard
    assert home.texts(result) == [(0.0, OWN), (22.0, "Yes, half a loaf of it.")]
    echoes = home.library.echoes.within(result.document_id)
    assert [(echo.start, echo.end) for echo in echoes] == [(7.0, 21.0), (21.0, 28.0)]
    assert [hit.passage.document_id for hit in home.memory.recall("rye bread", limit=1)] == [
        result.document_id
    ]


def test_it_is_found_once(home: Home) -> None:
    home.remember((0.0, 4.0, OWN), *played(0, 4, 5.0))
    found = home.memory.recall("hypertext", limit=10)
    assert {hit.passage.document_id for hit in found if "hypertext" in hit.passage.text} == {
        home.episode
    }


def test_short_utterances_go_on_with_what_was_playing(home: Home) -> None:
    alone = home.remember((0.0, 2.0, "and no shelf of books either"), at=AT - timedelta(hours=1))
    assert not alone.overheard
    assert home.remember(*played(1, 3, -7.0)).overheard
    later = AT + timedelta(seconds=20)
    assert home.remember((0.0, 2.0, "and no shelf of books either"), at=later).overheard


def test_what_is_not_said_there_is_a_conversation(home: Home) -> None:
    result = home.remember((0.0, 5.0, "He used a word of his own, and read a paper, you say?"))
    assert not result.overheard
    assert home.library.echoes.of(home.episode) == []


def test_a_second_device_at_the_same_moment_is_linked_to_the_first(home: Home) -> None:
    first = home.remember((10.0, 15.0, OWN))
    heard = "could you put the kettle on and look whether we still have some of the right bread"
    again = home.remember(
        (4.0, 9.0, heard), source="wearable", device="pendant", at=AT + timedelta(seconds=8)
    )
    assert again.overheard
    assert again.document_id == first.document_id
    (echo,) = home.library.echoes.of(first.document_id)
    assert (echo.source, echo.device, echo.start) == ("wearable", "pendant", 10.0)


def test_the_same_words_at_another_time_or_by_the_same_device_are_said_again(home: Home) -> None:
    first = home.remember((0.0, 5.0, OWN))
    for at, source in ((timedelta(days=7), "wearable"), (timedelta(seconds=20), "microphone")):
        again = home.remember((0.0, 5.0, OWN), source=source, at=AT + at)
        assert again.new
        assert again.document_id != first.document_id


def test_handed_in_twice_after_a_crash_it_is_linked_once(home: Home) -> None:
    for _ in range(2):
        assert home.remember(*played(1, 4, 3.0)).overheard
    assert len(home.library.echoes.of(home.episode)) == 1


def test_forgetting_what_was_played_forgets_that_it_was(home: Home) -> None:
    talk = home.remember((0.0, 4.0, OWN), *played(1, 4, 0.0))
    home.memory.forget(home.episode)
    assert home.library.echoes.within(talk.document_id) == []
    assert home.texts(talk) == [(0.0, OWN)]


def test_forgetting_the_talk_leaves_that_it_was_played(home: Home) -> None:
    talk = home.remember((0.0, 4.0, OWN), *played(1, 4, 0.0))
    home.memory.forget(talk.document_id)
    (echo,) = home.library.echoes.of(home.episode)
    assert echo.heard_in is None


def test_what_a_source_heard_in_a_time_can_be_forgotten(home: Home) -> None:
    home.remember(*played(1, 4, 0.0))
    home.remember(*played(1, 4, 0.0), at=AT + timedelta(days=1))
    later = AT + timedelta(hours=1)
    echoes = home.library.echoes
    assert [echoes.count(heard) for heard in (Heard(), Heard("wearable"))] == [2, 0]
    assert [echoes.count(Heard(since=later)), echoes.count(Heard(until=AT))] == [1, 0]
    echoes.forget(Heard("microphone", since=later))
    (echo,) = home.library.echoes.of(home.episode)
    assert echo.heard_at < AT + timedelta(hours=1)


def test_a_damaged_index_keeps_nothing_that_is_heard_from_being_stored(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise IndexDamaged("The index cannot be used.")

    with monkeypatch.context() as patch:
        patch.setattr(Snapshot, "lexical", damaged)
        result = home.remember(*played(1, 4, 0.0))
    assert result.new
    assert home.memory.indexer.suspected


def test_what_is_forgotten_but_still_in_the_index_is_nothing_known(home: Home) -> None:
    home.library.remove(home.episode)
    assert home.remember(*played(1, 4, 0.0)).new


TODAY = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Home]:
    """A memory into which the episode is still to come."""
    (tmp_path / "before").mkdir()
    made = Home(tmp_path / "before")
    made.memory.forget(made.episode, tombstone=False)
    yield made
    made.memory.close()


def test_a_podcast_that_comes_after_it_was_heard_is_linked_all_the_same(before: Home) -> None:
    answer = (22.0, 24.0, "Yes, half a loaf of it.")
    talk = before.remember(
        (0.0, 4.0, OWN), *played(1, 3, 0.0), answer, *played(3, 4, 4.0), at=TODAY
    )
    later = TODAY + timedelta(days=1) / 24
    other = before.remember((0.0, 4.0, OWN), at=later)
    assert before.remember(*EPISODE, source="podcast").repeats == 0
    assert before.library.ids() == {before.episode, talk.document_id, other.document_id}
    assert before.texts(talk) == [(0.0, OWN), (22.0, "Yes, half a loaf of it.")]
    echoes = before.library.echoes.within(talk.document_id)
    assert [(echo.start, echo.end) for echo in echoes] == [(7.0, 21.0), (21.0, 28.0)]
    assert echoes[0].heard_at == TODAY + timedelta(seconds=7)
    assert before.texts(other) == [(0.0, OWN)]
    found = before.memory.recall("hypertext", limit=10)
    assert {hit.passage.document_id for hit in found if "hypertext" in hit.passage.text} == {
        before.episode
    }


def test_what_was_nothing_but_the_podcast_goes_when_that_comes(before: Home) -> None:
    heard = [
        before.remember(*played(1, 3, -7.0), at=TODAY),
        before.remember(
            (0.0, 2.0, "and no shelf of books either"), at=TODAY + timedelta(seconds=20)
        ),
    ]
    assert all(each.new for each in heard)
    assert before.remember(*EPISODE, source="podcast").repeats == 2
    assert before.library.ids() == {before.episode}
    assert before.memory.indexer.serving.index.documents() == {before.episode}
    echoes = before.library.echoes.of(before.episode)
    assert [(echo.start, echo.heard_in) for echo in echoes] == [(7.0, None), (25.375, None)]


def test_what_was_heard_long_before_or_goes_on_stays(before: Home) -> None:
    """What goes on is parted when it is over."""
    old = before.remember(*played(1, 4, 0.0), at=TODAY - timedelta(days=40))
    going_on = before.remember(*played(1, 4, 0.0), at=TODAY, growing=True)
    assert before.remember(*EPISODE, source="podcast").repeats == 0
    for stays in (old, going_on):
        assert before.texts(stays) == [(start, text) for start, _, text in EPISODE[1:4]]
    assert before.library.echoes.of(before.episode) == []


def test_an_index_that_cannot_be_searched_keeps_no_podcast_from_being_stored(
    before: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = before.remember(*played(1, 4, 0.0), at=TODAY)

    def damaged(*_: object) -> None:
        raise IndexDamaged("The index cannot be used.")

    monkeypatch.setattr(Snapshot, "lexical", damaged)
    assert before.remember(*EPISODE, source="podcast").new
    assert before.memory.indexer.suspected
    assert talk.document_id in before.library.ids()


def test_the_first_thing_heard(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    made = Home(tmp_path / "new")
    made.memory.forget(made.episode)
    assert made.remember((0.0, 4.0, OWN)).new
    made.memory.close()

"""The rules of digests: what a name is, where a text has it, which sentences are quoted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from memex.digests.digest import GROUPS, Digest, digest_of_days, digest_of_name
from memex.digests.naming import name_of
from memex.digests.page import page
from memex.digests.quoting import MOST, score, shortened, whole
from memex.digests.sorting import sort_of
from memex.library import Library
from memex.types import Arrival, Document, Segment
from tests.documents import document, spoken

PEOPLE = ("Ada Palmer", "Will", "May", "Rose", "Ben Fisher", "Ben Hill")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library(tmp_path / "library.db")
    yield made
    made.close()


def remember(library: Library, *documents: Document) -> None:
    library.add(*(Arrival.of(each, sha256=each.id, size=1) for each in documents))


@pytest.mark.parametrize(
    ("asked", "known", "person"),
    [
        ("ada", "Ada Palmer", True),
        ("ADA PALMER", "Ada Palmer", True),
        ("will", "Will", True),
        ("Ben", "Ben", False),
        (" seed   swap ", "seed swap", False),
    ],
)
def test_a_name_is_known_as_it_is_spelt_elsewhere(asked: str, known: str, person: bool) -> None:
    found = name_of(asked, PEOPLE)
    assert (found.text, found.person) == (known, person)


def test_a_first_name_that_several_have_is_nobody_in_particular() -> None:
    assert name_of("ben", PEOPLE).several == ("Ben Fisher", "Ben Hill")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ada", "Ada's roof leaks."),
        ("ada", "then ada called"),
        ("Ada", "I saw Ada Palmer."),
        ("Ada", "On Sunday Ada Monday's bread."),
        ("Will", "Then Will came."),
        ("Will", "Will said that he would."),
        ("Will", "Will, can you hold this?"),
        ("Will", "Will's ladder is here."),
        ("May", "We met May at the station."),
        ("May", "May said no."),
        ("Rose", "I gave Rose the keys."),
        ("hypertext", "Hypertext was new."),
        ("seed swap", "the seed\nswap"),
        ("Zoë", "Then Zoe\u0308 left."),
    ],
)
def test_a_text_speaks_of_a_name(name: str, text: str) -> None:
    assert name_of(name, PEOPLE).is_mentioned(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ada", "The Adaptor and Canada."),
        ("Ada", "Ada Lovelace wrote notes."),
        ("Will", "It will rain."),
        ("Will", "Will it rain? Will you come?"),
        ("Will", "What Will Happen Next"),
        ("May", "We may meet in May."),
        ("May", "May I ask?"),
        ("May", "It was 4 May 2026."),
        ("May", "On May 4 it rained."),
        ("Rose", "The prices rose, and a rose grew."),
        ("seed swap", "seeds to swap"),
    ],
)
def test_a_text_does_not_speak_of_a_name(name: str, text: str) -> None:
    assert not name_of(name, PEOPLE).is_mentioned(text)


def test_what_is_spoken_is_quoted_in_whole_sentences() -> None:
    segments = [
        Segment("Good. I have finished the chapter", 0.0, 4.0, "Ada"),
        Segment("about Venice. It was so", 4.0, 8.0, "Ada"),
        Segment("Was it long?", 8.0, 9.0, "Ben"),
    ]
    first, second = whole(segments, 1, 10, "en")
    assert first.text == "I have finished the chapter about Venice."
    assert (first.position, first.offset) == (10, 1)
    assert first.start == pytest.approx(4 / 6)
    assert first.end == pytest.approx(5.6)
    assert second.text == "It was so"


def test_who_is_only_called_is_not_what_is_said_of_them() -> None:
    ada = name_of("Ada", PEOPLE)
    called = score("Ada, the kettle on the stove is ready.", ada, own=False)
    said = score("The kettle on the stove belongs to Ada.", ada, own=False)
    own = score("I have bought the kettle on the stove.", ada, own=True)
    assert called is not None
    assert said is not None
    assert own is not None
    assert min(said, own) > called
    assert score("The kettle is on the stove.", ada, own=False) is None


def test_what_never_ends_is_quoted_where_it_has_the_name() -> None:
    text = " ".join([*["word"] * 200, "Ada", *["word"] * 200])
    shown = shortened(text, name_of("Ada", PEOPLE))
    assert "Ada" in shown
    assert len(shown.split()) <= MOST
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_quotes_are_spread_over_documents_and_none_comes_twice(library: Library) -> None:
    said = "Ada Palmer has mended the roof of the old mill."
    many = [f"Ada Palmer has bought {number} kettles for the mill." for number in range(20)]
    remember(
        library,
        document(*many, uri="file:///many.md"),
        document(said, "And more of it.", uri="file:///one.md"),
        document("A line before it.", said, uri="file:///two.md"),
        document("Ada Palmer is away until the end of the month.", uri="file:///three.md"),
    )
    found = page("Ada Palmer", library, 3)
    assert len({quote.source.id for quote in found.quotes}) == 3
    assert len({quote.text for quote in found.quotes}) == 3
    assert found.mentioned is not None
    assert (found.mentioned.documents, found.mentioned.segments) == (4, 23)
    assert page("Ada Palmer", library, 0).quotes == ()


def test_who_speaks_was_met_with_others(library: Library) -> None:
    ben = Segment("Hello.", 8.0, 9.0, "Ben")
    first = spoken(Segment("I am here at last.", 0.0, 2.0, "Ada"), ben, uri="file:///1.mp3")
    second = spoken(Segment("I go home.", 5.0, 7.0, "Ada"), ben, uri="file:///2.mp3")
    other = spoken(Segment("I have met Ada.", 0.0, 2.0, "Cleo"), uri="file:///3.mp3")
    remember(library, first, second, other)
    found = page("ada", library, 8)
    assert found.spoke is not None
    assert (found.spoke.documents, found.spoke.segments) == (2, 2)
    assert found.spoke.last.start == 5.0
    assert found.company == (("Ben", 2),)
    assert found.mentioned is not None
    assert found.mentioned.first.speaker == "Cleo"


def test_older_versions_are_not_quoted(library: Library) -> None:
    remember(library, document("Ada lives in Venice, by the water."))
    remember(library, document("Ada lives in Florence, by the river."))
    (quote,) = page("Ada", library, 8).quotes
    assert "Florence" in quote.text


def test_a_name_that_is_misspelt_is_offered_as_it_is_known(library: Library) -> None:
    remember(library, spoken(Segment("I like it here.", 0.0, 1.0, "Ada Palmer")))
    remember(library, document("The key is with Odile.", uri="file:///b.md"))
    assert page("Ada Pamler", library, 8).near[0] == "Ada Palmer"
    assert page("Odil", library, 8).near == ("Odile",)
    remember(library, document("It has many names.", uri="file:///c.md"))
    assert page("James", library, 8).near == ()
    nobody = page("Zyxwvu", library, 8)
    assert not nobody.found
    assert nobody.near == ()


def test_signs_of_the_search_are_letters_like_others(library: Library) -> None:
    remember(library, document("It is 100% sure, says a_b."))
    assert page("100% sure", library, 8).found
    assert not page("1%e", library, 8).found
    assert page("a_b", library, 8).found
    assert not page("a%b", library, 8).found


@pytest.mark.parametrize(
    "sentence",
    [
        "So we decided to paint the hall in blue.",
        "Let's go with the second offer.",
        "It was agreed that the hut stays green.",
        "We’ve finally settled on Friday.",
        "The decision is to wait.",
    ],
)
def test_a_decision(sentence: str) -> None:
    assert sort_of(sentence) == "decided"


@pytest.mark.parametrize(
    "sentence",
    [
        "I'll send you the map on Friday.",
        "I’ll also call the plumber.",
        "We will bring the ladder back.",
        "He promised to mend it.",
        "I promise I won't be late.",
    ],
)
def test_a_promise(sentence: str) -> None:
    assert sort_of(sentence) == "promised"


@pytest.mark.parametrize(
    "sentence",
    [
        "We haven't decided yet.",
        "If we decided that, it would cost more.",
        "Have we decided?",
        "I never promised that.",
        "I don't promise anything.",
        "I'll be honest with you.",
        "I'll tell you what.",
        "Let's take a break.",
        "The next thing we will do is wait.",
        "Once we've decided, we can begin.",
        "I guess I'll find out.",
        "The tills bring a lot of noise.",
    ],
)
def test_neither_a_decision_nor_a_promise(sentence: str) -> None:
    assert sort_of(sentence) is None


BERLIN = ZoneInfo("Europe/Berlin")


def told(digest: Digest) -> dict[str, list[str]]:
    return {name: [each.text for each in digest.groups[name].moments] for name in GROUPS}


def test_a_day_is_that_of_the_users_zone(library: Library) -> None:
    late = spoken(
        Segment("The hall is to be painted soon.", 0.0, 5.0, "Ada"),
        Segment("We decided to paint it blue.", 1800.0, 1805.0, "Ada"),
        Segment("I'll buy the paint tomorrow.", 1806.0, 1809.0, "Ben"),
        created_at=datetime(2026, 5, 3, 21, 45, tzinfo=UTC),  # 23:45 in Berlin
    )
    remember(library, late)
    now = datetime(2026, 5, 4, 9, 0, tzinfo=BERLIN)
    assert told(digest_of_days("today", now, library, 8)) == {
        "decided": ["We decided to paint it blue."],
        "promised": ["I'll buy the paint tomorrow."],
        "said": [],
        "read": [],
    }
    yesterday = digest_of_days("yesterday", now, library, 8)
    assert told(yesterday)["said"] == ["The hall is to be painted soon."]
    week = digest_of_days("week", now, library, 8)
    assert len([text for texts in told(week).values() for text in texts]) == 3
    later = datetime(2026, 5, 11, 9, 0, tzinfo=BERLIN)
    assert not any(told(digest_of_days("week", later, library, 8)).values())


def test_what_a_book_or_podcast_promises_nobody_here_did(library: Library) -> None:
    at = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    line = Segment("I'll send you a new episode about Ada next week.", 0.0, 4.0, "Host")
    show = spoken(line, created_at=at, uri="https://example.org/1.mp3")
    remember(library, replace(show, attributes={"source": "podcast"}))
    remember(library, document("We decided to leave Ada.", kind="book", created_at=at))
    found = told(digest_of_days("today", datetime(2026, 5, 4, 20, 0, tzinfo=UTC), library, 8))
    assert found["promised"] == found["decided"] == []
    assert found["said"] == [line.text]
    assert told(digest_of_name("Ada", library, 8)) == {
        "decided": [],
        "promised": [],
        "said": [line.text],
        "read": ["We decided to leave Ada."],
    }


def test_what_was_read_today_opens_with_its_first_sentence(library: Library) -> None:
    remember(library, document("Bread", "The loaf needs forty minutes in the oven. Then it cools."))
    digest = digest_of_days("today", datetime.now(UTC), library, 8)
    (line,) = digest.groups["read"].moments
    assert line.text == "The loaf needs forty minutes in the oven."
    assert line.source.title == "A note"


def test_how_many_more_there_were(library: Library) -> None:
    texts = [f"We decided to keep Ada's kettle number {number}." for number in range(10)]
    remember(library, document(*texts))
    group = digest_of_name("Ada", library, 3).groups["decided"]
    assert (len(group.moments), group.more) == (3, 7)

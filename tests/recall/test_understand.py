"""What a query says besides its words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from memex.recall.understand import SOURCES, Understood, understand
from memex.types import KINDS

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 10, 30, tzinfo=ZONE)
"""A Wednesday."""
PEOPLE = ("Ada Lovelace", "Tom", "May Ling", "June", "Will Smith", "Will Hunting", "Ben")


def read(query: str) -> Understood:
    return understand(query, NOW, PEOPLE, owner="Olga")


def day(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZONE)


def test_a_time_in_plain_language_is_a_hint_and_the_text_stays_whole() -> None:
    found = read("What did Ada say about bees last Tuesday?")
    assert found.text == "What did Ada say about bees last Tuesday?"
    assert found.timeless == "What did Ada say about bees?"
    assert found.time is not None
    assert not found.time.explicit
    assert found.time.words == "last Tuesday"
    assert (found.time.value.since, found.time.value.until) == (
        day("2026-11-24"),
        day("2026-11-25"),
    )


def test_the_event_stays_in_the_text_without_its_time() -> None:
    found = read("what did we decide before the trip in May")
    assert found.timeless == "what did we decide before the trip"
    assert found.time is not None
    assert (found.time.value.since, found.time.value.until) == (None, day("2026-06-01"))


def test_chips_are_certain_and_leave_the_text() -> None:
    found = read('bees from:ada kind:podcast since:2026-01-01 before:"last week" and honey')
    assert found.text == found.timeless == "bees and honey"
    assert found.time is not None
    assert found.kinds is not None
    assert found.speaker is not None
    assert found.time.explicit
    assert found.kinds.explicit
    assert found.speaker.explicit
    assert (found.time.value.since, found.time.value.until) == (
        day("2026-01-01"),
        day("2026-11-16"),
    )
    assert found.kinds.value == ("audio",)
    assert found.speaker.value == "Ada Lovelace"


@pytest.mark.parametrize(
    ("chip", "since", "until"),
    [
        ("since:2026-03", "2026-03-01", ""),
        ("after:2026-03", "2026-04-01", ""),
        ("until:2026-03", "", "2026-03-01"),
        ("before:2026-03", "", "2026-03-01"),
        ("since:yesterday", "2026-11-24", ""),
        ("since:last-week", "2026-11-16", ""),
        ("after:2024 before:2026", "2025-01-01", "2026-01-01"),
    ],
)
def test_chips_of_time_bound_as_the_options_do(chip: str, since: str, until: str) -> None:
    found = read(chip)
    assert found.text == ""
    assert found.time is not None
    assert found.time.value.since == (day(since) if since else None)
    assert found.time.value.until == (day(until) if until else None)


def test_a_chip_of_time_makes_other_times_plain_words() -> None:
    found = read("the trip in May since:2026-10")
    assert found.timeless == "the trip in May"
    assert found.time is not None
    assert found.time.value.since == day("2026-10-01")


@pytest.mark.parametrize("query", ["kind:banana split", "since:whenever", "a ratio from: here"])
def test_what_only_looks_like_a_chip_is_text(query: str) -> None:
    found = read(query)
    assert found.text == query
    assert not any((found.time, found.kinds, found.speaker))


def test_somebody_unknown_may_be_asked_for_by_a_chip_only() -> None:
    assert read("what did Zoe say") == understand("what did Zoe say", NOW)
    asked = read('from:"Zoe Quinn" bees').speaker
    assert asked is not None
    assert asked.value == "Zoe Quinn"


@pytest.mark.parametrize(
    ("query", "speaker"),
    [
        ("what did ada say about the bees", "Ada Lovelace"),
        ("Ada Lovelace said it would rain", "Ada Lovelace"),
        ("according to tom the roof leaks", "Tom"),
        ("what does May think of it", "May Ling"),
        ("did June ever mention a boat in June", "June"),
        ("Ada's advice on bread", "Ada Lovelace"),
        ("an email from Ben about the invoice", "Ben"),
        ("what did Tom tell Ada", "Tom"),
        ("what did I promise Ben", "Olga"),
        ("the thing that Ben's told us", "Ben"),
        # Not they, or nobody can tell who:
        ("When did Ada go to Paris?", None),
        ("Ada's recipe for bread", None),
        ("can you call Tom", None),
        ("what did they tell Ada", None),
        ("what did will say", None),
        ("what may think of it", None),
        ('who quoted "Ada said so"', None),
        ("tomorrow said", None),
    ],
)
def test_who_is_said_to_speak(query: str, speaker: str | None) -> None:
    found = read(query).speaker
    assert (found.value if found else None) == speaker
    assert found is None or not found.explicit


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("in a podcast about bees", "audio"),
        ("podcast about bees", "audio"),
        ("which book was about bees", "book"),
        ("a book about bees that I read in spring", "book"),
        ("what is in my notes about the garden", "note"),
        ("an email from Ada about the invoice", "mail"),
        ("the film Inception", "video"),
        ("the old documentary on whales", "video"),
        ("what did Ben say in the meeting yesterday", "audio"),
        ("yesterday's call with Ben", "audio"),
        ("what does the article say", "web"),
        ("the meeting notes", "note"),
        ("kind:mail invoice", "mail"),
        # Named, but no source:
        ("book a table for two", None),
        ("the book club", None),
        ("the film industry", None),
        ("note that the door is open", None),
        ("call Tom", None),
        ("we talk about bees", None),
        ("he will post it", None),
        ("post office", None),
        ("paper towels", None),
    ],
)
def test_which_source_is_said(query: str, kind: str | None) -> None:
    found = read(query).kinds
    assert (found.value[0] if found else None) == kind


def test_sources_are_kinds_of_documents() -> None:
    assert {kind for kinds in SOURCES.values() for kind in kinds} <= set(KINDS)


def test_quoted_words_are_phrases_and_nothing_else() -> None:
    found = read('who said "see you last week in a podcast" and “never again”')
    assert found.phrases == ("see you last week in a podcast", "never again")
    assert not any((found.time, found.kinds, found.speaker))
    assert found.text == found.query


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ('"exact words"', "quote"),
        ('who said "the only constant is change"', "quote"),
        ("what did Ada say?", "question"),
        ("where is the key", "question"),
        ('what is the "long now" that everybody kept talking about', "question"),
        ("tell me about the boat", "question"),
        ("in which podcast was it", "question"),
        ("the boat, is it sold?", "question"),
        ("Delmonico", "name"),
        ("ada lovelace", "name"),
        ("New York Times", "name"),
        ("the guy who repaired the boat", "description"),
        ("bees and honey", "description"),
        ("", "description"),
    ],
)
def test_the_shape_of_a_query(query: str, shape: str) -> None:
    assert read(query).shape == shape


def test_a_query_that_is_only_a_time_leaves_no_text_without_it() -> None:
    found = read("last Tuesday")
    assert (found.text, found.timeless) == ("last Tuesday", "")


def test_now_must_say_where_it_is() -> None:
    with pytest.raises(ValueError, match="aware"):
        understand("since:2026", NOW.replace(tzinfo=None))

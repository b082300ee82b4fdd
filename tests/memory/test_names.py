from __future__ import annotations

from datetime import UTC, datetime, timedelta

from memex.names import HALF_LIFE, MOST, Mentions, likely, names_in

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_names_are_the_words_with_capitals_within_sentences() -> None:
    texts = ["Yesterday we met Priya Okonkwo in Leipzig. Priya's train was late.", "I saw Leipzig."]
    assert names_in(texts) == {"Priya Okonkwo": 1, "Leipzig": 2}


def test_a_word_that_is_also_written_small_is_none() -> None:
    texts = ["He said Garden twice, and Zamora once.", "a garden"]
    assert names_in(texts) == {"Zamora": 1}


def test_beginnings_shouting_and_the_calendar_are_none() -> None:
    assert not names_in(["Tomorrow, on Monday, I'm in a HURRY. Surely! “Yes,” and I’ll go, OK."])


def test_the_one_whose_it_is_counts() -> None:
    assert names_in(["We took Schumacher's car and Schumacher’s dog."]) == {"Schumacher": 1}


def test_a_headline_is_no_name() -> None:
    assert not names_in(["The Seven Greatest Secrets Of Baking Better Bread"])


def test_a_particle_is_part_of_a_name() -> None:
    text = (
        "She read of Nuzhat al Zaman and Vincent van Gogh, then went to the hotel La Perla in Deal."
    )
    assert set(names_in([text])) == {"Nuzhat al Zaman", "Vincent van Gogh", "La Perla", "Deal"}


def test_the_names_that_came_up_often_and_lately_are_likely() -> None:
    def mentions(age: timedelta, *names: str) -> Mentions:
        return Mentions(frozenset(names), NOW - age)

    week = timedelta(days=7)
    some = [
        mentions(2 * HALF_LIFE, "Leipzig"),
        mentions(2 * HALF_LIFE, "Leipzig", "Kyoto"),
        mentions(week, "Priya"),
        mentions(week, "Priya", "Okonkwo"),
    ]
    assert likely(some, NOW) == ["Priya", "Okonkwo", "Leipzig", "Kyoto"]
    assert len(likely([mentions(week, *(f"Name {n}" for n in range(MOST + 5)))], NOW)) == MOST
    assert likely([], NOW) == []

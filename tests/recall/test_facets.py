"""What a search can be narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from memex.commands.search import chips
from memex.protocols import Filters
from memex.recall.facets import facets
from memex.recall.understand import narrowed, understand
from memex.times import Range
from memex.types import Facets
from tests.recall.test_rank import passage

BERLIN = ZoneInfo("Europe/Berlin")


def test_each_value_is_counted_the_most_frequent_first() -> None:
    found = [
        replace(passage("one", "a", "Ada"), kind="audio"),
        passage("two", "b", "Ben, Ada"),
        passage("two", "c"),
        passage("three", "d", "Ada, Voice 3"),
    ]
    counted = facets(found, UTC, {"one": "The Gate", "two": "Walden", "three": "The Gate"})
    assert list(counted.kinds.items()) == [("note", 3), ("audio", 1)]
    assert list(counted.people.items()) == [("Ada", 3), ("Ben", 1), ("Voice 3", 1)]
    assert list(counted.documents.items()) == [("two", 2), ("one", 1), ("three", 1)]
    assert counted.months == {"2026-04": 4}
    assert list(counted.origins.items()) == [("The Gate", 2), ("Walden", 2)]


def test_a_month_is_one_where_the_user_is() -> None:
    at = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    found = [replace(passage("one", "a"), said_at=at), replace(passage("two", "b"), said_at=None)]
    assert facets(found, BERLIN, {}).months == {"2026-04": 1}
    assert facets(found, UTC, {}).months == {"2026-03": 1}


def test_at_the_ends_of_all_times_there_is_no_month() -> None:
    first = datetime.min.replace(tzinfo=UTC)
    last = datetime.max.replace(tzinfo=UTC)
    found = [
        replace(passage("one", "a"), said_at=first),
        replace(passage("two", "b"), said_at=last),
    ]
    west = facets(found, timezone(timedelta(hours=-5)), {})
    assert (west.kinds, west.months) == ({"note": 2}, {"9999-12": 1})
    assert facets(found, timezone(timedelta(hours=5)), {}).months == {"0001-01": 1}


def test_of_nothing_nothing_is_counted() -> None:
    assert facets([], UTC, {}) == Facets()


def shown(**counts: Mapping[str, int]) -> list[str]:
    none: dict[str, Mapping[str, int]] = {"kinds": {}, "people": {}, "months": {}, "origins": {}}
    return list(chips(none | counts))


def test_chips_are_shown_of_what_differs() -> None:
    assert shown(kinds={"audio": 3}, people={"Ada": 2}) == []
    assert shown(kinds={"audio": 3, "note": 1}, people={"Ada": 2}) == [
        "kind:audio 3",
        "kind:note 1",
    ]
    assert list(chips({"people": {"Ada": 2, "Ben": 1}})) == ["from:Ada 2", "from:Ben 1"]
    many = dict.fromkeys("abcdef", 5)
    assert shown(people=many) == ["from:a 5", "from:b 5", "from:c 5"]


@pytest.mark.parametrize(
    "name", ["Ada", "Ada Lovelace", "O'Neill", 'Bill "Bird" Lee', "“Bird” Lee", "آدا", "Zoë-Ann"]
)
def test_a_chip_of_a_person_means_that_person_when_it_is_typed(name: str) -> None:
    chip = shown(people={name: 2, "Ben": 1})[0].removesuffix(" 2")
    query = understand(f"rose {chip}", datetime(2026, 5, 4, 12, 0, tzinfo=UTC))
    assert query.speaker is not None
    assert query.speaker.explicit
    assert query.speaker.value == name
    assert query.text == "rose"


def test_a_chip_of_an_origin_means_that_origin_when_it_is_typed() -> None:
    (chip,) = shown(origins={'The rose walk, or "1912"': 3, "Bread": 1})
    assert chip.endswith(" 3")  # what one hit is of is seen beside it
    query = understand(f"rose {chip.removesuffix(' 3')}", datetime(2026, 5, 4, tzinfo=UTC))
    assert query.origin is not None
    assert (query.origin.value, query.text) == ('The rose walk, or "1912"', "rose")
    assert narrowed(Filters(origin="Bread"), query).origin == query.origin.value


def test_a_name_that_no_quotation_marks_can_hold_has_no_chip() -> None:
    assert shown(people={'"a” b': 2, "Ben": 1}) == ["from:Ben 1"]


@pytest.mark.parametrize(("month", "until"), [("2026-03", (2026, 4)), ("2025-12", (2026, 1))])
def test_a_chip_of_a_month_means_that_month_when_it_is_typed(
    month: str, until: tuple[int, int]
) -> None:
    chip = shown(months={month: 2, "1999-01": 1})[0].removesuffix(" 2")
    query = understand(f"rose {chip}", datetime(2026, 5, 4, 12, 0, tzinfo=BERLIN))
    year, number = map(int, month.split("-"))
    assert query.time is not None
    assert query.time.explicit
    assert query.time.value == Range(
        datetime(year, number, 1, tzinfo=BERLIN), datetime(*until, 1, tzinfo=BERLIN)
    )
    assert query.text == "rose"


def test_a_chip_of_a_kind_means_that_kind_when_it_is_typed() -> None:
    for chip in shown(kinds={"audio": 2, "subtitles": 2, "pdf": 1}):
        query = understand(f"rose {chip.split()[0]}", datetime(2026, 5, 4, tzinfo=UTC))
        assert query.kinds is not None
        assert query.kinds.explicit


def test_what_a_document_calls_its_speaker_is_harmless_in_a_terminal() -> None:
    assert "\x1b" not in shown(people={"\x1b[31mAda": 2, "Ben": 1})[0]

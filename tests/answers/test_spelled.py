from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from memex.answer.spelled import spelled

SAID = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I went there yesterday.", "I went there yesterday [7 May 2023]."),
        ("We met last week, I think.", "We met last week [1 May 2023 to 7 May 2023], I think."),
        ("Last Friday I won.", "Last Friday [5 May 2023] I won."),
        ("Hm?\nAda: Last Friday I won.", "Hm?\nAda: Last Friday [5 May 2023] I won."),
        ("Ada Pal: Yesterday was hot.", "Ada Pal: Yesterday [7 May 2023] was hot."),
        ("We moved last month.", "We moved last month [April 2023]."),
        ("It broke a few weeks ago.", "It broke a few weeks ago [about April 2023]."),
        ("I retired last year.", "I retired last year [in 2022]."),
        ("We married ten years ago.", "We married ten years ago [about 2013]."),
        (
            "Yesterday rain, this morning sun.",
            "Yesterday [7 May 2023] rain, this morning [8 May 2023] sun.",
        ),
        ("It was in 2019, in May.", "It was in 2019, in May."),
        ("Nothing of the kind.", "Nothing of the kind."),
    ],
)
def test_relative_times_are_spelled_out(text: str, told: str) -> None:
    assert spelled(text, SAID, UTC) == told


def test_a_day_is_that_of_the_zone() -> None:
    late = datetime(2023, 5, 7, 22, 30, tzinfo=UTC)
    assert spelled("I saw her yesterday", late, UTC) == "I saw her yesterday [6 May 2023]"
    berlin = ZoneInfo("Europe/Berlin")
    assert spelled("I saw her yesterday", late, berlin) == "I saw her yesterday [7 May 2023]"


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("hours", [-14, 14])
def test_what_was_said_at_an_end_of_time_has_its_words(year: int, hours: int) -> None:
    said = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, tzinfo=UTC)
    text = "I went there yesterday, and last month, and this year."
    told = spelled(text, said, timezone(timedelta(hours=hours)))
    assert re.sub(r" \[[^\]]*\]", "", told) == text


def test_what_was_said_at_no_time_stays() -> None:
    assert spelled("I went there yesterday.", None, UTC) == "I went there yesterday."

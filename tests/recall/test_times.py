"""Times as people say them: what is meant, and what is no time."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memex.times import Range, here, range_of, time_of, times_in

DATA = tomllib.loads((Path(__file__).parent / "times.toml").read_text(encoding="utf-8"))
SETS = ("cases", "held_out", "second", "third", "fourth")
BERLIN = datetime(2026, 11, 25, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))
"""A Wednesday."""


@dataclass(frozen=True, slots=True)
class Case:
    text: str
    now: datetime
    since: str
    until: str

    @property
    def zone(self) -> ZoneInfo:
        assert isinstance(self.now.tzinfo, ZoneInfo)
        return self.now.tzinfo

    def expected(self) -> tuple[datetime | None, datetime | None]:
        return _at(self.since, self.zone), _at(self.until, self.zone)

    def found(self, text: str) -> tuple[datetime | None, datetime | None] | None:
        said = time_of(text, self.now)
        return _in_utc(said.range) if said else None


def _at(written: str, zone: ZoneInfo) -> datetime | None:
    if not written:
        return None
    at = datetime.fromisoformat(written)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _in_utc(found: Range) -> tuple[datetime | None, datetime | None]:
    since, until = (at.astimezone(UTC) if at else None for at in (found.since, found.until))
    return since, until


def _cases(*sets: str) -> Iterator[Case]:
    for moment in DATA["moment"]:
        now = datetime.fromisoformat(moment["now"]).replace(tzinfo=ZoneInfo(moment["zone"]))
        for name in sets:
            for text, since, until in moment.get(name, ()):
                yield Case(text, now, since, until)


def _nothing() -> list[str]:
    return [text for name in SETS for text in DATA["nothing"][name]]


@pytest.mark.parametrize("which", SETS)
def test_what_is_said_of_time_is_the_range_that_is_meant(which: str) -> None:
    cases = list(_cases(which))
    wrong = [case for case in cases if case.found(case.text) != case.expected()]
    assert len(cases) >= 40
    assert len(wrong) <= 0.05 * len(cases), wrong


def test_there_are_enough_cases_in_enough_places() -> None:
    assert len(list(_cases(*SETS))) >= 100
    assert len(_nothing()) >= 40
    assert len({str(case.zone) for case in _cases(*SETS)}) >= 5


def test_small_letters_say_the_same() -> None:
    cases = [case for case in _cases(*SETS) if "q1" not in case.text]
    wrong = [case for case in cases if case.found(case.text.lower()) != case.expected()]
    assert len(wrong) <= 0.05 * len(cases), wrong


@pytest.mark.parametrize("text", _nothing())
def test_what_says_no_time_has_none(text: str) -> None:
    assert times_in(text, BERLIN) == []


TITLES = {"the song yesterday by the beatles", "last week tonight", "saturday night fever"}
"""Only their capitals say that they are no times."""


@pytest.mark.parametrize("text", sorted({text.lower() for text in _nothing()} - TITLES))
def test_nor_has_it_in_small_letters(text: str) -> None:
    assert times_in(text, BERLIN) == []


@pytest.mark.parametrize(
    ("now", "zone", "hours"),
    [
        ("2026-03-08T15:00", "America/New_York", 23),
        ("2026-11-01T15:00", "America/New_York", 25),
        ("2026-03-29T15:00", "Europe/Berlin", 23),
        ("2026-10-25T15:00", "Europe/Berlin", 25),
        ("2026-04-05T15:00", "Pacific/Auckland", 25),
        ("2026-09-27T15:00", "Pacific/Auckland", 23),
        ("2026-03-29T15:00", "Asia/Kolkata", 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(now: str, zone: str, hours: int) -> None:
    said = time_of(
        "what did I do today", datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
    )
    assert said is not None
    since, until = _in_utc(said.range)
    assert since is not None
    assert until is not None
    assert until - since == timedelta(hours=hours)


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    """At 2:30 for the second time, an hour ago it was 2:30 for the first time."""
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    said = time_of("an hour ago", second)
    assert said is not None
    since, until = _in_utc(said.range)
    assert since == datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert until == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def test_the_words_that_say_it_are_told() -> None:
    text = "What did Ada say in May 2023 about bees?"
    said = time_of(text, BERLIN)
    assert said is not None
    assert said.words == "in May 2023"
    assert text[: said.start] + text[said.end :] == "What did Ada say  about bees?"


def test_of_two_times_the_one_that_counts_from_now_is_that_of_the_saying() -> None:
    text = "what did we say of May 2023 last week"
    assert [said.words for said in times_in(text, BERLIN)] == ["of May 2023", "last week"]
    said = time_of(text, BERLIN)
    assert said is not None
    assert said.words == "last week"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what is Ada working on these days", "these days"),
        ("what have you been up to lately", "lately"),
        ("what about last week", "last week"),
        ("who called at about 9 yesterday", "at about 9 yesterday"),
        ("notes from last week", "from last week"),
        ("sometime in March", "sometime in March"),
    ],
)
def test_a_preposition_of_another_word_is_not_one_of_them(text: str, words: str) -> None:
    said = time_of(text, BERLIN)
    assert said is not None
    assert said.words == words


def test_the_event_that_a_time_dates_stays_in_the_text() -> None:
    said = time_of("what did we decide before the trip in May", BERLIN)
    assert said is not None
    assert said.words == "in May"


def test_a_month_that_somebody_is_called_is_one_only_where_it_must_be() -> None:
    assert times_in("photos before June", BERLIN)
    assert not times_in("photos before June", BERLIN, names=["June Carter"])
    assert times_in("photos of June in June", BERLIN, names=["June Carter"])


@pytest.mark.parametrize(
    "text", ["next week", "tomorrow", "in May 2031", "this evening", "by the end of the year"]
)
def test_what_has_not_begun_is_no_time_of_a_memory(text: str) -> None:
    assert times_in(text, BERLIN) == []


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2019", "2019-01-01", "2020-01-01"),
        ("may", "2026-05-01", "2026-06-01"),
        ("last week", "2026-11-16", "2026-11-23"),
        ("2026-05-14", "2026-05-14", "2026-05-15"),
        ("monday", "2026-11-23", "2026-11-24"),
        ("since 2019", "2019-01-01", ""),
        ("2026-05-14T09:40", "2026-05-14T09:25", "2026-05-14T09:55"),
    ],
)
def test_a_time_by_itself_needs_no_preposition(text: str, since: str, until: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    found = range_of(text, BERLIN)
    assert found is not None
    assert _in_utc(found) == (_at(since, zone), _at(until, zone))


@pytest.mark.parametrize("text", ["", "banana", "last week banana", "2026-13-01"])
def test_and_nothing_beside_it(text: str) -> None:
    assert range_of(text, BERLIN) is None


def test_a_range_has_its_beginning_and_not_its_end() -> None:
    said = time_of("yesterday", BERLIN)
    assert said is not None
    assert said.range.since is not None
    assert said.range.until is not None
    assert said.range.since in said.range
    assert said.range.until not in said.range


def test_now_must_say_where_it_is() -> None:
    with pytest.raises(ValueError, match="aware"):
        time_of("yesterday", BERLIN.replace(tzinfo=None))


def test_here_knows_when_the_clocks_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    now = here()
    assert str(now.tzinfo) == "America/New_York"
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_here_is_where_the_user_has_gone_to(monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("America/New_York", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        assert str(here().tzinfo) == zone


def test_a_zone_without_a_name_is_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    assert here().utcoffset() is not None


WORDS = (
    "last this next the a two 3 5th May march Tuesday night morning week weeks month year ago in on"
    " at before after since until between and or to from around early late first half of 9 9:40 pm"
    " 2019 1990s summer Christmas Easter weekend trip today yesterday , ' \" ? Ada 31 30 February"
).split()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=60))
def test_whatever_is_typed_is_read(text: str) -> None:
    """Every range has begun and does not end before it begins; its words are in the text."""
    ends = 0
    for said in times_in(text, BERLIN):
        since, until = _in_utc(said.range)
        assert since is not None or until is not None
        assert since is None or since <= BERLIN
        assert since is None or until is None or since < until
        assert ends <= said.start < said.end <= len(text)
        ends = said.end
    range_of(text, BERLIN)


def test_a_long_text_is_read_soon() -> None:
    """A page that was pasted, and one that would tangle a careless grammar."""
    for text in ("what did we say last week, " * 400, "early " * 3000 + "May", "between " * 3000):
        times_in(text, BERLIN)

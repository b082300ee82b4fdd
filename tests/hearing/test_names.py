from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.names import HALF_LIFE, MOST, Known, likely

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def known(name: str, weight: float = 1.0, age: timedelta = timedelta(0)) -> Known:
    return Known(name, weight, NOW - age)


def test_what_was_met_often_and_lately_comes_first() -> None:
    some = [known("Leipzig", 3, 2 * HALF_LIFE), known("Priya"), known("Okonkwo", 1.9, HALF_LIFE)]
    assert likely(some, NOW) == ("Priya", "Okonkwo", "Leipzig")


def test_few_are_told() -> None:
    assert len(likely([known(f"Name{n}") for n in range(100)], NOW)) == MOST
    assert likely([known("Zbigniew-" * 20), known("Anna", 0.5)], NOW) == ()


def test_each_once_and_none_of_none() -> None:
    assert likely([known("Anna", 2), known("Anna")], NOW) == ("Anna",)
    assert likely([], NOW) == ()

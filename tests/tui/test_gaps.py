"""Gaps in the library."""

from __future__ import annotations

from datetime import datetime

import pytest

import tui.app
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeMemory, FakeReach
from tui.gaps import gaps

SLEPT = {
    "since": "2026-05-04T12:00:00+00:00",
    "until": "2026-05-04T13:30:05+00:00",
    "of": "hearing",
    "reason": "the machine [b]slept",
}
LASTS = {**SLEPT, "since": "2026-05-05T09:00:00+00:00", "until": None, "of": "reading"}


def test_gaps_are_listed_the_latest_first_with_length_and_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 0.1)

    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("Gaps 2")
        await it.press("f4", "f4", "f4", "f4")
        await it.sees("no hearing  the machine [b]slept", "no reading", "and lasts")
        at = [n for n, line in enumerate(it.lines()) if line.startswith(" 2026-")]
        assert "no reading" in it.lines()[at[0]]
        await it.press("down")
        await it.sees("until 2026-05-04", "1:30:05, no hearing:", "slept.")
        it.memory.state = {"gaps": [SLEPT]}
        await it.sees("Gaps 1")
        assert "and lasts" not in it.text()

    drive(steps, reach=FakeReach(FakeMemory(state={"gaps": [SLEPT, LASTS]})))


def test_without_a_gap_that_is_said() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("gaps  none known")
        await it.press("f4", "f4", "f4", "f4")
        await it.sees("No gap is known.")

    drive(steps)


def test_a_gap_that_lasts_grows() -> None:
    gap = gaps({"gaps": [LASTS]})[0]
    assert gap.length(datetime.fromisoformat("2026-05-05T09:00:07+00:00")) == "0:07"
    assert gap.length(datetime.fromisoformat("2026-05-05T10:00:00+00:00")) == "1:00:00"

"""When nothing was to be heard."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.ears.consent import UNASKED
from ingest.ears.hushes import KEPT, MARGIN, Hushes

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hushes.json"


def test_a_hush_covers_what_touches_it(file: Path) -> None:
    hushes = Hushes(file)
    assert not hushes.covers(NOON, NOON + MINUTE)
    hushes.begin(NOON)
    hushes.end(NOON + 10 * MINUTE)
    hushes.begin(NOON + 20 * MINUTE)
    hushes.end(NOON + 30 * MINUTE)
    for began, covered in ((-5, False), (0, True), (5, True), (15, False), (25, True), (35, False)):
        at = NOON + began * MINUTE
        assert hushes.covers(at, at + MINUTE) is covered
    assert hushes.covers(NOON - MINUTE, NOON - MARGIN / 2)
    assert hushes.covers(NOON - MINUTE, NOON + 60 * MINUTE)


def test_one_that_lasts_goes_on_over_a_restart(file: Path) -> None:
    Hushes(file).begin(NOON)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = Hushes(file)
    assert again.covers(NOON + 1000 * MINUTE, NOON + 1001 * MINUTE)
    again.begin(NOON + 2000 * MINUTE)
    again.end(NOON + 3000 * MINUTE)
    assert Hushes(file).covers(NOON + 1000 * MINUTE, NOON + 1001 * MINUTE)
    assert not Hushes(file).covers(NOON + 4000 * MINUTE, NOON + 4001 * MINUTE)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hushes": [{"since": "x"}]}'])
def test_a_file_that_says_nothing_is_a_hush_up_to_now(file: Path, text: str) -> None:
    file.write_text(text)
    hushes = Hushes(file)
    assert hushes.covers(NOON, NOON)
    assert hushes.covers(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))
    later = datetime.now(UTC) + MINUTE
    assert not hushes.covers(later, later)


def test_only_the_users_will_is_a_hush(file: Path) -> None:
    hushes, now = Hushes(file), datetime.now(UTC)
    hushes.note("there is no room left on the disk")
    hushes.note(None)
    assert not hushes.covers(now, now)
    for reason in ("private", "paused", UNASKED):
        hushes.note(reason)
        assert Hushes(file).covers(datetime.now(UTC) + MINUTE, datetime.now(UTC) + MINUTE)
        hushes.note(None)
        assert not Hushes(file).covers(datetime.now(UTC) + MINUTE, datetime.now(UTC) + MINUTE)


def test_what_the_disk_refuses_holds_nevertheless_and_is_written_later(tmp_path: Path) -> None:
    folder = tmp_path / "not there"
    hushes = Hushes(folder / "hushes.json")
    hushes.note("private")
    now = datetime.now(UTC)
    assert hushes.covers(now, now)
    folder.mkdir()
    hushes.note("private")
    assert Hushes(folder / "hushes.json").covers(now, now)


def test_the_latest_are_kept(file: Path) -> None:
    hushes = Hushes(file)
    for number in range(KEPT + 5):
        hushes.begin(NOON + 2 * number * MINUTE)
        hushes.end(NOON + (2 * number + 1) * MINUTE)
    assert len(Hushes(file)._hushes) == KEPT

"""When nothing could be heard or read, and why."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex.errors import StorageError
from memex.gaps import ASLEEP, EARS, KEPT, KILLED, LATE, STOPPED, Gaps


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gaps.json"


class Clock:
    """The clock that nobody sets, put forward by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self, _: int) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("memex.gaps.time.clock_gettime", made)
    return made


def age(file: Path, seconds: float) -> None:
    """Let the last sign of life have been so long ago."""
    at = time.time() - seconds
    os.utime(file, (at, at))


def reasons(file: Path, *, running: bool = True) -> list[str]:
    return [gap.reason for gap in Gaps(file).told(running=running)]


def test_before_the_first_start_there_is_no_gap(file: Path) -> None:
    assert Gaps(file).told(running=False) == []
    assert not file.exists()
    Gaps(file).look("")
    assert Gaps(file).told(running=True) == []
    assert file.stat().st_mode & 0o777 == 0o600


def test_killed_is_a_gap_from_the_last_sign_of_life_on(file: Path) -> None:
    Gaps(file).look("")
    age(file, 3600)
    (open_,) = Gaps(file).told(running=False)
    assert (open_.reason, open_.until) == (KILLED, None)
    assert abs(datetime.now(UTC) - open_.since - timedelta(hours=1)) < timedelta(seconds=5)
    Gaps(file).look("")
    (closed,) = Gaps(file).told(running=True)
    assert closed.since == open_.since
    assert closed.until is not None
    assert datetime.now(UTC) - closed.until < timedelta(seconds=5)


def test_stopped_is_told_as_that(file: Path) -> None:
    gaps = Gaps(file)
    gaps.look("")
    gaps.end()
    age(file, 3600)
    (gap,) = Gaps(file).told(running=False)
    assert (gap.reason, gap.until) == (STOPPED, None)
    assert datetime.now(UTC) - gap.since < timedelta(seconds=5)  # not from the sign before on
    Gaps(file).look("")
    assert Gaps(file).told(running=True)[0].until is not None


def test_killed_while_paused_and_still_paused_are_three(file: Path) -> None:
    Gaps(file).look("paused")
    age(file, 3600)
    assert reasons(file, running=False) == ["paused", KILLED]
    again = Gaps(file)
    again.look("paused")
    assert reasons(file) == ["paused", KILLED, "paused"]
    assert Gaps(file).told(running=True)[-1].until is None
    again.look("")
    assert all(gap.until for gap in Gaps(file).told(running=True))


def test_what_flickers_is_one_gap(file: Path) -> None:
    gaps = Gaps(file)
    for _ in range(5):
        gaps.look("the disk is full")
        gaps.look("")
    assert reasons(file) == ["the disk is full"]


def test_a_machine_that_slept_did_not_listen(file: Path, clock: Clock) -> None:
    gaps = Gaps(file)
    gaps.look("")
    clock.now += LATE + 3600
    gaps.look("")
    (gap,) = gaps.told(running=True)
    assert gap.reason == ASLEEP
    assert gap.until is not None
    assert gap.until - gap.since == timedelta(seconds=LATE + 3600)


def test_signs_of_life_are_given_now_and_then(file: Path, clock: Clock) -> None:
    gaps = Gaps(file)
    gaps.look("")
    age(file, 100)
    before = gaps.seen()
    clock.now += 2
    gaps.look("")
    assert gaps.seen() == before
    clock.now += 10
    gaps.look("")
    seen = gaps.seen()
    assert seen is not None
    assert datetime.now(UTC) - seen < timedelta(seconds=5)


def test_a_clock_that_was_set_back_makes_no_gap_end_before_it_began(file: Path) -> None:
    Gaps(file).look("")
    age(file, -3600)
    Gaps(file).look("")
    (gap,) = Gaps(file).told(running=True)
    assert gap.until is not None
    assert timedelta(0) <= gap.until - gap.since < timedelta(seconds=5)


def test_only_the_latest_are_kept(file: Path) -> None:
    gaps = Gaps(file)
    for number in range(KEPT + 10):
        gaps.look(f"reason {number}")
    assert len(reasons(file)) == KEPT
    assert reasons(file)[-1] == f"reason {KEPT + 9}"


@pytest.mark.parametrize("text", ["", "[]", '{"gaps": [1]}', '{"gaps": [{"since": "x"}]}'])
def test_a_damaged_file_keeps_nobody_from_starting(file: Path, text: str) -> None:
    file.write_text(text)
    Gaps(file).look("")
    assert reasons(file) == [KILLED]


def test_what_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    file = folder / "gaps.json"
    Gaps(file).look("")
    age(file, 3600)
    again = Gaps(file)
    file.with_suffix(".draft").mkdir()  # as a disk that refuses
    with pytest.raises(StorageError, match="cannot be used"):
        again.look("")
    file.with_suffix(".draft").rmdir()
    again.look("")
    assert reasons(file) == [KILLED]


def hearing(file: Path) -> Gaps:
    return Gaps(file, EARS)


def test_each_process_has_its_own_words(file: Path) -> None:
    gaps = hearing(file)
    gaps.look("")
    age(file, 60)
    assert [gap.reason for gap in hearing(file).told(running=False)] == [
        "memex-ears was killed or crashed, or the machine went off"
    ]
    hearing(file).end()
    told = hearing(file).told(running=False)
    assert told[-1].reason == "memex-ears was stopped"


def test_while_nothing_is_due_there_is_no_gap(file: Path, clock: Clock) -> None:
    gaps = hearing(file)
    gaps.look("private", due=False)
    assert gaps.told(running=True) == []
    clock.now += LATE + 3600  # the machine slept
    gaps.look("", due=False)
    gaps.end()
    age(file, 3600)
    assert hearing(file).told(running=False) == []
    hearing(file).look("", due=False)
    assert hearing(file).told(running=True) == []


def test_a_gap_ends_when_nothing_is_due_any_more(file: Path) -> None:
    gaps = hearing(file)
    gaps.look("the microphone is lost: it is gone")
    gaps.look("the microphone is lost: it is gone", due=False)
    (gap,) = gaps.told(running=True)
    assert gap.until is not None
    age(file, 3600)
    assert len(hearing(file).told(running=False)) == 1


def test_killed_while_it_was_due_is_a_gap(file: Path) -> None:
    gaps = hearing(file)
    gaps.look("", due=False)
    gaps.look("")
    age(file, 3600)
    hearing(file).look("", due=False)
    (gap,) = hearing(file).told(running=True)
    assert gap.until is not None
    assert gap.until - gap.since > timedelta(minutes=59)

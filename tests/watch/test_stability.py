from __future__ import annotations

from pathlib import Path

from ingest.watch.scan import Found
from ingest.watch.stability import TOGETHER, Stability


def found(signature: str = "1-1") -> Found:
    return Found("file:///a.txt", Path("/a.txt"), signature)


def test_a_file_is_taken_when_it_was_still_for_long_enough() -> None:
    stability = Stability(5)
    stability.see(found(), 100)
    assert stability.due() == 105
    assert stability.settled(104, lambda _: "1-1") == []
    assert stability.settled(105, lambda _: "1-1") == [found()]
    assert stability.due() is None


def test_one_that_is_still_written_to_waits_again() -> None:
    stability = Stability(5)
    stability.see(found(), 100)
    stability.see(found("2-2"), 103)
    assert stability.settled(105, lambda _: "2-2") == []
    assert stability.settled(108, lambda _: "3-3") == []
    assert stability.settled(113, lambda _: "3-3") == [found("3-3")]


def test_a_scan_in_between_does_not_begin_the_wait_anew() -> None:
    stability = Stability(5)
    stability.see(found(), 100)
    stability.see(found(), 104)
    assert stability.settled(105, lambda _: "1-1") == [found()]


def test_one_that_is_gone_is_watched_no_longer() -> None:
    stability = Stability(5)
    stability.see(found(), 100)
    assert stability.settled(105, lambda _: None) == []
    assert len(stability) == 0


def test_many_are_taken_some_at_a_time_and_each_once() -> None:
    stability = Stability(5)
    many = [Found(f"file:///{n}.txt", Path(f"/{n}.txt"), "1-1") for n in range(2 * TOGETHER + 1)]
    for one in many:
        stability.see(one, 100)
    taken = []
    while stability.due() is not None:
        portion = stability.settled(105, lambda _: "1-1")
        assert 0 < len(portion) <= TOGETHER
        taken += portion
    assert taken == many

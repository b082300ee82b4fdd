from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tui import garbage
from tui.garbage import AT_LEAST, Garbage


@pytest.fixture
def collected() -> Iterator[list[int]]:
    """The generations that are collected from now on, but for the young."""
    seen: list[int] = []

    def note(phase: str, told: dict[str, int]) -> None:
        if phase == "start" and told["generation"]:
            seen.append(told["generation"])

    before = gc.get_threshold()
    gc.callbacks.append(note)
    try:
        yield seen
    finally:
        gc.callbacks.remove(note)
        gc.unfreeze()
        gc.set_threshold(*before)
        gc.enable()


def litter(objects: int) -> None:
    """Cycles that nothing refers to."""
    for _ in range(objects):
        one: list[object] = []
        one.append(one)


def young(times: int) -> None:
    """As if so much had been made since the old were looked at."""
    for _ in range(times):
        gc.collect(1)


def test_nothing_is_collected_while_the_program_starts(collected: list[int]) -> None:
    made = Garbage()
    litter(50_000)
    assert collected == []
    made.settle()
    litter(50_000)
    assert 1 in collected
    assert 2 not in collected


def test_garbage_is_collected_while_nobody_waits(
    collected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Garbage()
    made.settle()
    gc.collect()
    collected.clear()
    made.look()  # there is hardly any
    young(AT_LEAST)
    made.touch()
    made.look()  # somebody waits
    assert 2 not in collected
    monkeypatch.setattr(garbage, "QUIET", 0.0)
    made.look()
    assert collected.count(2) == 1


def test_what_was_there_at_the_start_is_not_looked_at_again(collected: list[int]) -> None:
    made = Garbage()
    there = len(gc.get_objects())
    made.settle()
    assert gc.get_freeze_count() > there // 2
    assert len(gc.get_objects()) < there // 2
    assert collected == []

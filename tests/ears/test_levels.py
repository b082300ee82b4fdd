"""How loud it is, and devices that hear nothing."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.ears.levels import FLOOR, Silence, peak, rms


def test_levels() -> None:
    turns = np.linspace(0, 200 * np.pi, 16_000)
    sine = np.rint(32_767 * np.sin(turns)).astype(np.int16)
    assert rms(sine) == pytest.approx(-3.01, abs=0.05)
    assert peak(sine) == pytest.approx(0, abs=0.01)
    assert rms((sine // 10).astype(np.int16)) == pytest.approx(-23, abs=0.1)
    assert peak(np.array([-32768, 5], np.int16)) == 0
    assert rms(np.zeros(100, np.int16)) == peak(np.zeros(0, np.int16)) == FLOOR


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_muted_device_is_told_from_a_quiet_room() -> None:
    clock = Clock()
    silence = Silence(120, clock)
    muted = Silence(120, clock)
    for second in range(121):
        clock.now = float(second)
        silence.look("desk", -55.0, speech=False)
        muted.look("desk", FLOOR, speech=False)
        if second < 120:
            assert silence.reason == muted.reason == ""
    assert silence.reason == "nobody was heard on desk for 2 minutes"
    assert muted.reason == "nothing but digital silence from desk for 2 minutes: is it muted?"


def test_who_speaks_ends_it() -> None:
    clock = Clock()
    silence = Silence(60, clock)
    clock.now = 90
    silence.look("desk", -60.0, speech=False)
    silence.look("desk", -60.0, speech=False)
    clock.now = 151
    assert silence.reason
    silence.look("desk", -30.0, speech=True)
    assert not silence.reason


@pytest.mark.parametrize(("device", "level"), [("headset", -50.0), ("desk", None)])
def test_another_device_begins_anew(device: str, level: float | None) -> None:
    clock = Clock()
    silence = Silence(60, clock)
    silence.look("desk", -50.0, speech=False)
    clock.now = 61
    assert silence.reason
    silence.look(device, level, speech=False)
    assert not silence.reason

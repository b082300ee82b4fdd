"""From a device to 16 kHz: the ring, the clock, the conversion."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ears.capture.arrivals import Arrivals
from ingest.ears.capture.conversion import Conversion
from ingest.ears.capture.ring import Ring

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16_000


def frames(start: int, count: int) -> NDArray[np.int16]:
    return np.arange(start, start + count, dtype=np.int16).reshape(-1, 1)


@given(st.lists(st.one_of(st.integers(1, 30), st.none()), max_size=60))
def test_every_frame_is_read_in_its_place_or_counted(steps: list[int | None]) -> None:
    """A number is so many frames that come, None is a read."""
    ring, came, heard = Ring(40, 1), 0, 0
    lost = 0
    for step in (*steps, None):
        if step is not None:
            ring.write(frames(came, step))
            came += step
            continue
        for block, missing in ring.read():
            lost += missing
            heard += missing
            assert block[:, 0].tolist() == list(range(heard, heard + len(block)))
            heard += len(block)
    assert heard == came
    assert lost == ring.overflow


def test_two_threads_share_a_ring() -> None:
    ring, total = Ring(1000, 1), 30_000
    done = threading.Event()

    def write() -> None:
        for at in range(0, total, 150):
            ring.write(frames(at, 150))
        done.set()

    threading.Thread(target=write).start()
    heard = 0
    while True:
        last = done.is_set()
        for block, missing in ring.read():
            heard += missing
            assert block[:, 0].tolist() == list(range(heard, heard + len(block)))
            heard += len(block)
        if last:
            break
    assert heard == total


class Device:
    """A device on a clock of its own: 50 ms a block, each up to 80 ms late."""

    def __init__(self, speed: float = 1.0) -> None:
        self.now = self.came = 1000.0
        self.arrivals = Arrivals(RATE, lambda: self.came)
        self._speed = speed
        self._random = np.random.default_rng(7)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.now += 0.05 / self._speed
            self.came = max(self.came, self.now + float(self._random.exponential(0.02)) % 0.08)
            self.arrivals.arrived(RATE // 20)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("speed", [1.0, 1.0005, 0.9995])
def test_nothing_is_missing_from_a_device_whose_clock_is_a_little_wrong(speed: float) -> None:
    device = Device(speed)
    device.run(3600)
    assert device.arrivals.missing == 0
    assert not device.arrivals.wrong_rate()


@pytest.mark.parametrize("seconds", [0.4, 1.0, 2.5])
def test_the_clock_says_what_is_missing(seconds: float) -> None:
    device = Device()
    device.run(20)
    device.sleep(seconds)
    device.run(20)
    assert device.arrivals.missing / RATE == pytest.approx(seconds, abs=0.1)
    assert not device.arrivals.stalled


def test_what_comes_late_is_not_missing() -> None:
    device = Device()
    device.run(20)
    held, device.came = device.came, device.came + 2.0
    device.run(2)
    assert held < device.came
    device.run(20)
    assert device.arrivals.missing == 0


def test_a_device_that_stops_has_stalled() -> None:
    device = Device()
    device.run(5)
    device.sleep(60)
    device.run(5)
    assert device.arrivals.stalled
    assert device.arrivals.quiet() == pytest.approx(65, abs=0.2)


@pytest.mark.parametrize("speed", [0.5, 0.95, 1.05, 1.5, 3.0])
def test_another_rate_than_was_said_is_seen(speed: float) -> None:
    device = Device(speed)
    device.run(60 * speed)
    assert device.arrivals.wrong_rate()


def sine(frequency: float, rate: int, seconds: float = 2.0) -> NDArray[np.float64]:
    return 16_000 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def converted(sound: NDArray[np.float64], rate: int) -> NDArray[np.int16]:
    """Through a conversion in blocks of uneven sizes; shape (n,) or (n, channels)."""
    whole = np.rint(sound.reshape(len(sound), -1)).astype(np.int16)
    conversion = Conversion(rate, whole.shape[1])
    cuts = np.cumsum(np.random.default_rng(3).integers(1, 4000, size=len(whole) // 1000))
    parts = [conversion.take(part) for part in np.split(whole, cuts[cuts < len(whole)])]
    return np.concatenate([*parts, conversion.end()])


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("frequency", [200.0, 1000.0, 3300.0])
def test_a_sine_stays_a_sine(rate: int, frequency: float) -> None:
    heard = converted(sine(frequency, rate), rate)
    assert len(heard) == pytest.approx(2 * RATE, abs=1)
    part = heard[RATE // 2 : -RATE // 2].astype(np.float64)
    turns = 2 * np.pi * frequency * np.arange(len(part)) / RATE
    basis = np.column_stack((np.sin(turns), np.cos(turns)))
    fitted = basis @ np.linalg.lstsq(basis, part, rcond=None)[0]
    noise = part - fitted
    assert 10 * np.log10(fitted.var() / noise.var()) > 60
    assert np.abs(fitted).max() == pytest.approx(16_000, rel=0.01)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("frequency", [9_000.0, 12_000.0, 15_000.0])
def test_what_lies_above_is_not_folded_down(rate: int, frequency: float) -> None:
    heard = converted(sine(frequency, rate), rate)[RATE // 2 : -RATE // 2]
    assert np.abs(heard).max() < 16_000 / 1000


def test_channels_are_mixed() -> None:
    one, other = sine(500, RATE), sine(900, RATE)
    heard = converted(np.column_stack((one, other)), RATE)
    np.testing.assert_allclose(heard, (one + other) / 2, atol=1.01)


def test_channels_that_cancel_each_other_are_not() -> None:
    one = sine(500, RATE)
    heard = converted(np.column_stack((one, -one)), RATE)
    assert np.abs(heard[1000:]).max() == pytest.approx(16_000, rel=0.01)


def test_one_channel_that_is_dead_leaves_the_other() -> None:
    one = sine(500, RATE)
    heard = converted(np.column_stack((np.zeros_like(one), one)), RATE)
    assert np.abs(heard).max() == pytest.approx(8_000, rel=0.01)

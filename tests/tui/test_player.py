"""Playing: from the second on, paused, skipped, faster at the same pitch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from textual.message import Message

import tui.desk
from memex.errors import DamagedFile, MemexError
from memex.playback import RATE
from tests.hearing.making import Samples, encode
from tests.tui.driving import Driver, drive
from tests.tui.fakes import TALK, Doc, FakeMemory, FakeReach, Tape, segment, talk
from tui.findings import Place
from tui.messages import Broke, Played, Stopped
from tui.opening import recording_of
from tui.player import Player
from tui.sound import BLOCK, paced

SECONDS = 32
SAMPLE_RATE = 16_000


def tones() -> Samples:
    """Second n is a tone of 200 + 20 n Hz."""
    times = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    pitch = 200 + 20 * np.floor(times)
    return (0.5 * np.sin(2 * np.pi * pitch * times)).astype(np.float32)


def pitch(samples: Samples) -> float:
    """Hz of what is loudest."""
    loud = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * RATE))
    return float(np.argmax(loud)) / 8


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tones(), tmp_path_factory.mktemp("sound") / "talk.flac", "flac", SAMPLE_RATE)


class Told:
    """What the player tells."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def positions(self) -> list[float]:
        return [each.position for each in self.messages if isinstance(each, Played)]

    @property
    def stops(self) -> list[Stopped]:
        return [each for each in self.messages if isinstance(each, Stopped)]


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def player(tape: Tape, told: Told) -> Iterator[Player]:
    made = Player(told, lambda: tape)
    yield made
    tape.going.set()
    made.stop()


def test_it_plays_from_the_second_to_the_end(
    player: Player, tape: Tape, told: Told, recording: Path
) -> None:
    player.play(recording, 28.0)
    until(lambda: told.stops)
    assert tape.seconds == pytest.approx(SECONDS - 28, abs=0.01)
    assert pitch(np.concatenate(tape.blocks)[: RATE // 2]) == pytest.approx(200 + 20 * 28, abs=1)
    assert told.positions[0] == pytest.approx(28.1, abs=0.02)
    assert told.positions[-1] == pytest.approx(SECONDS, abs=0.02)
    assert all(before < after for before, after in pairwise(told.positions))
    assert told.stops[0].error is None
    assert tape.closed == 1
    assert player.order is None


def test_paused_nothing_is_written_and_it_goes_on_where_it_was(
    player: Player, tape: Tape, told: Told, recording: Path
) -> None:
    tape.going.clear()
    player.play(recording, 4.0)
    player.toggle()
    assert player.paused
    tape.going.set()
    until(lambda: tape.rests)
    written = len(tape.blocks)
    time.sleep(0.1)
    assert len(tape.blocks) == written <= 2
    player.toggle()
    until(lambda: told.stops)
    assert tape.seconds == pytest.approx(SECONDS - 4, abs=0.01)


def test_a_skip_while_paused_stays_paused(
    player: Player, tape: Tape, told: Told, recording: Path
) -> None:
    tape.going.clear()
    player.play(recording, 4.0)
    player.toggle()
    player.seek(30.0)
    tape.going.set()
    time.sleep(0.1)
    assert player.paused
    assert player.position == 30.0
    heard = tape.seconds
    player.toggle()
    until(lambda: told.stops)
    assert tape.seconds - heard == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("speed", [0.75, 1.5, 2.0])
def test_another_speed_has_the_same_pitch(speed: float) -> None:
    times = np.arange(6 * RATE) / RATE
    hum = (0.5 * np.sin(2 * np.pi * 300 * times)).astype(np.float32)
    blocks = (hum[at : at + 10_007] for at in range(0, len(hum), 10_007))
    played = np.concatenate(list(paced(blocks, speed)))
    assert len(played) / RATE == pytest.approx(6 / speed, rel=0.03)
    assert pitch(played[RATE : 2 * RATE]) == pytest.approx(300, abs=3)


def test_faster_goes_on_where_it_was_and_tells_the_recordings_seconds(
    player: Player, tape: Tape, told: Told, recording: Path
) -> None:
    tape.going.clear()
    player.play(recording, 10.0)
    speeds = [player.faster(1) for _ in range(6)]
    assert speeds == [1.25, 1.5, 1.75, 2.0, 2.0, 2.0]
    tape.going.set()
    until(lambda: told.stops)
    assert tape.seconds == pytest.approx((SECONDS - 10) / 2, abs=0.7)
    assert told.positions[-1] == pytest.approx(SECONDS, abs=0.7)


def test_what_cannot_be_played_is_told(player: Player, told: Told, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp3"
    broken.write_text("no sound")
    player.play(broken, 0.0)
    until(lambda: told.stops)
    assert isinstance(told.stops[0].error, DamagedFile)
    assert player.order is None


def test_no_loudspeaker_is_told_and_the_next_try_may_work(told: Told, recording: Path) -> None:
    tape = Tape()
    found: list[Tape] = []

    def speaker() -> Tape:
        if not found:
            found.append(tape)
            raise MemexError("No loudspeaker can be used.", "Plug one in.")
        return tape

    player = Player(told, speaker)
    player.play(recording, 30.0)
    until(lambda: told.stops)
    assert told.stops[0].error
    player.play(recording, 30.0)
    until(lambda: len(told.stops) == 2)
    assert tape.seconds == pytest.approx(2.0, abs=0.01)


# On the screen.


def heard(recording: Path) -> FakeReach:
    doc = Doc("A desk that remembers", "audio", talk(TALK), uri=recording.as_uri())
    return FakeReach(FakeMemory({"talk": doc}))


class Slow(Tape):
    """A loudspeaker that takes its time."""

    def write(self, block: Samples) -> None:
        super().write(block)
        time.sleep(BLOCK / RATE)


def test_enter_plays_and_the_word_that_is_heard_is_shown(recording: Path) -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("2 hits")
        await it.press("enter", "enter")
        await it.sees("▶ 0:1", "/ 0:31", "1×")
        await it.sees("▶    0:12 He called it hypertext in 1965.")
        await it.sees("▶    0:16 Ada  Writing that branches, he said.")  # it is followed
        await it.press("space")
        await it.sees("⏸ 0:1")
        await it.press("right")
        await it.sees("⏸ 0:20", "▶    0:20 No sheet of paper")
        await it.press("left", "left")
        await it.sees("⏸ 0:12")
        await it.press("right_square_bracket")
        await it.sees("1.25×")
        await it.press("space")
        await it.sees("▶ 0:1")
        await it.press("s")
        await it.until(lambda: "1.25×" not in it.text())
        assert it.memory.searches[-1] == ("hypertext", True)

    drive(steps, reach=heard(recording), tape=Slow(), size=(140, 45))


def test_what_was_played_is_the_moment_that_was_found(recording: Path) -> None:
    async def steps(it: Driver) -> None:
        await it.type("branches")
        await it.sees("1 hit ·")
        await it.press("enter", "enter")
        await it.until(lambda: it.tape.seconds > 2)
        begin = np.concatenate(it.tape.blocks)[RATE // 2 : RATE]
        assert pitch(begin) == pytest.approx(200 + 20 * 16, abs=1)

    drive(steps, reach=heard(recording))


def test_a_recording_that_is_gone_is_read_and_said(tmp_path: Path) -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("2 hits")
        await it.press("enter", "enter")
        await it.sees("gone.opus is no longer there.", "What was said stays.")
        assert it.main.focused is it.main.desk.reader

    drive(steps, reach=heard(tmp_path / "gone.opus"), size=(140, 45))


def test_the_program_ends_while_it_plays(recording: Path) -> None:
    """The player's thread holds nothing up."""

    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("2 hits")
        await it.press("enter", "enter")
        await it.sees("▶ 0:1")

    began = time.monotonic()
    drive(steps, reach=heard(recording), tape=Slow())
    assert time.monotonic() - began < 15
    assert threading.main_thread().is_alive()


class Lingering(Tape):
    """A loudspeaker that takes its time to be still."""

    def __init__(self) -> None:
        super().__init__()
        self.stilled = threading.Event()

    def rest(self) -> None:
        super().rest()
        assert self.stilled.wait(20)


def test_keys_do_not_wait_for_the_loudspeaker(told: Told, recording: Path) -> None:
    tape = Lingering()
    player = Player(told, lambda: tape)
    player.play(recording, 4.0)
    player.toggle()
    until(lambda: tape.rests)
    key = threading.Thread(target=player.toggle, daemon=True)
    key.start()
    key.join(5)
    waits = key.is_alive()
    tape.stilled.set()
    player.stop()
    assert not waits


def test_a_fault_of_ours_is_told_and_does_not_stop_the_player(told: Told, recording: Path) -> None:
    tape = Tape()
    faults: list[Exception] = [ZeroDivisionError("ours")]

    def speaker() -> Tape:
        if faults:
            raise faults.pop()
        return tape

    player = Player(told, speaker)
    player.play(recording, 30.0)
    until(lambda: any(isinstance(each, Broke) for each in told.messages))
    assert player.order is None
    player.play(recording, 30.0)
    until(lambda: len(told.stops) == 2)
    assert tape.seconds == pytest.approx(2.0, abs=0.01)


def two(recording: Path) -> FakeReach:
    """Two talks, of which one can be heard."""
    others = [segment("Hypertext is old.", start=2.0, end=9.0, speaker="Cy")]
    held = {
        "talk": Doc("A desk that remembers", "audio", talk(TALK), uri=recording.as_uri()),
        "other": Doc("Another talk", "audio", others),
    }
    return FakeReach(FakeMemory(held))


def test_arrows_skip_in_what_is_heard_whatever_is_looked_at(recording: Path) -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits")
        it.tape.going.clear()
        await it.press("enter", "enter")
        await it.sees("▶ 0:11")
        await it.press("down", "down")
        await it.sees("Hypertext is old.", "Another talk")
        await it.until(lambda: it.main.desk.place and it.main.desk.place.document == "other")
        await it.press("right")
        await it.sees("▶ 0:21")
        await it.press("left")
        await it.sees("▶ 0:11")
        it.tape.going.set()

    drive(steps, reach=two(recording), size=(140, 45))


def test_the_length_is_that_of_what_is_heard(recording: Path) -> None:
    async def steps(it: Driver) -> None:
        desk = it.main.desk
        it.tape.going.clear()
        await it.type("branches")
        await it.sees("1 hit ·", "Writing that branches")
        await it.press("enter", "enter")
        await it.sees("/ 0:31")
        short = Place(1, "other", "Another talk", "audio", recording.as_uri(), "", start=2.0)
        desk.show(short)
        desk.play(short)  # before its text came
        await it.sees("/ 0:09")
        it.tape.going.set()

    drive(steps, reach=two(recording), size=(140, 45))


def test_the_desk_is_cleared_once_nothing_is_heard_or_looked_at(recording: Path) -> None:
    async def steps(it: Driver) -> None:
        it.tape.going.clear()
        await it.type("hypertext")
        await it.sees("2 hits")
        await it.press("enter", "enter")
        await it.sees("▶ 0:11")
        await it.press("slash", "ctrl+u")
        await it.sees("Type what you remember of it.", "▶ 0:11")
        it.tape.going.set()
        await it.until(lambda: not it.main.desk.playing)
        await it.until(lambda: not it.main.desk.display)

    drive(steps, reach=heard(recording))


def test_keys_are_taken_while_a_disk_wakes_up(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    awake = threading.Event()

    def slowly(place: Place) -> Path:
        assert awake.wait(20)
        return recording_of(place)

    monkeypatch.setattr(tui.desk, "recording_of", slowly)

    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("2 hits")
        await it.press("enter", "enter", "slash")
        await it.type("x")
        await it.sees("❯ hypertextx")
        awake.set()
        await it.sees("▶ 0:1")

    drive(steps, reach=heard(recording), tape=Slow())

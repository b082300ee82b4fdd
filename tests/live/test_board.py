"""The board of live events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memex import live
from memex.errors import DaemonUnavailable, InvalidRequest, MemexError
from memex.live import (
    FOLLOWERS,
    Caption,
    LiveBoard,
    LiveEvent,
    State,
    event_from_json,
    event_to_json,
)

AT = "2026-05-04T10:30:00+02:00"
DESK = State("microphone", "desk", "listening", AT, level=-31.5, recording="r")
HELLO = Caption("r", 0, "microphone", "desk", AT, open="hello")
OVER = replace(HELLO, settled="hello there", open="", final=True)


def taken(following: Iterator[LiveEvent | None]) -> list[LiveEvent]:
    """What comes before nothing does."""
    return list(iter(lambda: next(following), None))


def test_whoever_comes_sees_how_it_is_and_then_what_happens() -> None:
    board = LiveBoard()
    board.post(DESK, HELLO)
    board.post(replace(DESK, level=-20.0), OVER, replace(HELLO, utterance=1))
    following = board.follow(idle=0.01)
    assert taken(following) == [replace(DESK, level=-20.0), replace(HELLO, utterance=1)]
    assert board.post(replace(HELLO, utterance=1, settled="hello")) == 1
    assert taken(following) == [replace(HELLO, utterance=1, settled="hello")]


def test_devices_of_a_memex_ears_that_is_gone_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY", 0.0)
    ears: list[int | None] = [7]
    board = LiveBoard(lambda: ears[0])
    lamp = replace(DESK, device="lamp", state="off", reason="not asked to listen")
    board.post(DESK, lamp, HELLO)
    following = board.follow(idle=0.01)
    assert taken(following) == [DESK, lamp, HELLO]
    ears[0] = None
    (gone,) = taken(following)
    expected = replace(DESK, state="off", reason=live.GONE, level=None, recording=None)
    assert gone == replace(expected, at=gone.at)
    assert set(taken(board.follow(idle=0.01))) == {gone, lamp, HELLO}
    ears[0] = 8
    again = replace(DESK, level=-20.0)
    board.post(again)
    assert taken(following) == [again]
    board.post(replace(lamp, state="listening"))
    ears[0] = 9  # another one, that knows the desk alone
    board.post(DESK)
    came = [event for event in taken(following) if isinstance(event, State)]
    assert [state.state for state in came] == ["listening", "off"]


def test_the_last_of_an_utterance_does_not_take_the_next_one_away() -> None:
    board = LiveBoard()
    after = replace(HELLO, utterance=1)
    board.post(HELLO, after, OVER)
    assert taken(board.follow(idle=0.01)) == [after]


def test_a_slow_follower_loses_old_captions_and_no_last_one() -> None:
    board = LiveBoard()
    following = board.follow(idle=0.01)
    assert taken(following) == []
    for number in range(2_000):
        board.post(
            replace(DESK, level=-float(number)),
            replace(HELLO, utterance=number),
            replace(HELLO, utterance=number, open="hello th"),
            replace(OVER, utterance=number),
        )
    came = taken(following)
    captions = [event for event in came if isinstance(event, Caption)]
    assert captions == [replace(OVER, utterance=number) for number in range(2_000)]
    assert [event for event in came if isinstance(event, State)] == [replace(DESK, level=-1999.0)]


def test_who_does_not_follow_any_more_is_not_counted() -> None:
    board = LiveBoard()
    assert board.post() == 0
    following = board.follow(idle=0.01)
    next(following)
    assert board.post() == 1
    following.close()  # type: ignore[attr-defined]
    assert board.post(HELLO) == 0


def test_followers_are_bounded_and_end_with_the_daemon() -> None:
    board = LiveBoard()
    many = [board.follow(idle=0.01) for _ in range(FOLLOWERS)]
    for following in many:
        next(following)
    with pytest.raises(MemexError):
        next(board.follow())
    board.close()
    with pytest.raises(DaemonUnavailable):
        next(many[0])


def test_a_follower_wakes_when_something_is_said() -> None:
    board = LiveBoard()
    following = board.follow(idle=60.0)
    threading.Timer(0.1, lambda: board.post(HELLO)).start()
    assert next(following) == HELLO


STATES = st.builds(
    State,
    source=st.text(max_size=200),
    device=st.text(max_size=200),
    state=st.sampled_from(["listening", "paused", "private", "silent", "lost", "off"]),
    at=st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    reason=st.text(max_size=200),
    level=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    recording=st.none() | st.text(max_size=200),
)


@given(STATES)
def test_an_event_comes_through_as_it_is(state: State) -> None:
    assert event_from_json(event_to_json(state)) == state
    assert event_from_json(event_to_json(OVER)) == OVER


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "rumour"},
        {"device": 7},
        {"device": "d" * 201},
        {"state": "curious"},
        {"at": "yesterday"},
        {"at": "2026-05-04T10:30:00"},
        {"level": "loud"},
        {"level": True},
        {"recording": ["r"]},
    ],
)
def test_what_is_no_event_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        event_from_json(event_to_json(DESK) | change)


def test_a_caption_is_bounded_and_digital_silence_has_no_level() -> None:
    with pytest.raises(InvalidRequest):
        event_from_json(event_to_json(HELLO) | {"open": "o" * 5_001})
    with pytest.raises(InvalidRequest):
        event_from_json({"kind": "caption"})
    quiet = event_from_json(event_to_json(DESK) | {"level": float("-inf")})
    assert quiet == replace(DESK, level=None)

"""Live events over memexd's own socket."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memex.daemons import start, stop
from memex.errors import DaemonUnavailable, InvalidRequest
from memex.live import Caption, State, event_to_json
from memex.wire import Json
from tests.home import Home, home
from tests.live.feeding import until

AT = "2026-05-04T10:30:00+02:00"
DESK = event_to_json(State("microphone", "desk", "listening", AT, level=-31.5))
HELLO = Caption("r", 0, "microphone", "desk", AT, open="hello")
OVER = event_to_json(replace(HELLO, settled="hello there", open="", final=True))


@pytest.fixture
def memex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        monkeypatch.setenv("MEMEX_HOME", str(made.path))
        start(made.paths, "memexd")
        yield made


class Follower:
    """Somebody who looks, in a thread."""

    def __init__(self, memex: Home) -> None:
        self.seen: list[Json] = []
        self.ended = ""
        self._client = memex.client
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for event in self._client.follow_live():
                self.seen.append(event)
        except DaemonUnavailable as error:
            self.ended = str(error)

    def has(self, event: Json) -> bool:
        return event in self.seen


def test_what_is_said_comes_to_those_who_follow(memex: Home) -> None:
    assert memex.client.say_live([DESK]) == 0
    one, other = Follower(memex), Follower(memex)
    until(lambda: one.has(DESK) and other.has(DESK))
    assert memex.client.say_live([]) == 2
    memex.client.say_live([event_to_json(HELLO), OVER])
    until(lambda: one.has(OVER) and other.has(OVER))
    until(lambda: one.has({}))  # a sign of life while nothing is said


def test_who_goes_away_is_not_talked_to_any_more(memex: Home) -> None:
    following = memex.client.follow_live()
    assert next(following) == {}
    assert memex.client.say_live([]) == 1
    following.close()  # type: ignore[attr-defined]
    until(lambda: memex.client.say_live([]) == 0)


def test_following_ends_when_memexd_is_stopped_and_when_it_is_killed(memex: Home) -> None:
    first = Follower(memex)
    until(lambda: memex.client.say_live([DESK]) == 1)
    began = time.monotonic()
    stop(memex.paths, "memexd")
    until(lambda: first.ended)
    assert "shutting down" in first.ended
    assert time.monotonic() - began < 30
    start(memex.paths, "memexd")
    second = Follower(memex)
    until(lambda: memex.client.say_live([]) == 1)
    os.kill(memex.pid("memexd"), signal.SIGKILL)
    until(lambda: second.ended)


def test_what_is_no_event_is_refused_and_nothing_of_it_is_told(memex: Home) -> None:
    follower = Follower(memex)
    until(lambda: memex.client.say_live([]) == 1)
    with pytest.raises(InvalidRequest):
        memex.client.say_live([DESK, {"kind": "caption", "open": "no more than this"}])
    with pytest.raises(InvalidRequest):
        memex.client.say_live([DESK] * 1_001)
    memex.client.say_live([OVER])
    until(lambda: follower.has(OVER))
    assert not follower.has(DESK)

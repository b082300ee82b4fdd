from __future__ import annotations

import threading

import pytest

from memex.errors import DaemonUnavailable
from memex.progress import Board, Event


def test_following_ends_with_the_last_item() -> None:
    board = Board()
    board.post(Event("a", "/a", "working"))
    board.post(Event("a", "/a", "remembered"))
    board.post(Event("b", "/b", "failed", message="why"))
    assert [(e.item, e.state) for e in board.follow(["a", "b"]) if e] == [
        ("a", "remembered"),
        ("b", "failed"),
    ]


def test_what_was_said_before_is_no_news() -> None:
    board = Board()
    board.post(Event("a", "/a", "remembered"))
    following = board.follow(["a"], board.clock, idle=0.01)
    assert next(following) is None
    board.post(Event("a", "/a", "known"))
    assert [event.state for event in following if event] == ["known"]


def test_a_folder_is_followed_into_its_files() -> None:
    board = Board()
    board.post(Event("dir", "/d", "folder", children=("x", "y")))
    following = board.follow(["dir"], idle=0.01)
    first = next(following)
    assert first is not None
    assert first.item == "dir"
    board.post(Event("x", "/d/x", "remembered"))
    board.post(Event("y", "/d/y", "remembered"))
    assert {event.item for event in following if event} == {"x", "y"}


def test_closing_wakes_the_followers() -> None:
    board = Board()
    ended = threading.Event()

    def follow() -> None:
        with pytest.raises(DaemonUnavailable):
            list(board.follow(["a"], idle=60))
        ended.set()

    threading.Thread(target=follow, daemon=True).start()
    board.close()
    assert ended.wait(5)

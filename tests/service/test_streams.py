"""Streams of the daemon: all items, in their order, and how they end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator

import pytest

from memex.api import streams
from memex.errors import NotFound
from memex.wire import END, Json


def many() -> Iterator[Json]:
    yield from ({"n": n} for n in range(1_000))


def failing() -> Iterator[Json]:
    yield {"n": 0}
    raise NotFound("It is gone.", "Look elsewhere.")


def lines(parts: streams.Parts) -> list[Json]:
    """What a client gets."""

    async def read() -> str:
        response = streams.stream(parts)
        return "".join([str(piece) async for piece in response.body_iterator])

    return [json.loads(line) for line in asyncio.run(read()).splitlines()]


Run = Callable[[Callable[[], Iterator[Json]]], streams.Parts]


@pytest.mark.parametrize("run", [streams.safely, streams.to_the_end])
def test_all_items_come_in_their_order_and_then_the_end(run: Run) -> None:
    assert lines(run(many)) == [*many(), END]


@pytest.mark.parametrize("run", [streams.safely, streams.to_the_end])
def test_an_error_is_the_last_item(run: Run) -> None:
    first, error, end = lines(run(failing))
    assert first == {"n": 0}
    assert (error["type"], error["message"]) == ("error", "It is gone.")
    assert end == END


def test_what_nobody_listens_to_any_more_is_done_to_the_end() -> None:
    heard, done = threading.Event(), threading.Event()

    def run() -> Iterator[Json]:
        yield {"n": 0}
        heard.wait()
        yield {"n": 1}
        done.set()

    parts = streams.to_the_end(run)
    assert next(parts) == [{"n": 0}]
    parts.close()
    heard.set()
    assert done.wait(60)

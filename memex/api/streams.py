"""What the rooms share: reading a request, answering in a stream."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from memex.errors import InvalidRequest, MemexError
from memex.wire import END, Json, error_to_json

_log = logging.getLogger(__name__)


async def body(request: Request) -> Json:
    """The request's JSON object. Raises `InvalidRequest`."""
    try:
        fields = await request.json()
    except ValueError as error:
        raise InvalidRequest(f"The request is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise InvalidRequest("The request is not a JSON object.")
    return fields


def text(fields: Json, name: str) -> str:
    """A field that must be a text. Raises `InvalidRequest`."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(f"The request needs {name!r}, a text.")
    return value


def ms(began: float) -> float:
    """Milliseconds since a reading of `time.perf_counter`."""
    return round((time.perf_counter() - began) * 1000, 3)


def safely(run: Callable[[], Iterator[Json]]) -> Generator[Json, None, None]:
    """A stream whose errors are its last item."""
    try:
        yield from run()
    except MemexError as error:
        yield {"type": "error", **error_to_json(error)}
    except Exception:  # noqa: BLE001 (logged whole, and told to the client)
        _log.exception("a stream broke off")
        message = "The daemon failed; its log has the details."
        yield {"type": "error", **error_to_json(MemexError(message, "See `memex doctor`."))}


def to_the_end(run: Callable[[], Iterator[Json]]) -> Generator[Json, None, None]:
    """Run in a thread of its own; stream what it yields as long as somebody listens."""
    items: queue.SimpleQueue[Json | None] = queue.SimpleQueue()

    def work() -> None:
        for item in safely(run):
            items.put(item)
        items.put(None)

    threading.Thread(target=work, name="operation").start()
    yield from iter(items.get, None)


def stream(items: Generator[Json, None, None]) -> StreamingResponse:
    """JSON lines; the last says that it is the last, so that a daemon's death is seen."""
    return StreamingResponse(_lines(items), media_type="application/x-ndjson")


async def _lines(items: Generator[Json, None, None]) -> AsyncIterator[str]:
    """The items as lines. When the client goes away they are closed at once: a
    model that nobody listens to any more stops, and is free for the next question.
    """
    try:
        while (item := await run_in_threadpool(next, items, None)) is not None:
            yield f"{json.dumps(item)}\n"
        yield f"{json.dumps(END)}\n"
    finally:
        items.close()

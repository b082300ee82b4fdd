"""What the rooms share: reading a request, answering in a stream."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from threading import Event

from anyio import CancelScope, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from memex.errors import InvalidRequest, MemexError, error_to_json
from memex.wire import END, Json

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


def stream(items: Generator[Json, None, None], cancelled: Event | None = None) -> StreamingResponse:
    """JSON lines; the last says that it is the last, so that a daemon's death is seen.

    When the client goes away, `cancelled` is set and the items are closed: a model that nobody
    listens to any more stops, and is free for the next question.
    """
    lines = _lines(items, cancelled or Event())
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def _lines(items: Generator[Json, None, None], cancelled: Event) -> AsyncIterator[str]:
    advancing = threading.Lock()

    def advance() -> Json | None:
        with advancing:
            return None if cancelled.is_set() else next(items, None)

    def close() -> None:
        with advancing:  # by now or soon: what works on an item heeds `cancelled`
            items.close()

    try:
        # the item that is under way is not waited for when the client goes away
        while (item := await to_thread.run_sync(advance, abandon_on_cancel=True)) is not None:
            yield f"{json.dumps(item)}\n"
        yield f"{json.dumps(END)}\n"
    finally:
        cancelled.set()
        with CancelScope(shield=True):
            await run_in_threadpool(close)

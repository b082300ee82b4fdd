"""What the rooms share: reading a request, answering in a stream."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from threading import Event

from anyio import CancelScope, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from memex.errors import InvalidRequest, MemexError, error_to_json
from memex.wire import END, Json

_log = logging.getLogger(__name__)


async def body(request: Request) -> Json:
    """The request's JSON object. Raises `InvalidRequest`.

    It is read in another thread: hundreds of documents take long enough to hold a search up.
    """
    try:
        fields = await run_in_threadpool(json.loads, await request.body())
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


Parts = Generator[Sequence[Json], None, None]
"""A stream: what there is of it at a time."""


def safely(run: Callable[[], Iterator[Json]]) -> Parts:
    """A stream whose errors are its last item."""
    try:
        for item in run():
            yield [item]
    except MemexError as error:
        yield [{"type": "error", **error_to_json(error)}]
    except Exception:  # noqa: BLE001 (logged whole, and told to the client)
        _log.exception("a stream broke off")
        message = "The daemon failed; its log has the details."
        yield [{"type": "error", **error_to_json(MemexError(message, "See `memex doctor`."))}]


def to_the_end(run: Callable[[], Iterator[Json]]) -> Parts:
    """Run in a thread of its own; stream what it yields as long as somebody listens, all at
    once that has come up meanwhile.
    """
    news: queue.SimpleQueue[Sequence[Json] | None] = queue.SimpleQueue()

    def work() -> None:
        for items in safely(run):
            news.put(items)
        news.put(None)

    threading.Thread(target=work, name="operation").start()
    while (items := news.get()) is not None:
        part = list(items)
        while not news.empty() and (items := news.get()) is not None:
            part += items
        yield part
        if items is None:
            return


def stream(parts: Parts, cancelled: Event | None = None) -> StreamingResponse:
    """JSON lines; the last says that it is the last, so that a daemon's death is seen.

    When the client goes away, `cancelled` is set and the parts are closed: a model that nobody
    listens to any more stops, and is free for the next question.
    """
    lines = _lines(parts, cancelled or Event())
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def _lines(parts: Parts, cancelled: Event) -> AsyncIterator[str]:
    advancing = threading.Lock()

    def advance() -> Sequence[Json] | None:
        with advancing:
            return None if cancelled.is_set() else next(parts, None)

    def close() -> None:
        with advancing:  # by now or soon: what works on a part heeds `cancelled`
            parts.close()

    try:
        # the part that is under way is not waited for when the client goes away
        while (items := await to_thread.run_sync(advance, abandon_on_cancel=True)) is not None:
            yield "".join(f"{json.dumps(item)}\n" for item in items)
        yield f"{json.dumps(END)}\n"
    finally:
        cancelled.set()
        with CancelScope(shield=True):
            await run_in_threadpool(close)

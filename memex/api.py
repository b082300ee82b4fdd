"""The daemon's interface: HTTP on a unix socket. What takes long or comes in
pieces is a stream of JSON lines.

    GET    /v1/status
    GET    /v1/documents?kind=            the catalogue
    GET    /v1/documents/ID               one document, by the beginning of its id
    DELETE /v1/documents/ID
    POST   /v1/documents                  remember: steps, then "remembered"
    GET    /v1/copies/SHA256              where these bytes were seen
    POST   /v1/copies                     another file of a document
    POST   /v1/recall                     hits
    POST   /v1/ask                        tokens, then the answer
    POST   /v1/add                        paths into the spool
    POST   /v1/progress                   memex-ingest reports an event
    POST   /v1/progress/follow            events of items until all are final
    POST   /v1/reindex                    steps

Operations that change the memory run to their end in a thread of their own,
whether or not the client that asked still listens.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from memex import __version__
from memex.answer.evidence import moment
from memex.config import Paths
from memex.errors import InvalidRequest, MemexError, NotFound
from memex.locks import holder
from memex.memory import Memex
from memex.progress import Board, Event
from memex.spool import STATES, Spool, printable
from memex.types import Answer, Hit
from memex.wire import (
    END,
    Json,
    answer_to_json,
    copy_from_json,
    copy_to_json,
    document_from_json,
    entry_to_json,
    error_to_json,
    event_to_json,
    filters_from_json,
    hit_to_json,
    segment_to_json,
)

HTTP_STATUS: Final[Mapping[type[MemexError], int]] = {NotFound: 404, InvalidRequest: 400}
"""Of an error's class; 500 for the others."""

_log = logging.getLogger(__name__)


class Api:
    """The routes, over one memory."""

    def __init__(self, memex: Memex, paths: Paths) -> None:
        """Serve `memex`, whose data lie at `paths`."""
        self._memex = memex
        self._paths = paths
        self._spool = Spool(paths.spool)
        self.board = Board()

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/v1/status", self.status),
            Route("/v1/documents", self.documents, methods=["GET"]),
            Route("/v1/documents", self.remember, methods=["POST"]),
            Route("/v1/documents/{id}", self.document, methods=["GET"]),
            Route("/v1/documents/{id}", self.forget, methods=["DELETE"]),
            Route("/v1/copies/{sha256}", self.copies),
            Route("/v1/copies", self.add_copy, methods=["POST"]),
            Route("/v1/recall", self.recall, methods=["POST"]),
            Route("/v1/ask", self.ask, methods=["POST"]),
            Route("/v1/add", self.add, methods=["POST"]),
            Route("/v1/progress", self.report, methods=["POST"]),
            Route("/v1/progress/follow", self.follow, methods=["POST"]),
            Route("/v1/reindex", self.reindex, methods=["POST"]),
        ]
        handlers: Any = {MemexError: _failed, HTTPException: _refused}
        return Starlette(routes=routes, exception_handlers=handlers)

    def status(self, _: Request) -> Response:
        """What there is, what is under way, who runs."""
        spool = {state: len(list(self._spool.items(state))) for state in STATES}
        failures = [
            {
                "path": printable(item.path),
                "reason": item.reason,
                "added_at": item.added_at.isoformat(),
            }
            for item in self._spool.items("failed")
        ]
        return JSONResponse(
            {
                "version": __version__,
                "home": str(self._paths.home),
                "memexd": os.getpid(),
                "memex_ingest": holder(self._paths.run / "memex-ingest.pid"),
                **self._memex.status(),
                "queue": {"waiting": spool["new"], "working": spool["cur"]},
                "failed": failures,
            }
        )

    def documents(self, request: Request) -> Response:
        """The catalogue."""
        entries = self._memex.library.entries(request.query_params.get("kind"))
        return JSONResponse({"documents": [entry_to_json(entry) for entry in entries]})

    def document(self, request: Request) -> Response:
        """A document with its copies and segments."""
        library = self._memex.library
        id_ = library.find(request.path_params["id"])
        document = library.document(id_)
        return JSONResponse(
            {
                "id": id_,
                "kind": document.kind,
                "title": document.title,
                "uri": document.uri,
                "created_at": document.created_at.isoformat() if document.created_at else None,
                "author": document.author,
                "language": document.language,
                "duration": document.duration,
                "source": document.source,
                "attributes": dict(document.attributes),
                "copies": [copy_to_json(copy) for copy in library.copies(id_)],
                "segments": [segment_to_json(segment) for segment in document.segments],
            }
        )

    def forget(self, request: Request) -> Response:
        """Remove a document."""
        id_ = self._memex.library.find(request.path_params["id"])
        self._memex.forget(id_)
        return JSONResponse({"forgotten": id_})

    def copies(self, request: Request) -> Response:
        """Where these bytes were seen."""
        found = self._memex.library.copies_of_bytes(request.path_params["sha256"])
        return JSONResponse({"copies": [copy_to_json(copy) for copy in found]})

    async def add_copy(self, request: Request) -> Response:
        """Note another file of a document that is remembered."""
        copy = copy_from_json(await _body(request))
        await run_in_threadpool(self._memex.library.add_copy, copy)
        return Response(status_code=204)

    async def remember(self, request: Request) -> Response:
        """Store and index a document; steps, then what became of it."""
        fields = await _body(request)
        document = document_from_json(fields["document"])

        def run() -> Iterator[Json]:
            sha256, size = fields["sha256"], fields["size"]
            for event in self._memex.remember(document, sha256=sha256, size=size):
                yield event_to_json(event)

        return _stream(_to_the_end(run))

    async def recall(self, request: Request) -> Response:
        """Hits, each with the moment to play where `moments` is asked for."""
        fields = await _body(request)
        began = time.perf_counter()
        query = _text(fields, "query")
        hits = await run_in_threadpool(
            self._memex.recall,
            query,
            limit=int(fields.get("limit", 10)),
            filters=filters_from_json(fields.get("filters", {})),
        )
        reply: Json = {
            "query": query,
            "hits": [hit_to_json(hit) for hit in hits],
            "ms": _ms(began),
        }
        if fields.get("moments"):
            reply["moments"] = await run_in_threadpool(self._moments, query, hits)
        return JSONResponse(reply)

    def _moments(self, query: str, hits: list[Hit]) -> list[Json]:
        moments = [moment(query, hit.passage, self._memex.library) for hit in hits]
        return [{"text": found.text, "start": found.start, "end": found.end} for found in moments]

    async def ask(self, request: Request) -> Response:
        """Tokens, then the answer. Closing the connection stops the model."""
        fields = await _body(request)
        question = _text(fields, "question")
        filters = filters_from_json(fields.get("filters", {}))

        def run() -> Iterator[Json]:
            began = time.perf_counter()
            for item in self._memex.ask(question, filters=filters):
                if isinstance(item, Answer):
                    yield {"type": "answer", **answer_to_json(question, item, _ms(began))}
                else:
                    yield event_to_json(item)

        return _stream(_safely(run))

    async def add(self, request: Request) -> Response:
        """Put paths into the spool; says which could not be taken."""
        fields = await _body(request)
        since = self.board.clock
        items, errors = [], []
        for path in fields["paths"]:
            try:
                item = await run_in_threadpool(self._spool.put, Path(path))
                items.append({"id": item.id, "path": printable(item.path)})
            except MemexError as error:
                errors.append({"path": printable(path), **error_to_json(error)})
        return JSONResponse({"items": items, "errors": errors, "since": since})

    async def report(self, request: Request) -> Response:
        """An event from memex-ingest."""
        fields = await _body(request)
        self.board.post(Event(**{**fields, "children": tuple(fields.get("children", ()))}))
        return Response(status_code=204)

    async def follow(self, request: Request) -> Response:
        """Events of items until all are final; an empty line while nothing happens."""
        fields = await _body(request)

        def run() -> Iterator[Json]:
            for event in self.board.follow(fields["items"], fields.get("since", 0)):
                yield asdict(event) if event else {}

        return _stream(_safely(run))

    async def reindex(self, _: Request) -> Response:
        """Make the index again from the library."""

        def run() -> Iterator[Json]:
            for step in self._memex.indexer.rebuild():
                yield event_to_json(step)

        return _stream(_to_the_end(run))


async def _body(request: Request) -> Json:
    try:
        fields = await request.json()
    except ValueError as error:
        raise InvalidRequest(f"The request is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise InvalidRequest("The request is not a JSON object.")
    return fields


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(f"The request needs {name!r}, a text.")
    return value


def _ms(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)


def _safely(run: Callable[[], Iterator[Json]]) -> Generator[Json, None, None]:
    """A stream whose errors are its last item."""
    try:
        yield from run()
    except MemexError as error:
        yield {"type": "error", **error_to_json(error)}
    except Exception:  # noqa: BLE001 (logged whole, and told to the client)
        _log.exception("a stream broke off")
        message = "The daemon failed; its log has the details."
        yield {"type": "error", **error_to_json(MemexError(message, "See `memex doctor`."))}


def _to_the_end(run: Callable[[], Iterator[Json]]) -> Generator[Json, None, None]:
    """Run in a thread of its own; stream what it yields as long as somebody listens."""
    items: queue.SimpleQueue[Json | None] = queue.SimpleQueue()

    def work() -> None:
        for item in _safely(run):
            items.put(item)
        items.put(None)

    threading.Thread(target=work, name="operation").start()
    yield from iter(items.get, None)


def _stream(items: Generator[Json, None, None]) -> StreamingResponse:
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


def _failed(_: Request, error: MemexError) -> JSONResponse:
    status = next((code for kind, code in HTTP_STATUS.items() if isinstance(error, kind)), 500)
    return JSONResponse(error_to_json(error), status_code=status)


def _refused(_: Request, error: HTTPException) -> JSONResponse:
    """No such route: a client of another version, most likely."""
    fault = InvalidRequest(f"memexd {__version__} refuses this: {error.detail}.", "Update Memex.")
    return JSONResponse(error_to_json(fault), status_code=error.status_code)

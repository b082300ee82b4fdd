"""Documents: the catalogue, one document, remembering, copies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.errors import InvalidRequest
from memex.memory import Memex
from memex.wire import (
    Json,
    arrival_from_json,
    copy_from_json,
    copy_to_json,
    echo_to_json,
    entry_to_json,
    event_to_json,
    segment_to_json,
    time_to_json,
)


class Documents:
    """The routes of documents."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._memex = memex

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/documents", self.documents, methods=["GET"]),
            Route("/v1/documents", self.remember, methods=["POST"]),
            Route("/v1/documents/{id}", self.document, methods=["GET"]),
            Route("/v1/documents/{id}/segments", self.segments, methods=["GET"]),
            Route("/v1/copies/known", self.recognise, methods=["POST"]),
            Route("/v1/copies", self.add_copy, methods=["POST"]),
            Route("/v1/copies/worse", self.worse, methods=["POST"]),
        ]

    def documents(self, request: Request) -> Response:
        """The catalogue."""
        hidden = request.query_params.get("hidden") == "true"
        entries = self._memex.library.entries(request.query_params.get("kind"), hidden=hidden)
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
                "created_at": time_to_json(document.created_at),
                "author": document.author,
                "language": document.language,
                "duration": document.duration,
                "source": document.source,
                "attributes": dict(document.attributes),
                "copies": [copy_to_json(copy) for copy in library.copies(id_)],
                "versions": [
                    {"id": other, "replaced_at": at} for other, at in library.files.versions(id_)
                ],
                "echoes": [echo_to_json(echo) for echo in library.echoes.of(id_)],
                "overheard": [
                    {**echo_to_json(echo), "title": library.document(echo.document_id).title}
                    for echo in library.echoes.within(id_)
                ],
                "segments": [segment_to_json(segment) for segment in document.segments],
            }
        )

    def segments(self, request: Request) -> Response:
        """A window of a document's segments: those at the positions `first` to `last`, and how
        many there are; what is read of a ten-hour talk is a page at a time.
        """
        library = self._memex.library
        id_ = library.find(request.path_params["id"])
        first, last = (_position(request, name) for name in ("first", "last"))
        found = library.segments(id_, first, last)
        return JSONResponse(
            {
                "first": first,
                "count": library.length(id_),
                "segments": [segment_to_json(segment) for segment in found],
            }
        )

    async def recognise(self, request: Request) -> Response:
        """What is known of files' bytes."""
        fields = await streams.body(request)

        def run() -> list[Json]:
            found = [
                self._memex.recognise(sha256, uri, signature, explicit=explicit)
                for sha256, uri, signature, explicit in fields["files"]
            ]
            return [
                {
                    "copies": [copy_to_json(copy) for copy in known.copies],
                    "forgotten": known.forgotten,
                }
                for known in found
            ]

        return JSONResponse({"known": await run_in_threadpool(run)})

    async def worse(self, request: Request) -> Response:
        """What was heard live, and could be recognised again from the sound that is kept."""
        source = streams.text(await streams.body(request), "source")
        found = await run_in_threadpool(self._memex.library.files.worse, source)
        return JSONResponse({"documents": found})

    async def add_copy(self, request: Request) -> Response:
        """Note another file of a document that is remembered."""
        copy = copy_from_json(await streams.body(request))
        await run_in_threadpool(self._memex.note_copy, copy)
        return Response(status_code=204)

    async def remember(self, request: Request) -> Response:
        """Store and index documents; steps, then what became of each."""
        fields = await streams.body(request)
        arrivals = await run_in_threadpool(
            lambda: [arrival_from_json(arrival) for arrival in fields["arrivals"]]
        )

        def run() -> Iterator[Json]:
            for event in self._memex.remember(*arrivals):
                yield event_to_json(event)

        return streams.stream(streams.to_the_end(run))


def _position(request: Request, name: str) -> int:
    """A position in a document. Raises `InvalidRequest`."""
    given = request.query_params.get(name, "")
    if not re.fullmatch(r"[0-9]{1,9}", given):
        raise InvalidRequest(f"{name} of a window is a position, not {given!r}.", "Count from 0.")
    return int(given)

"""Intake: what comes in through the spool, and what memex-ingest tells and asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex import tombstones
from memex.api import streams
from memex.condition import failure, failures
from memex.config import Paths, load_config
from memex.errors import InvalidRequest, MemexError, error_to_json
from memex.items import printable
from memex.memory import Memex
from memex.progress import Board, Event
from memex.room import check_room
from memex.spool import Spool
from memex.wire import Json


class Intake:
    """The routes of spool, watched files and progress."""

    def __init__(self, memex: Memex, paths: Paths, spool: Spool, board: Board) -> None:
        """Over one memory, whose data lie at `paths`, and its spool."""
        self._memex = memex
        self._paths = paths
        self._kept = paths.audio.as_uri()
        self._spool = spool
        self._board = board
        self._worker: Json = {}

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/add", self.add, methods=["POST"]),
            Route("/v1/progress", self.report, methods=["POST"]),
            Route("/v1/progress/follow", self.follow, methods=["POST"]),
            Route("/v1/failed", self.failed),
            Route("/v1/failed/{id}", self.drop, methods=["DELETE"]),
            Route("/v1/failed/{id}/retry", self.retry, methods=["POST"]),
            Route("/v1/files/known", self.known, methods=["POST"]),
            Route("/v1/files/changes", self.changes, methods=["POST"]),
            Route("/v1/files/forgotten", self.forgotten, methods=["POST"]),
            Route("/v1/files/missing", self.missing, methods=["POST"]),
            Route("/v1/files/kept", self.kept),
            Route("/v1/worker", self.tell, methods=["POST"]),
        ]

    async def add(self, request: Request) -> Response:
        """Put paths into the spool; says which could not be taken. Raises `DiskFull` where
        less is free than is to stay so.
        """
        fields = await streams.body(request)
        await run_in_threadpool(self._check_room)
        since = self._board.clock
        items, errors = [], []
        for path in fields["paths"]:
            try:
                item = await run_in_threadpool(self._spool.put, Path(path))
                items.append({"id": item.id, "path": printable(item.path)})
            except MemexError as error:
                errors.append({"path": printable(path), **error_to_json(error)})
        return JSONResponse({"items": items, "errors": errors, "since": since})

    async def report(self, request: Request) -> Response:
        """Events from memex-ingest."""
        fields = await streams.body(request)
        self._board.post(
            *(
                Event(**{**event, "children": tuple(event.get("children", ()))})
                for event in fields["events"]
            )
        )
        return Response(status_code=204)

    async def follow(self, request: Request) -> Response:
        """Events of items until all are final; an empty line while nothing happens."""
        fields = await streams.body(request)

        def run() -> Iterator[Json]:
            for event in self._board.follow(fields["items"], fields.get("since", 0)):
                yield asdict(event) if event else {}

        return streams.stream(streams.safely(run))

    async def tell(self, request: Request) -> Response:
        """What memex-ingest says of itself."""
        self._worker = await streams.body(request)
        return Response(status_code=204)

    def worker(self, process: int | None) -> Json | None:
        """What memex-ingest, which is this process, last said of itself; None where that
        is nothing yet.
        """
        return self._worker if process and self._worker.get("process") == process else None

    def failed(self, _: Request) -> Response:
        """What could not be read, and why."""
        return JSONResponse({"failed": [failure(item) for item in failures(self._spool)]})

    def retry(self, request: Request) -> Response:
        """Let failed items wait again: one, or all. Raises `DiskFull` as `add`."""
        self._check_room()
        since = self._board.clock
        ids = self._chosen(request.path_params["id"])
        items = [self._spool.retry(id_) for id_ in ids]
        return JSONResponse(
            {
                "items": [{"id": item.id, "path": printable(item.path)} for item in items],
                "errors": [],
                "since": since,
            }
        )

    def drop(self, request: Request) -> Response:
        """Give failed items up: one, or all."""
        items = [self._spool.drop(id_) for id_ in self._chosen(request.path_params["id"])]
        return JSONResponse({"dropped": [printable(item.path) for item in items]})

    def _check_room(self) -> None:
        check_room(self._paths.home, load_config(self._paths).intake.floor_bytes)

    def _chosen(self, prefix: str) -> list[str]:
        """The failed items meant by "all" or the beginning of one's id. Raises `InvalidRequest`."""
        ids = [item.id for item in failures(self._spool)]
        if prefix == "all":
            return ids
        found = [id_ for id_ in ids if id_.startswith(prefix)]
        if len(found) > 1:
            raise InvalidRequest(f"{len(found)} ids begin with {prefix!r}.", "Name more of it.")
        return found or [prefix]

    async def known(self, request: Request) -> Response:
        """The files known below a folder, a page at a time, by their URIs."""
        fields = await streams.body(request)
        found = await run_in_threadpool(
            self._memex.library.files.known, streams.text(fields, "folder"), fields["after"]
        )
        return JSONResponse({"files": [[f.uri, f.signature, f.device, f.missing] for f in found]})

    async def changes(self, request: Request) -> Response:
        """Files that are gone, and missing ones that are back."""
        fields = await streams.body(request)
        files = self._memex.library.files
        await run_in_threadpool(files.lose, fields["lost"])
        await run_in_threadpool(files.find, fields["found"])
        return Response(status_code=204)

    async def forgotten(self, request: Request) -> Response:
        """Which of these files, in these states, were forgotten."""
        fields = await streams.body(request)
        keys = {tombstones.of_file(uri, signature): uri for uri, signature in fields["files"]}
        raised = await run_in_threadpool(self._memex.library.tombstones.among, keys)
        return JSONResponse({"forgotten": [keys[key] for key in raised]})

    def kept(self, _: Request) -> Response:
        """The items whose sound some copy names."""
        return JSONResponse({"items": sorted(self._memex.library.files.kept())})

    async def missing(self, request: Request) -> Response:
        """Documents below a folder all of whose files are gone since before a time."""
        fields = await streams.body(request)
        found = await run_in_threadpool(
            self._memex.library.files.missing,
            streams.text(fields, "folder"),
            datetime.fromisoformat(fields["before"]),
            self._kept,
        )
        return JSONResponse({"documents": found})

"""Saved searches: listed, saved, removed."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.api.traces import number
from memex.memory import Memex
from memex.searches import Saved
from memex.wire import Json, time_to_json


class SearchRoom:
    """The routes of saved searches."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._searches = memex.library.searches

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/searches", self.list_, methods=["GET"]),
            Route("/v1/searches", self.save, methods=["POST"]),
            Route("/v1/searches/remove", self.remove, methods=["POST"]),
        ]

    def list_(self, _: Request) -> Response:
        """All, the newest first."""
        return JSONResponse({"searches": [_saved(each) for each in self._searches.all()]})

    async def save(self, request: Request) -> Response:
        """Save a query; its number."""
        query = streams.text(await streams.body(request), "query")
        return JSONResponse({"search": await run_in_threadpool(self._searches.save, query)})

    async def remove(self, request: Request) -> Response:
        """Remove some for good."""
        ids = [number(id_) for id_ in (await streams.body(request)).get("searches", [])]
        return JSONResponse({"removed": await run_in_threadpool(self._searches.forget, ids)})


def _saved(each: Saved) -> Json:
    return {"id": each.id, "query": each.query, "saved_at": time_to_json(each.saved_at)}

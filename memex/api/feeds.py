"""Podcasts: which are followed, and what memex-ingest tells of them.

Adding one only stores it and wakes memex-ingest: the network is for that alone.
"""

from __future__ import annotations

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.errors import InvalidRequest, StorageError, error_to_json
from memex.memory import Memex
from memex.urls import shown
from memex.wire import Json, feed_to_json, look_from_json, whole_feed_to_json


class FeedRoom:
    """The routes of podcasts."""

    def __init__(self, memex: Memex, due: Path) -> None:
        """Over one memory. `due` is touched when there is something to look at."""
        self._feeds = memex.library.feeds
        self._due = due

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/feeds", self.catalogue, methods=["GET"]),
            Route("/v1/feeds", self.add, methods=["POST"]),
            Route("/v1/feeds/remove", self.remove, methods=["POST"]),
            Route("/v1/feeds/refresh", self.refresh, methods=["POST"]),
            Route("/v1/feeds/whole", self.whole, methods=["POST"]),
            Route("/v1/feeds/{id:int}/look", self.look, methods=["POST"]),
            Route("/v1/feeds/{id:int}/known", self.known, methods=["POST"]),
            Route("/v1/feeds/{id:int}/marks", self.mark, methods=["POST"]),
        ]

    def catalogue(self, _: Request) -> Response:
        """Every feed, addresses masked, with how many of its episodes are remembered."""
        counts = self._feeds.episodes()
        rows = [
            {**feed_to_json(feed), "episodes": counts.get(feed.title or shown(feed.url), 0)}
            for feed in self._feeds.all()
        ]
        return JSONResponse({"feeds": rows})

    async def add(self, request: Request) -> Response:
        """Follow feeds; says which addresses are none."""
        fields = await streams.body(request)
        return JSONResponse(await run_in_threadpool(self._add, fields["feeds"]))

    def _add(self, wanted: list[Json]) -> Json:
        added, errors = [], []
        for each in wanted:
            url = streams.text(each, "url")
            try:
                feed, new = self._feeds.add(
                    url,
                    title=str(each.get("title", "")),
                    back=each.get("back"),
                    keep_audio=each.get("keep_audio"),
                )
            except InvalidRequest as error:
                errors.append({"url": shown(url), **error_to_json(error)})
            else:
                added.append({**feed_to_json(feed), "new": new})
        self._wake()
        return {"feeds": added, "errors": errors}

    async def remove(self, request: Request) -> Response:
        """Follow a feed no longer."""
        name = streams.text(await streams.body(request), "feed")
        feed = await run_in_threadpool(self._feeds.find, name)
        await run_in_threadpool(self._feeds.remove, feed.id)
        return JSONResponse(feed_to_json(feed))

    async def refresh(self, request: Request) -> Response:
        """Have feeds looked at now: the named ones, or all."""
        names = (await streams.body(request))["feeds"]
        found = [await run_in_threadpool(self._feeds.find, str(name)) for name in names]
        await run_in_threadpool(self._feeds.refresh, *(feed.id for feed in found))
        await run_in_threadpool(self._wake)
        feeds = found or await run_in_threadpool(self._feeds.all)
        return JSONResponse({"feeds": [feed_to_json(feed) for feed in feeds]})

    async def whole(self, request: Request) -> Response:
        """Feeds with their addresses as they are: all, or those that are due."""
        fields = await streams.body(request)
        feeds = await run_in_threadpool(self._feeds.due if fields["due"] else self._feeds.all)
        return JSONResponse({"feeds": [whole_feed_to_json(feed) for feed in feeds]})

    async def look(self, request: Request) -> Response:
        """What came of looking at a feed."""
        look = look_from_json(await streams.body(request))
        await run_in_threadpool(self._feeds.note, request.path_params["id"], look)
        return Response(status_code=204)

    async def known(self, request: Request) -> Response:
        """Which episodes are known, by their marks."""
        marks = (await streams.body(request))["marks"]
        found = await run_in_threadpool(self._feeds.known, request.path_params["id"], marks)
        return JSONResponse({"known": sorted(found)})

    async def mark(self, request: Request) -> Response:
        """Episodes that are not to be fetched (again)."""
        marks = (await streams.body(request))["marks"]
        await run_in_threadpool(self._feeds.mark, request.path_params["id"], marks)
        return Response(status_code=204)

    def _wake(self) -> None:
        """Raises `StorageError`."""
        try:
            self._due.touch(mode=0o600)
        except OSError as error:
            raise StorageError(
                f"{self._due} cannot be written: {error.strerror}.", "Mend its permissions."
            ) from error

"""What is being said: posted by memex-ears and memex-ingest, followed by whoever looks."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.errors import InvalidRequest
from memex.live import EVENTS, LiveBoard, event_from_json, event_to_json
from memex.wire import Json


class LiveRoom:
    """The routes of captions and devices."""

    def __init__(self, board: LiveBoard) -> None:
        """Over one board."""
        self._board = board

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/live", self.say, methods=["POST"]),
            Route("/v1/live/follow", self.follow, methods=["POST"]),
        ]

    async def say(self, request: Request) -> Response:
        """Events, all or none; says how many follow."""
        given = (await streams.body(request)).get("events")
        if not isinstance(given, list) or len(given) > EVENTS:
            raise InvalidRequest(f"The request needs 'events', a list of at most {EVENTS}.")
        return JSONResponse({"followed": self._board.post(*map(event_from_json, given))})

    async def follow(self, _: Request) -> Response:
        """How all is and what comes; an empty line a second while nothing does."""

        def run() -> Iterator[Json]:
            for event in self._board.follow():
                yield event_to_json(event) if event else {}

        return streams.stream(streams.safely(run))

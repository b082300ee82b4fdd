"""What is being said: posted by memex-ears and memex-ingest, followed by whoever looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.errors import InvalidRequest
from memex.live import EVENTS, Caption, LiveBoard, LiveEvent, event_from_json, event_to_json
from memex.people import People
from memex.types import Voiceprint
from memex.wire import Json, voiceprint_from_json


class LiveRoom:
    """The routes of captions and devices."""

    def __init__(self, board: LiveBoard, people: People) -> None:
        """Over one board; `people` are those whose voices are known."""
        self._board = board
        self._people = people

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/live", self.say, methods=["POST"]),
            Route("/v1/live/follow", self.follow, methods=["POST"]),
        ]

    async def say(self, request: Request) -> Response:
        """Events, all or none; says how many follow. A caption with a voice gets the name of
        whom it belongs to, and is passed over where that is nobody who is known.
        """
        given = (await streams.body(request)).get("events")
        if not isinstance(given, list) or len(given) > EVENTS:
            raise InvalidRequest(f"The request needs 'events', a list of at most {EVENTS}.")
        events = [event_from_json(fields) for fields in given]
        if any("voice" in fields for fields in given):
            events = await run_in_threadpool(self._named, events, given)
        return JSONResponse({"followed": self._board.post(*events)})

    def _named(self, events: Sequence[LiveEvent], given: Sequence[Json]) -> list[LiveEvent]:
        """The events with who speaks in them. Raises `InvalidRequest`."""
        found: list[LiveEvent] = []
        for event, fields in zip(events, given, strict=True):
            if "voice" not in fields:
                found.append(event)
            elif isinstance(event, Caption) and (name := self._people.speaker(_voice(fields))):
                found.append(replace(event, speaker=name))
        return found

    async def follow(self, _: Request) -> Response:
        """How all is and what comes; an empty line a second while nothing does."""

        def run() -> Iterator[Json]:
            for event in self._board.follow():
                yield event_to_json(event) if event else {}

        return streams.stream(streams.safely(run))


def _voice(fields: Json) -> Voiceprint:
    """The voice of a caption. Raises `InvalidRequest`."""
    try:
        return voiceprint_from_json({"label": "", **fields["voice"]})
    except (TypeError, LookupError) as error:
        raise InvalidRequest(f"This is no voice: {error}.") from error

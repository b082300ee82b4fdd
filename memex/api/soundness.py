"""Soundness: looking for damage in the index, and mending it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from memex.api import streams
from memex.audit import Finding
from memex.audit.index import audit_index
from memex.memory import Memex
from memex.wire import Json, event_to_json


class Soundness:
    """The routes of soundness."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._memex = memex

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [Route("/v1/verify", self.verify, methods=["POST"])]

    async def verify(self, request: Request) -> Response:
        """Look at the index, mend it where that is wanted; steps and findings."""
        fields = await streams.body(request)

        def run() -> Iterator[Json]:
            memex = self._memex
            for item in audit_index(memex.library, memex.indexer, mend=bool(fields["mend"])):
                if isinstance(item, Finding):
                    yield {"type": "finding", **asdict(item)}
                else:
                    yield event_to_json(item)

        return streams.stream(streams.to_the_end(run))

"""Questions: hits for a query, an answer to a question."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.answer.evidence import moment
from memex.api import streams
from memex.memory import Memex
from memex.types import Answer, Hit
from memex.wire import Json, answer_to_json, event_to_json, filters_from_json, hit_to_json


class Questions:
    """The routes of questions."""

    def __init__(self, memex: Memex, asked: Path) -> None:
        """Over one memory; `asked` is touched while something is answered."""
        self._memex = memex
        self._asked = asked

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/recall", self.recall, methods=["POST"]),
            Route("/v1/ask", self.ask, methods=["POST"]),
        ]

    async def recall(self, request: Request) -> Response:
        """Hits, each with the moment to play where `moments` is asked for."""
        fields = await streams.body(request)
        began = time.perf_counter()
        self._give_notice()
        query = streams.text(fields, "query")
        hits = await run_in_threadpool(
            self._memex.recall,
            query,
            limit=int(fields.get("limit", 10)),
            filters=filters_from_json(fields.get("filters", {})),
        )
        reply: Json = {
            "query": query,
            "hits": [hit_to_json(hit) for hit in hits],
            "ms": streams.ms(began),
        }
        if fields.get("moments"):
            reply["moments"] = await run_in_threadpool(self._moments, query, hits)
        return JSONResponse(reply)

    def _give_notice(self) -> None:
        """Let memex-ingest know that somebody waits for the processor."""
        with suppress(OSError):  # on a full disk questions are answered too
            self._asked.touch(mode=0o600)

    def _moments(self, query: str, hits: list[Hit]) -> list[Json]:
        moments = [moment(query, hit.passage, self._memex.library) for hit in hits]
        return [{"text": found.text, "start": found.start, "end": found.end} for found in moments]

    async def ask(self, request: Request) -> Response:
        """Tokens, then the answer. Closing the connection stops the model."""
        fields = await streams.body(request)
        question = streams.text(fields, "question")
        filters = filters_from_json(fields.get("filters", {}))

        def run() -> Iterator[Json]:
            began = time.perf_counter()
            self._give_notice()
            for item in self._memex.ask(question, filters=filters):
                self._give_notice()
                if isinstance(item, Answer):
                    yield {"type": "answer", **answer_to_json(question, item, streams.ms(began))}
                else:
                    yield event_to_json(item)

        return streams.stream(streams.safely(run))

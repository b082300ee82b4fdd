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

from memex.api import streams
from memex.memory import Memex
from memex.traces import Kind
from memex.tracing import Draft
from memex.types import Answer
from memex.wire import (
    Json,
    answer_to_json,
    event_to_json,
    filters_from_json,
    results_to_json,
    turn_from_json,
)


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
        """Hits with their snippets, and facets; where asked for, the positions of each hit's
        first and last segment (`segments`).
        """
        fields = await streams.body(request)
        began = time.perf_counter()
        self._give_notice()
        query = streams.text(fields, "query")
        draft = self._draft("search", query, fields)
        results = await run_in_threadpool(
            self._memex.search,
            query,
            limit=int(fields.get("limit", 10)),
            filters=draft.filters,
            draft=draft,
        )
        reply: Json = {
            "query": query,
            **results_to_json(results),
            "ms": streams.ms(began),
            "trace": draft.id,
        }
        if fields.get("segments"):
            reply["segments"] = [[hit.passage.first, hit.passage.last] for hit in results.hits]
        self._memex.recorder.record(draft)
        return JSONResponse(reply)

    def _draft(self, kind: Kind, query: str, fields: Json) -> Draft:
        """Of what leaves a trace, unless the request says that it is to leave none: a search
        at every key that is typed.
        """
        filters = filters_from_json(fields.get("filters", {}))
        wanted = bool(fields.get("trace", True))
        return self._memex.recorder.draft(kind, query, filters, wanted=wanted)

    def _give_notice(self) -> None:
        """Let memex-ingest know that somebody waits for the processor."""
        with suppress(OSError):  # on a full disk questions are answered too
            self._asked.touch(mode=0o600)

    async def ask(self, request: Request) -> Response:
        """Tokens, then the answer; `after` is what was asked before. Closing the connection stops
        the model.
        """
        fields = await streams.body(request)
        question = streams.text(fields, "question")
        before = fields.get("after")
        after = turn_from_json(before) if before is not None else None
        draft = self._draft("ask", question, fields)

        def run() -> Iterator[Json]:
            began = time.perf_counter()
            self._give_notice()
            answering = self._memex.ask(question, filters=draft.filters, after=after, draft=draft)
            said: Json = {}
            try:
                for item in answering:
                    self._give_notice()
                    if isinstance(item, Answer):
                        draft.answer = item
                        said = answer_to_json(question, item, streams.ms(began))
                    else:
                        yield event_to_json(item)
            finally:
                try:
                    answering.close()  # before it is noted what the model wrote until then
                finally:
                    self._memex.recorder.record(draft)
            yield {"type": "answer", **said, "trace": draft.id}  # whose trace can be read by now

        return streams.stream(streams.safely(run), draft.cancelled)

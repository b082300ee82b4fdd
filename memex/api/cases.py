"""Eval cases: made of traces, or drafted; listed, removed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.api.traces import LATEST, number
from memex.cases import Case, Evidence
from memex.errors import InvalidRequest
from memex.memory import Memex
from memex.mining import Drafted, Mining
from memex.wire import Json, time_to_json


class CaseRoom:
    """The routes of eval cases."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._memex = memex
        self._cases = memex.library.cases
        self._mining = Mining(memex)

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/cases", self.list_, methods=["GET"]),
            Route("/v1/cases", self.add, methods=["POST"]),
            Route("/v1/cases/remove", self.remove, methods=["POST"]),
            Route("/v1/cases/draft", self.draft, methods=["POST"]),
            Route("/v1/cases/decline", self.decline, methods=["POST"]),
        ]

    def list_(self, _: Request) -> Response:
        """All, oldest first."""
        return JSONResponse({"cases": [case_to_json(case) for case in self._cases.all()]})

    async def add(self, request: Request) -> Response:
        """Make a case of a trace, or of a question with its evidence."""
        fields = await streams.body(request)
        make = self._of_trace if fields.get("trace") else self._of_question
        return JSONResponse({"case": await run_in_threadpool(make, fields)})

    def _of_trace(self, fields: Json) -> int:
        self._memex.recorder.settle()
        name = fields["trace"]
        trace = self._memex.library.traces.trace(None if name == LATEST else number(name))
        evidence = [Evidence(x.document_id, x.first, x.last) for x in trace.right]
        query = str(fields.get("query") or trace.asked)
        return self._cases.add(query, trace.kind, trace.asked_at, evidence)

    def _of_question(self, fields: Json) -> int:
        evidence = _evidence(fields)
        case = self._cases.add(
            streams.text(fields, "query").strip(), "mined", datetime.now(UTC), [evidence]
        )
        self._mining.decline(evidence.document_id, evidence.first)
        return case

    async def remove(self, request: Request) -> Response:
        """Remove some."""
        ids = [number(id_) for id_ in (await streams.body(request)).get("cases", [])]
        return JSONResponse({"removed": await run_in_threadpool(self._cases.forget, ids)})

    async def draft(self, _: Request) -> Response:
        """Draft a question. Closing the connection stops the model."""

        def run() -> Iterator[Json]:
            for item in self._mining.draft():
                if isinstance(item, Drafted):
                    passage = item.passage
                    yield {
                        "type": "draft",
                        "query": item.query,
                        "title": passage.title,
                        "text": passage.text,
                        "said_at": time_to_json(passage.said_at),
                        "evidence": {
                            "document": passage.document_id,
                            "first": passage.first,
                            "last": passage.last,
                        },
                    }
                    return
                yield {"type": "dropped", "query": item.query, "reason": item.reason}
            yield {"type": "none"}

        return streams.stream(streams.safely(run))

    async def decline(self, request: Request) -> Response:
        """Draft nothing of a passage again."""
        evidence = _evidence(await streams.body(request))
        await run_in_threadpool(self._mining.decline, evidence.document_id, evidence.first)
        return JSONResponse({})


def _evidence(fields: Json) -> Evidence:
    """Raises `InvalidRequest`."""
    try:
        given = fields["evidence"]
        return Evidence(str(given["document"]), int(given["first"]), int(given["last"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"This is no evidence: {error!r}.") from error


def case_to_json(case: Case) -> Json:
    """A case, as `evals list --json` prints it."""
    return {
        "id": case.id,
        "query": case.query,
        "origin": case.origin,
        "asked_at": time_to_json(case.asked_at),
        "added_at": time_to_json(case.added_at),
        "evidence": [
            {"document": each.document_id, "first": each.first, "last": each.last}
            for each in case.evidence
        ],
        "stale": case.stale,
    }

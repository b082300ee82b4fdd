"""Traces: what was asked, what was shown for it, and marking that as right or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.errors import InvalidRequest
from memex.memory import Memex
from memex.traces import Line, List, Shown, Trace, filters_to_json
from memex.wire import Json, time_to_json

LATEST: Final = "last"
"""The name of the latest trace."""
LISTED: Final = 20
"""Traces of a list, unless told otherwise."""
_LISTS: Final[dict[str, List]] = {"h": "hits", "c": "citations"}


class TraceRoom:
    """The routes of traces. Whoever reads them gets those of which the writing is due, too."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._memex = memex
        self._traces = memex.library.traces

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/traces", self.list_, methods=["GET"]),
            Route("/v1/traces/whole", self.whole, methods=["POST"]),
            Route("/v1/traces/forget", self.forget, methods=["POST"]),
            Route("/v1/traces/{id}", self.trace, methods=["GET"]),
            Route("/v1/traces/{id}/label", self.label, methods=["POST"]),
        ]

    def list_(self, request: Request) -> Response:
        """The latest, newest first."""
        self._memex.recorder.settle()
        limit = number(request.query_params.get("limit", LISTED))
        return JSONResponse({"traces": [line_to_json(x) for x in self._traces.lines(limit)]})

    def trace(self, request: Request) -> Response:
        """One, whole."""
        return JSONResponse(self._whole(self._find(request)))

    async def whole(self, _: Request) -> Response:
        """All of them, oldest first: a stream."""

        def run() -> Iterator[Json]:
            self._memex.recorder.settle()
            for trace in self._traces.whole():
                yield {"type": "trace", "trace": self._whole(trace)}

        return streams.stream(streams.safely(run))

    async def label(self, request: Request) -> Response:
        """Call a trace, or a number in it ("3", or by its list: "h3", "c3"), right or wrong."""
        fields = await streams.body(request)
        trace = await run_in_threadpool(self._find, request)
        mark = str(fields.get("mark") or "")
        list_ = _LISTS.get(mark[:1])
        await run_in_threadpool(
            self._traces.label,
            trace.id,
            fields.get("verdict"),
            list_=list_,
            n=number(mark[1:] if list_ else mark) if mark else None,
            note=str(fields.get("note") or ""),
        )
        return JSONResponse(self._whole(await run_in_threadpool(self._traces.trace, trace.id)))

    async def forget(self, request: Request) -> Response:
        """Remove traces, or all, for good."""
        fields = await streams.body(request)
        self._memex.recorder.settle()
        ids = None if fields.get("all") else [number(id_) for id_ in fields.get("traces", [])]
        count = await run_in_threadpool(self._traces.forget, ids)
        return JSONResponse({"forgotten": count})

    def _find(self, request: Request) -> Trace:
        """The trace that is named in the path. Raises `NotFound`, `InvalidRequest`."""
        self._memex.recorder.settle()
        name = request.path_params["id"]
        return self._traces.trace(None if name == LATEST else number(name))

    def _whole(self, trace: Trace) -> Json:
        """A trace with the titles and texts of what it shows, as they are now."""
        titles = self._traces.titles(trace.documents)

        def shown(each: Shown) -> Json:
            segments = self._memex.library.segments(each.document_id, each.first, each.last)
            return {
                "n": each.n,
                "id": each.passage_id,
                "document": each.document_id,
                "title": titles.get(each.document_id, ""),
                "first": each.first,
                "last": each.last,
                "text": "\n".join(segment.text for segment in segments),
                "start": segments[0].start if segments else None,
                "score": each.score,
                "ranks": dict(each.ranks),
                "verdict": each.verdict,
                "note": each.note,
            }

        return {
            "id": trace.id,
            "kind": trace.kind,
            "query": trace.query,
            "asked_at": time_to_json(trace.asked_at),
            "filters": filters_to_json(trace.filters),
            "timings": dict(trace.timings),
            "hits": [shown(each) for each in trace.hits],
            "citations": [shown(each) for each in trace.citations],
            "exchanges": [asdict(exchange) for exchange in trace.exchanges],
            "answer": trace.answer,
            "found": trace.found,
            "verdict": trace.verdict,
            "note": trace.note,
            "bearing": dict(trace.bearing) if trace.bearing is not None else None,
            "understood": trace.understood,
        }


def line_to_json(line: Line) -> Json:
    """A line of the list."""
    return {**asdict(line), "asked_at": time_to_json(line.asked_at)}


def number(text: object) -> int:
    """Raises `InvalidRequest`."""
    try:
        return int(str(text))
    except ValueError as error:
        raise InvalidRequest(
            f"{text!r} is no number.", "See `memex trace list`, `memex trace show ID`."
        ) from error

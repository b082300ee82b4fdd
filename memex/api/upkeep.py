"""Upkeep: how Memex is, making the index again, forgetting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.api.intake import Intake
from memex.api.traces import number
from memex.changes import Change, Removed
from memex.condition import condition
from memex.config import Paths
from memex.echoes import Heard
from memex.forgetting import Forgetting, Forgotten
from memex.memory import Memex
from memex.proof import Report
from memex.protocols import Step
from memex.spool import Spool
from memex.types import LIVE
from memex.wire import Json, entry_to_json, event_to_json, feed_to_json, time_from_json


class Upkeep:
    """The routes of upkeep."""

    def __init__(self, memex: Memex, paths: Paths, spool: Spool, intake: Intake) -> None:
        """Over one memory, whose data lie at `paths`."""
        self._memex = memex
        self._paths = paths
        self._intake = intake
        self._forgetting = Forgetting(memex, paths, spool)

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/status", self.status),
            Route("/v1/changes", self.changes),
            Route("/v1/reindex", self.reindex, methods=["POST"]),
            Route("/v1/forget", self.forget, methods=["POST"]),
            Route("/v1/forget/selected", self.selected, methods=["POST"]),
            Route("/v1/forget/deleted", self.let_go, methods=["POST"]),
        ]

    def status(self, _: Request) -> Response:
        """What there is, what is under way, who runs."""
        found = condition(self._paths)
        return JSONResponse(
            {
                **found,
                "memexd": os.getpid(),
                **self._memex.status(),
                "ingest": self._intake.worker(found["memex_ingest"]),
                "last": self._memex.library.last(),
                "feeds": [feed_to_json(feed) for feed in self._memex.library.feeds.all()],
                "missing": self._memex.library.files.missing_count(),
            }
        )

    def changes(self, request: Request) -> Response:
        """What was renamed and removed, after so many changes that are known (`?after=3`)."""
        found = self._memex.changes.after(number(request.query_params.get("after", "0")))
        return JSONResponse({"changes": [_change(each) for each in found]})

    async def reindex(self, _: Request) -> Response:
        """Make the index again from the library."""

        def run() -> Iterator[Json]:
            for step in self._memex.indexer.rebuild():
                yield event_to_json(step)

        return streams.stream(streams.to_the_end(run))

    async def selected(self, request: Request) -> Response:
        """Which documents a forgetting would concern."""
        fields = await streams.body(request)
        library = self._memex.library
        ids = [library.find(id_) for id_ in fields.get("documents", [])]
        entries = await run_in_threadpool(
            library.selected,
            ids,
            source=fields.get("source"),
            since=time_from_json(fields.get("since")),
            until=time_from_json(fields.get("until")),
            matching=fields.get("matching"),
        )
        heard = _heard(fields)
        return JSONResponse(
            {
                "documents": [entry_to_json(entry) for entry in entries],
                "echoes": library.echoes.count(heard) if heard else 0,
            }
        )

    async def forget(self, request: Request) -> Response:
        """Forget documents: steps, then what a search of the bytes says."""
        fields = await streams.body(request)
        ids, verify = fields["documents"], bool(fields.get("verify"))
        heard = _heard(fields.get("heard") or {})

        def run() -> Iterator[Json]:
            for item in self._forgetting.forget(*ids, heard=heard, verify=verify):
                yield event_to_json(item) if isinstance(item, Step) else _forgotten(item)

        return streams.stream(streams.to_the_end(run))

    async def let_go(self, request: Request) -> Response:
        """Remove documents without a tombstone: their files were deleted."""
        fields = await streams.body(request)
        await run_in_threadpool(self._forgetting.let_go, *fields["documents"])
        return Response(status_code=204)


def _heard(selection: Json) -> Heard | None:
    """The echoes that a selection means: those of a microphone, or of a time."""
    source, since, until = (selection.get(name) for name in ("source", "since", "until"))
    narrowed = selection.get("documents") or selection.get("matching")
    if narrowed or (source not in LIVE if source else not (since or until)):
        return None
    return Heard(source, time_from_json(since), time_from_json(until))


def _forgotten(item: Forgotten) -> Json:
    return {
        "type": "forgotten",
        "documents": list(item.documents),
        "before": _report(item.before),
        "after": _report(item.after),
        "searches": item.searches,
    }


def _change(change: Change) -> Json:
    kind = "removed" if isinstance(change, Removed) else "renamed"
    return {"type": kind, **asdict(change)}


def _report(report: Report | None) -> Json | None:
    return {**asdict(report), "clean": report.clean} if report else None

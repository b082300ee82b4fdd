"""Tuning: learning the ranker's weights from what was marked, and going back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.memory import Memex
from memex.protocols import Step
from memex.tuning import LEAST, Tuned, Tuning
from memex.wire import Json, event_to_json


class TuningRoom:
    """The routes of tuning."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._tuning = Tuning(memex)

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/tune", self.tune, methods=["POST"]),
            Route("/v1/tune/reset", self.reset, methods=["POST"]),
        ]

    async def tune(self, request: Request) -> Response:
        """Learn: steps, then the outcome. Closing the connection changes nothing."""
        dry = bool((await streams.body(request)).get("dry_run"))

        def run() -> Iterator[Json]:
            for item in self._tuning.tune(dry_run=dry):
                yield event_to_json(item) if isinstance(item, Step) else tuned_to_json(item)

        return streams.stream(streams.safely(run))

    async def reset(self, _: Request) -> Response:
        """Go back to the weights that ship."""
        return JSONResponse({"reset": await run_in_threadpool(self._tuning.reset)})


def tuned_to_json(tuned: Tuned) -> Json:
    """What came of it, as `tune --json` prints it."""
    trial = tuned.trial
    return {
        "type": "tuned",
        "labelled": {**asdict(tuned.labelled), "all": tuned.labelled.all, "least": LEAST},
        "old": dict(tuned.old),
        "new": None if tuned.new is None else dict(tuned.new),
        "trial": {**asdict(trial), "better": trial.better} if trial else None,
        "taken": tuned.taken,
    }

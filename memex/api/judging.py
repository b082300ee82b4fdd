"""Judging: the local model says yes or no to an answer."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.errors import InvalidRequest
from memex.judging import ByExamples, ByModel, Sample, sample_from_json
from memex.memory import Memex
from memex.wire import Json


class JudgeRoom:
    """The route of the judge."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._memex = memex

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [Route("/v1/judge", self.judge, methods=["POST"])]

    async def judge(self, request: Request) -> Response:
        """Judge one answer by labelled ones: "right" is null where the model does not say."""
        sample, *examples = _samples(await streams.body(request))
        judge = ByExamples(ByModel(self._memex.language_model))
        right = await run_in_threadpool(judge.judge, sample, examples)
        return JSONResponse({"right": right, "model": judge.name})


def _samples(fields: Json) -> list[Sample]:
    """What is to be judged, then the examples. Raises `InvalidRequest`."""
    try:
        return [sample_from_json(each) for each in (fields["sample"], *fields["examples"])]
    except (KeyError, TypeError) as error:
        raise InvalidRequest(f"This is nothing to judge: {error!r}.") from error

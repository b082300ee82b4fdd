"""Digests: pages about people and topics, and what a day or week brought."""

from __future__ import annotations

from itertools import count
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.answer.spelled import spelled
from memex.api import streams
from memex.digests.digest import DAYS, Digest, digest_of_days, digest_of_name
from memex.digests.page import Moment, Page, Times, page
from memex.errors import InvalidRequest
from memex.memory import Memex
from memex.times import here
from memex.wire import Json, time_to_json

LONGEST: Final = 200
"""Characters of a name."""
MOST: Final = 100
"""Quotes of a page."""


class DigestRoom:
    """The routes of digests."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._library = memex.library

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/about", self.about, methods=["POST"]),
            Route("/v1/digest", self.digest, methods=["POST"]),
        ]

    async def about(self, request: Request) -> Response:
        """What is remembered of a name."""
        name, limit = _asked(await streams.body(request))
        found = await run_in_threadpool(page, name, self._library, limit)
        return JSONResponse(_page_json(found))

    async def digest(self, request: Request) -> Response:
        """What was decided, promised, said and read: today, yesterday, this week, of a name."""
        name, limit = _asked(await streams.body(request))
        which = name.strip().casefold()
        if which in DAYS:
            found = await run_in_threadpool(digest_of_days, which, here(), self._library, limit)
        else:
            found = await run_in_threadpool(digest_of_name, name, self._library, limit)
        return JSONResponse(_digest_json(found))


def _asked(fields: Json) -> tuple[str, int]:
    """What is asked for, and how many lines. Raises `InvalidRequest`."""
    name, limit = streams.text(fields, "name"), _limit(fields)
    if not any(map(str.isalnum, name)) or len(name) > LONGEST:
        raise InvalidRequest(
            f"A name has at least one letter, and at most {LONGEST} characters.",
            "Name a person or a topic; `memex ask` takes questions.",
        )
    return name, limit


def _limit(fields: Json) -> int:
    limit = fields.get("limit", 8)
    if not isinstance(limit, int) or not 0 <= limit <= MOST:
        raise InvalidRequest(f"The limit must lie between 0 and {MOST}.")
    return limit


def _page_json(found: Page) -> Json:
    """A page, as `--json` prints it."""
    return {
        "name": found.name,
        "found": found.found,
        "person": found.person,
        "spoke": _times_json(found.spoke),
        "wrote": _times_json(found.wrote),
        "mentioned": _times_json(found.mentioned),
        "with": [{"name": name, "documents": count} for name, count in found.company],
        "quotes": [{"n": n, **_quote_json(quote)} for n, quote in enumerate(found.quotes, start=1)],
        "several": list(found.several),
        "near": list(found.near),
    }


def _times_json(times: Times | None) -> Json | None:
    if times is None:
        return None
    return {
        "documents": times.documents,
        "segments": times.segments,
        "first": moment_json(times.first),
        "last": moment_json(times.last),
    }


def _digest_json(found: Digest) -> Json:
    """A digest, as `--json` prints it; its lines are numbered through."""
    numbers = count(1)
    groups = {
        name: [{"n": next(numbers), **_quote_json(each)} for each in group.moments]
        for name, group in found.groups.items()
    }
    return {
        "name": found.name,
        "since": time_to_json(found.since),
        "until": time_to_json(found.until),
        "found": any(group.moments or group.more for group in found.groups.values()),
        **groups,
        "more": {name: group.more for name, group in found.groups.items()},
        "near": list(found.near),
    }


def _quote_json(moment: Moment) -> Json:
    """A citation with what it says, and that with the dates which its relative times mean."""
    dated = spelled(moment.text, moment.said_at, here().tzinfo)
    return {**moment_json(moment), "text": moment.text, "spelled": dated}


def moment_json(moment: Moment) -> Json:
    """A citation, as `--json` prints it."""
    return {
        "document": moment.source.id,
        "title": moment.source.title,
        "kind": moment.source.kind,
        "uri": moment.source.uri,
        "start": moment.start,
        "end": moment.end,
        "page": moment.page,
        "heading": moment.heading,
        "speaker": moment.speaker,
        "said_at": time_to_json(moment.said_at),
    }

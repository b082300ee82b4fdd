"""Retention: the rules with what they cover, what they would let go, and letting it go."""

from __future__ import annotations

from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.expiry import Covered, Expiry, Gone
from memex.retention import Lifetime
from memex.wire import Json


class Retention:
    """The routes of retention."""

    def __init__(self, expiry: Expiry) -> None:
        """Over one memory."""
        self._expiry = expiry

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/retention", self.show),
            Route("/v1/retention/apply", self.apply, methods=["POST"]),
        ]

    def show(self, _: Request) -> Response:
        """The classes, and what is due."""
        return JSONResponse(
            {
                "classes": [_class(each) for each in self._expiry.covered()],
                "due": [_gone(each) for each in self._expiry.due()],
            }
        )

    async def apply(self, request: Request) -> Response:
        """Let go what is due, or only say what that is (`dry_run`)."""
        dry = bool((await streams.body(request))["dry_run"])
        gone = await run_in_threadpool(self._expiry.due if dry else self._expiry.apply)
        return JSONResponse({"dry_run": dry, "gone": [_gone(each) for each in gone]})


def _class(covered: Covered) -> Json:
    """A class, as `retention show --json` prints it."""
    return {
        "name": covered.name,
        "audio": _days(covered.audio),
        "transcripts": _days(covered.transcripts),
        "documents": covered.documents,
        "sounds": covered.sounds,
        "bytes": covered.size,
    }


def _gone(gone: Gone) -> Json:
    """What goes of a document, as `retention apply --json` prints it."""
    holding = gone.due.holding
    return {
        "document": holding.document_id,
        "title": holding.title,
        "class": gone.due.name,
        "added_at": holding.added_at.isoformat(),
        "sounds": [sound.uri for sound in gone.due.sounds],
        "bytes": gone.size,
        "transcript": gone.due.words,
    }


def _days(lifetime: Lifetime) -> float | None:
    return None if lifetime is None else lifetime / timedelta(days=1)

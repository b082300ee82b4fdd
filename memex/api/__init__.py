"""The daemon's interface: HTTP on a unix socket. What takes long or comes in
pieces is a stream of JSON lines.

A room a module: `documents`, `questions`, `digests` (what is remembered of whom), `intake`
(spool, watched files, progress), `live` (what is being said), `feeds` (podcasts), `people`
(who speaks), `names` (that may be said), `traces` (what was asked), `searches` (saved),
`cases` (for evals), `judging` (of answers), `tuning` (learning from marks), `upkeep` (status,
reindexing, forgetting), `retention`, `soundness` (looking for damage). Operations that change
the memory run to their end in a thread of their own, whether or not the client that asked still
listens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from memex import __version__
from memex.api.cases import CaseRoom
from memex.api.digests import DigestRoom
from memex.api.documents import Documents
from memex.api.feeds import FeedRoom
from memex.api.intake import Intake
from memex.api.judging import JudgeRoom
from memex.api.live import LiveRoom
from memex.api.names import NameRoom
from memex.api.people import PeopleRoom
from memex.api.questions import Questions
from memex.api.retention import Retention
from memex.api.searches import SearchRoom
from memex.api.soundness import Soundness
from memex.api.traces import TraceRoom
from memex.api.tuning import TuningRoom
from memex.api.upkeep import Upkeep
from memex.config import Paths
from memex.daemons import running
from memex.errors import InvalidRequest, MemexError, NotFound, error_to_json
from memex.expiry import Expiry
from memex.live import LiveBoard
from memex.memory import Memex
from memex.progress import Board
from memex.spool import Spool

HTTP_STATUS: Final[Mapping[type[MemexError], int]] = {NotFound: 404, InvalidRequest: 400}
"""Of an error's class; 500 for the others."""


class Api:
    """The routes, over one memory."""

    def __init__(self, memex: Memex, paths: Paths) -> None:
        """Serve `memex`, whose data lie at `paths`."""
        self.board = Board()
        self.live = LiveBoard(lambda: running(paths, "memex-ears"))
        spool = Spool(paths.spool)
        self.expiry = Expiry(memex, paths, spool)
        intake = Intake(memex, paths, spool, self.board)
        self._rooms = (
            Documents(memex),
            Questions(memex, paths.asked),
            DigestRoom(memex),
            intake,
            LiveRoom(self.live, memex.library.people),
            NameRoom(memex),
            FeedRoom(memex, paths.feeds_due),
            PeopleRoom(memex, paths, spool),
            Upkeep(memex, paths, spool, intake),
            Retention(self.expiry),
            Soundness(memex),
            TraceRoom(memex),
            SearchRoom(memex),
            CaseRoom(memex),
            JudgeRoom(memex),
            TuningRoom(memex),
        )

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [route for room in self._rooms for route in room.routes()]
        handlers: Any = {MemexError: _failed, HTTPException: _refused, Exception: _broke}
        return Starlette(routes=routes, exception_handlers=handlers)


def _failed(_: Request, error: MemexError) -> JSONResponse:
    status = next((code for kind, code in HTTP_STATUS.items() if isinstance(error, kind)), 500)
    return JSONResponse(error_to_json(error), status_code=status)


def _refused(_: Request, error: HTTPException) -> JSONResponse:
    """No such route: a client of another version, most likely."""
    fault = InvalidRequest(f"memexd {__version__} refuses this: {error.detail}.", "Update Memex.")
    return JSONResponse(error_to_json(fault), status_code=error.status_code)


def _broke(_: Request, error: Exception) -> JSONResponse:
    """A fault of ours. It is logged whole by the server; whoever asked is told, so that
    nobody takes it for a daemon that is away, and asks again for ever.
    """
    fault = MemexError(f"The daemon failed ({type(error).__name__}).", "See `memex doctor`.")
    return JSONResponse(error_to_json(fault), status_code=500)

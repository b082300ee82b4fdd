"""People: whose voices are known, and what they are called."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.api import streams
from memex.changes import Renamed
from memex.chips import renamed
from memex.config import Paths
from memex.errors import NotFound, StorageError
from memex.forgetting import Forgetting
from memex.memory import Memex
from memex.spool import Spool
from memex.wire import known_to_json, voiceprint_from_json

TOGETHER: Final = 32
"""Documents that are indexed again at a time."""


class PeopleRoom:
    """The routes of people. A name that changes is written to all that was said and to saved
    searches, what says it is indexed again, and whoever shows it is told.
    """

    def __init__(self, memex: Memex, paths: Paths, spool: Spool) -> None:
        """Over one memory, whose data lie at `paths`."""
        self._memex = memex
        self._people = memex.library.people
        self._due = paths.run / "wipe.due"
        self._forgetting = Forgetting(memex, paths, spool)

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [
            Route("/v1/people", self.catalogue, methods=["GET"]),
            Route("/v1/people/name", self.name, methods=["POST"]),
            Route("/v1/people/merge", self.merge, methods=["POST"]),
            Route("/v1/people/forget", self.forget, methods=["POST"]),
            Route("/v1/people/enrol", self.enrol, methods=["POST"]),
        ]

    def catalogue(self, _: Request) -> Response:
        """Everybody whose voice is known."""
        return JSONResponse({"people": [known_to_json(each) for each in self._people.all()]})

    async def name(self, request: Request) -> Response:
        """Say who a voice is."""
        fields = await streams.body(request)
        who, name = streams.text(fields, "who"), streams.text(fields, "name")
        owner = bool(fields.get("owner"))
        return await self._changed(who, name, lambda: self._people.name(who, name, owner=owner))

    async def merge(self, request: Request) -> Response:
        """Two are one."""
        fields = await streams.body(request)
        into, other = streams.text(fields, "into"), streams.text(fields, "other")
        return await self._changed(other, into, lambda: self._people.merge(into, other))

    async def forget(self, request: Request) -> Response:
        """Remove a voice, or a person with all their voices, from library and index, and
        from the bytes of both.
        """
        who = streams.text(await streams.body(request), "who")
        await run_in_threadpool(self._note_due)
        reply = await self._changed(who, None, lambda: self._people.forget(who))
        await run_in_threadpool(self._forgetting.finish)
        return reply

    async def enrol(self, request: Request) -> Response:
        """Learn how somebody sounds."""
        fields = await streams.body(request)
        voice = voiceprint_from_json({"label": "", **fields["voice"]})
        name, owner = streams.text(fields, "name"), bool(fields.get("owner"))
        await run_in_threadpool(self._people.enrol, name, voice, owner=owner)
        return Response(status_code=204)

    async def _changed(
        self, who: str, name: str | None, change: Callable[[], set[str]]
    ) -> Response:
        """Carry out a change, by which somebody is called otherwise; index again what says so now,
        and say how much that is.
        """

        def run() -> int:
            before = self._people.called(who)
            documents = change()
            now = None if name is None else self._people.called(name)
            if now:
                self._memex.library.searches.rewrite(lambda query: renamed(query, before, now))
            self._index_again(sorted(documents))
            if now != before:
                self._memex.changes.note(Renamed(before, now))
            return len(documents)

        return JSONResponse({"documents": await run_in_threadpool(run)})

    def _index_again(self, document_ids: list[str]) -> None:
        """What breaks off here is done by the next start."""
        indexer = self._memex.indexer
        indexer.discard(*document_ids)
        for first in range(0, len(document_ids), TOGETHER):
            documents = []
            for id_ in document_ids[first : first + TOGETHER]:
                with suppress(NotFound):  # it was forgotten meanwhile
                    documents.append(self._memex.library.document(id_))
            for _ in indexer.add(*documents):
                pass

    def _note_due(self) -> None:
        """The bytes are to be wiped, whatever happens meanwhile. Raises `StorageError`."""
        try:
            self._due.write_text(secrets.token_hex(8), encoding="utf-8")
        except OSError as error:
            raise StorageError(
                f"{self._due} cannot be written: {error.strerror}.", "Mend its permissions."
            ) from error

"""Names: those that may come up in what is said now, for whoever recognises it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memex.memory import Memex
from memex.names import Mentions, likely, names_in
from memex.types import Document

READ: Final = 2_000_000
"""Characters of what was read last that are looked through."""
NOUNS: Final = frozenset({"de", "lb"})
"""Languages that write every noun with a capital."""


class NameRoom:
    """The route of names."""

    def __init__(self, memex: Memex) -> None:
        """Over one memory."""
        self._library = memex.library

    def routes(self) -> list[Route]:
        """The routes of the room."""
        return [Route("/v1/names", self.catalogue, methods=["GET"])]

    def catalogue(self, _: Request) -> Response:
        """The likely names, likeliest first. What was recognised names nobody: a name that
        was misheard once would be heard for ever.
        """
        now = datetime.now(UTC)
        people = frozenset(each.name for each in self._library.people.all() if each.named)
        read = [
            (at, document)
            for at, document in self._library.recently_read(READ)
            if document.language not in NOUNS
        ]
        return JSONResponse({"names": likely([Mentions(people, now), *_mentions(read)], now)})


def _mentions(read: Sequence[tuple[datetime, Document]]) -> Iterator[Mentions]:
    """The names in each document, by when it was read."""
    texts = [[segment.text for segment in document.segments] for _, document in read]
    names = set(names_in(text for some in texts for text in some))
    for (at, document), some in zip(read, texts, strict=True):
        own = names.intersection(names_in(some))
        own.update(segment.speaker for segment in document.segments if segment.speaker)
        yield Mentions(frozenset(own | ({document.author} if document.author else set())), at)

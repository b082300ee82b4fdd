"""What was heard before its original was known: a podcast that played in the kitchen, and was
fetched an hour later.

When a recording is remembered, live documents of the last weeks that say some of it are
parted (`memex.overheard`), as they would have been with the recording there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from memex.alignment import spoken
from memex.errors import NotFound
from memex.index import Index
from memex.indexer import Indexer
from memex.library import Library
from memex.overheard import PAUSE, PLAYED, found, overhear, windows
from memex.protocols import Filters
from memex.types import GROWING, Document

BACK: Final = timedelta(days=30)
"""How far back it is looked."""


def look_back(original: Document, library: Library, indexer: Indexer, now: datetime) -> int:
    """Part what was heard of a document that is in the index by now; how many live documents
    are gone by that, with all they said. What a crash leaves undone stays so: it is there
    twice. Raises `IndexDamaged`, `StorageError`.
    """
    if original.live or original.kind not in PLAYED:
        return 0
    gone = 0
    for heard in _heard(original, library, indexer.serving.index, now - BACK, now):
        parted = overhear(heard, library, indexer.serving.index)
        if parted.echoes and library.part(heard, parted.own, parted.echoes):
            if parted.own is None:
                indexer.remove(heard.id)
                gone += 1
            else:
                for _ in indexer.add(parted.own):
                    pass
    return gone


def _heard(
    original: Document, library: Library, index: Index, since: datetime, until: datetime
) -> Iterator[Document]:
    """The live documents that may have it, and those of the same minutes, in whose few words
    it may have gone on; oldest first, each as it is when its turn comes.
    """
    if not library.heard(since, until, most=1):
        return
    times: dict[str, datetime] = {}
    for document in _documents(_like(original, library, index, Filters(since=since)), library):
        began = document.created_at
        if document.live and began is not None:
            ended = began + timedelta(seconds=document.duration or 0.0)
            for near in library.heard(began - PAUSE, ended + PAUSE):
                if near.created_at is not None:
                    times[near.id] = near.created_at
    for document in _documents(sorted(times, key=lambda id_: times[id_]), library):
        if GROWING not in document.attributes:
            yield document


def _documents(ids: Iterable[str], library: Library) -> Iterator[Document]:
    """Each as it is when its turn comes; one that was forgotten meanwhile is left out."""
    for id_ in ids:
        try:
            document = library.document(id_)
        except NotFound:
            continue
        yield document


def _like(original: Document, library: Library, index: Index, filters: Filters) -> set[str]:
    """Current documents that have some of its words in a row."""
    ids: set[str] = set()
    for _, window in windows(spoken(original.segments)):
        ids |= {passage.document_id for passage in found(window, index, filters)}
    return library.among(ids - {original.id})

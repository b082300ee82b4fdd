"""The memory itself: library, index and models wired together."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from memex.answer import NOT_FOUND, answer
from memex.answer.write import warm
from memex.config import Config
from memex.errors import InvalidRequest, MemexError
from memex.indexer import Indexer
from memex.library import Library
from memex.models.loading import load_embedder, load_language_model
from memex.models.registry import chosen
from memex.protocols import (
    NO_FILTERS,
    Embedder,
    Filters,
    LanguageModel,
    Remembered,
    Retracted,
    Step,
    Token,
)
from memex.reader import LazyReader
from memex.recall import recall
from memex.types import Answer, Copy, Document, Hit

MAX_QUERY: Final = 2_000
"""Characters of a query or question."""
MAX_LIMIT: Final = 1_000
"""Hits of one search."""
ASK_LIMIT: Final = 10
"""Passages from which an answer is written."""

_log = logging.getLogger(__name__)


class Memex:
    """`memex.protocols.Memory` in this process. Methods may be called from several threads."""

    def __init__(
        self,
        library: Library,
        indexer: Indexer,
        embedder: Embedder,
        language_model: LanguageModel,
    ) -> None:
        """Wire what is given; `open_memex` makes the real parts."""
        self.library = library
        self.indexer = indexer
        self._embedder = embedder
        self._language_model = language_model
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="candidates")

    def close(self) -> None:
        """Stop what is under way and close the files."""
        self.indexer.stop()
        self._executor.shutdown(cancel_futures=True)
        self.library.close()

    def warm(self) -> None:
        """Load the reader and read its instruction once, so that the first answer is not
        the slow one. Raises `ModelError`.
        """
        warm(self._language_model)

    def remember(
        self, document: Document, *, sha256: str, size: int
    ) -> Iterator[Step | Remembered]:
        """Store and index a document; the last item is the `Remembered`.

        It is safe in the library before the first `Step`; a crash after that
        only leaves the index behind, which the next start makes good.
        """
        copy = Copy(
            document_id=document.id,
            uri=document.uri,
            sha256=sha256,
            kind=document.kind,
            title=document.title,
            size=size,
            added_at=datetime.now(UTC),
        )
        new = self.library.add(document, copy)
        passages = 0
        for item in self.indexer.add(document):
            if isinstance(item, Step):
                yield item
            else:
                passages = item
        yield Remembered(document.id, new, passages)

    def recall(self, query: str, *, limit: int = 10, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The passages that answer best, best first. Raises `InvalidRequest`."""
        _check_query(query, limit)
        shelf = self.indexer.serving
        return recall(
            shelf.index,
            shelf.embedder,
            query,
            limit=limit,
            filters=filters,
            executor=self._executor,
        )

    def ask(
        self, question: str, *, filters: Filters = NO_FILTERS
    ) -> Iterator[Token | Retracted | Answer]:
        """Answer from what is remembered; the last item is the `Answer`."""
        hits = self.recall(question, limit=ASK_LIMIT, filters=filters)
        if not hits:
            yield NOT_FOUND
            return
        yield from answer(question, hits, self.library, self._embedder, self._language_model)

    def forget(self, document_id: str) -> None:
        """Remove a document from library and index. Raises `NotFound`."""
        self.library.remove(document_id)
        self.indexer.remove(document_id)

    def status(self) -> Mapping[str, object]:
        """Documents by kind, passages, models, and how far the index is."""
        progress = self.indexer.progress
        return {
            "documents": self.library.counts(),
            "passages": len(self.indexer.serving.index),
            "models": {
                "embedding": self._embedder.model,
                "reader": self._language_model.model,
            },
            "indexing": None
            if progress is None
            else {"done": int(progress.done), "total": int(progress.total or 0)},
        }


def open_memex(config: Config) -> Memex:
    """Make a `Memex` of the real parts. Raises `ModelError`, `StorageError`."""
    config.paths.create()
    library = Library(config.paths.library)
    embedder = load_embedder(config)

    indexer = Indexer(library, config.paths.index, embedder, partial(_older, config))
    reader = LazyReader(chosen(config.models, "reader"), partial(load_language_model, config))
    return Memex(library, indexer, embedder, reader)


def _older(config: Config, model: str) -> Embedder | None:
    """The embedder of an older index, if it is still at hand."""
    name = model.partition("@")[0]
    try:
        found = load_embedder(replace(config, models=replace(config.models, embedding=name)))
    except MemexError as error:
        _log.warning("the vectors of %s cannot be searched meanwhile: %s", model, error)
        return None
    return found if found.model == model else None


def _check_query(query: str, limit: int) -> None:
    if not query.strip():
        raise InvalidRequest("The question is empty.", "Say what you look for.")
    if len(query) > MAX_QUERY:
        raise InvalidRequest(
            f"The question is too long ({len(query):,} characters; at most {MAX_QUERY:,}).",
            "Ask for one thing in a sentence; `memex add` remembers a long text.",
        )
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequest(f"The limit must lie between 1 and {MAX_LIMIT:,}.", "")

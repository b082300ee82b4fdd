"""The indexer keeps the index in step with the library.

It knows two tables at most: the one that serves and, after the embedding model
changed or a rebuild was asked for, the one that is being filled to replace it.
Until that one is whole the old one is searched, and what is remembered
meanwhile goes into both.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from memex.errors import DaemonUnavailable, NotFound
from memex.index import STALE_ROWS, Identity, Index, drop, identities
from memex.library import Library
from memex.passages import indexed_text, split
from memex.protocols import Embedder, Step
from memex.types import Document, Passage

if TYPE_CHECKING:
    from memex.protocols import Vectors

BATCH: Final = 32
"""Passages embedded between two looks at the clock, the progress and the stop sign."""
GRACE: Final = 5.0
"""Seconds that searches under way on a replaced table are given to finish."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A table, and the embedder whose vectors are in it (None when it is not at hand)."""

    index: Index
    embedder: Embedder | None


class Indexer:
    """Writes what the library holds into the index, and says which table to search."""

    def __init__(
        self,
        library: Library,
        directory: Path,
        embedder: Embedder,
        older: Callable[[str], Embedder | None],
    ) -> None:
        """Open the tables; nothing is embedded before `reconcile`.

        `older` loads the embedder of an older table by its name, or says None.
        """
        self._library = library
        self._directory = directory
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self.grace = GRACE
        self.progress: Step | None = None
        """How far `reconcile` is; None when the index is in step."""
        wanted = Identity(embedder.model, embedder.dimension)
        known = identities(directory)
        ours = [i for i in known if replace(i, generation=0) == wanted]
        newest = max(ours, key=lambda identity: identity.generation, default=wanted)
        self._target = Shelf(Index(directory, newest), embedder)
        self._indexed = self._target.index.documents()
        self._serving = self._target
        others = [identity for identity in known if identity != newest]
        if others and self._library.ids() - self._indexed:
            old = others[-1]
            self._serving = Shelf(
                Index(directory, old),
                embedder if old.model == embedder.model else older(old.model),
            )

    @property
    def serving(self) -> Shelf:
        """The table to search."""
        return self._serving

    def add(self, document: Document) -> Iterator[Step | int]:
        """Index a document; the last item is the number of its passages.

        Does nothing when it is there. Searches find it as soon as this is done.
        """
        with self._writing:
            passages = split(document)
            if document.id not in self._indexed:
                yield from self._add_to(self._target, document, passages)
                if self._serving is not self._target:
                    yield from self._add_to(self._serving, document, passages)
                self._indexed.add(document.id)
            yield len(passages)
        if self._target.index.stale() > STALE_ROWS:
            self._target.index.optimise()

    def _add_to(self, shelf: Shelf, document: Document, passages: list[Passage]) -> Iterator[Step]:
        """Embed in batches, then write all rows at once: a document is there or not."""
        batches: list[Vectors] = []
        if shelf.embedder is not None:
            for first in range(0, len(passages), BATCH):
                self._check_stopped()
                texts = [indexed_text(passage) for passage in passages[first : first + BATCH]]
                batches.append(shelf.embedder.encode_documents(texts))
                done = first + len(texts)
                yield Step("embedding", done, len(passages), "passages")
        shelf.index.remove(document.id)
        shelf.index.add(passages, np.concatenate(batches) if batches else None)

    def remove(self, document_id: str) -> None:
        """Take a document out of the index."""
        with self._writing:
            for shelf in (self._target, self._serving):
                shelf.index.remove(document_id)
            self._indexed.discard(document_id)

    def reconcile(self) -> Iterator[Step]:
        """Bring the index in step with the library, document by document.

        Interrupted, it goes on where it stopped. Then the new table serves and
        the old ones are dropped.
        """
        remembered = self._library.ids()
        for gone in self._indexed - remembered:
            self.remove(gone)
        missing = sorted(remembered - self._indexed)
        for number, document_id in enumerate(missing):
            self.progress = Step("indexing", number, len(missing), "documents")
            yield self.progress
            self._restore(document_id)
        if self._serving is not self._target:
            self._serving = self._target
            self._stopped.wait(self.grace)
        for identity in identities(self._directory):
            if identity != self._target.index.identity:
                drop(self._directory, identity)
        self._target.index.optimise()
        self.progress = None
        yield Step("indexing", len(missing), len(missing), "documents")

    def _restore(self, document_id: str) -> None:
        """Index one document of the library, unless it was forgotten meanwhile."""
        try:
            document = self._library.document(document_id)
        except NotFound:
            return
        for _ in self.add(document):
            pass

    def rebuild(self) -> Iterator[Step]:
        """Make the index again from the library, while the old one is searched."""
        with self._writing:
            old = self._serving.index.identity
            fresh = replace(
                self._target.index.identity,
                generation=self._target.index.identity.generation + 1,
            )
            _log.info("rebuilding %s as %s", old.table, fresh.table)
            self._target = Shelf(Index(self._directory, fresh), self._target.embedder)
            self._indexed = set()
        yield from self.reconcile()

    def stop(self) -> None:
        """Break off an embedding under way; what is not written yet is done at the next start."""
        self._stopped.set()

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise DaemonUnavailable(
                "Memex is shutting down.", "The rest is indexed when it starts again."
            )

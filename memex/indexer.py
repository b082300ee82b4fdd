"""The indexer keeps the index in step with the library.

It knows two tables at most: the one that serves and, after the embedding model
changed or a rebuild was asked for, the one that is being filled to replace it.
Until that one is whole the old one is searched, and what is remembered
meanwhile goes into both.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from memex.errors import DaemonUnavailable, IndexDamaged, NotFound
from memex.index import Identity, Index, identities, set_aside, sweep
from memex.index.upkeep import Upkeep
from memex.library import Library
from memex.passages import indexed_text, split
from memex.protocols import Embedder, Step
from memex.tokens import Embedded, embed
from memex.types import Document, Passage

BATCH: Final = 256
"""Passages embedded between two looks at the clock, the progress and the stop sign."""
TOGETHER: Final = 256
"""Documents that `reconcile` writes at once, at most."""
CHARACTERS: Final = 200_000
"""Characters of them after which it writes: some 250 passages."""
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
        self._behind = threading.Event()
        self._behind.set()  # until `reconcile` has looked
        self._upkeep = Upkeep()
        self.grace = GRACE
        self.progress: Step | None = None
        """How far `reconcile` is; None when the index is in step."""
        self.damage = ""
        """What was found damaged and made again, until somebody is told."""
        self.looking = threading.Lock()
        """Held by whoever looks the index over: one at a time."""
        self.suspected = False
        """Whether a search found it damaged since it was last looked over."""
        wanted = Identity(embedder.model, embedder.dimension)
        known = identities(directory)
        ours = [i for i in known if replace(i, generation=0) == wanted]
        newest = max(ours, key=lambda identity: identity.generation, default=wanted)
        self._target = Shelf(Index(directory, newest), embedder)
        self._indexed = self._target.index.documents()
        self._unsure: set[str] = set()
        """Documents whose writing broke off: some of their rows may be there."""
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

    @property
    def replacing(self) -> bool:
        """Whether another table is being made to be searched instead."""
        return self._serving is not self._target

    def add(self, *documents: Document) -> Iterator[Step | list[int]]:
        """Index documents; the last item has the number of passages of each.

        Does nothing for those that are there, unless they were heard live and have grown,
        and for those that are not current (any more). Searches find them as soon as this is
        done. Several may embed at the same time; one writes.
        """
        cut = {document.id: split(document) for document in documents}
        wanted = [d for d in documents if d.live or d.id not in self._indexed]
        with self._noticing():
            embedded = yield from self._embedded(self._target.embedder, wanted, cut)
            with self._writing:  # so that no answer of the library's is old when acted upon
                self._write(self._due(wanted), cut, embedded)
        yield [len(cut[document.id]) for document in documents]
        self._upkeep.look(self._target.index)

    def _due(self, documents: Sequence[Document]) -> list[Document]:
        """Those that are still to be found as they are here."""
        current = self._library.among(document.id for document in documents)
        return [
            document
            for document in documents
            if document.id in current and (not document.live or self._library.says(document))
        ]

    def _embedded(
        self,
        embedder: Embedder | None,
        documents: Sequence[Document],
        cut: Mapping[str, Sequence[Passage]],
    ) -> Generator[Step, None, dict[str, Embedded]]:
        """The passages of each document as the embedder reads them, in batches; none without."""
        texts = [indexed_text(passage) for document in documents for passage in cut[document.id]]
        if embedder is None or not texts:
            return {}
        order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        vectors = np.empty((len(texts), embedder.dimension), dtype=np.float32)
        signs = [b""] * len(texts)
        for first in range(0, len(texts), BATCH):
            self._check_stopped()
            batch = order[first : first + BATCH]  # of about the same length: little padding
            read = embed(embedder, [texts[position] for position in batch])
            vectors[batch] = read.vectors
            for position, each in zip(batch, read.signs, strict=True):
                signs[position] = each
            yield Step("embedding", first + len(batch), len(texts), "passages")
        found: dict[str, Embedded] = {}
        first = 0
        for document in documents:
            own = slice(first, first + len(cut[document.id]))
            found[document.id] = Embedded(vectors[own], signs[own])
            first = own.stop
        return found

    def _write(
        self,
        documents: Sequence[Document],
        cut: Mapping[str, list[Passage]],
        embedded: Mapping[str, Embedded],
    ) -> None:
        """Write the rows of all of them at once: they are there or not."""
        if not documents:
            return
        ids = [document.id for document in documents]
        there = [id_ for id_ in ids if id_ in self._indexed or id_ in self._unsure]
        self._indexed.difference_update(ids)
        self._unsure.update(ids)
        _put(self._target, there, ids, cut, embedded)
        if self._serving is not self._target:
            if self._serving.embedder is not self._target.embedder:
                older = self._embedded(self._serving.embedder, documents, cut)
                embedded = _run(older)
            _put(self._serving, ids, ids, cut, embedded)
        self._indexed.update(ids)
        self._unsure.difference_update(ids)

    def has(self, document_id: str) -> bool:
        """Whether a document is indexed."""
        return document_id in self._indexed

    def remove(self, *document_ids: str) -> None:
        """Take documents out of the index, unless they are current (again)."""
        if not document_ids:
            return
        with self._writing, self._noticing():
            gone = set(document_ids) - self._library.among(document_ids)
            if gone:
                self._take_out(gone)

    def discard(self, *document_ids: str) -> None:
        """Take documents out of the index, current or not: what is there of them is wrong.
        `reconcile` puts those back that are current.
        """
        if document_ids:
            with self._writing, self._noticing():
                self._take_out(set(document_ids))

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """What breaks off inside leaves the index behind the library."""
        try:
            yield
        except BaseException:
            self._behind.set()
            raise

    def _take_out(self, document_ids: set[str]) -> None:
        for shelf in {id(shelf): shelf for shelf in (self._target, self._serving)}.values():
            shelf.index.remove(*document_ids)
        self._indexed.difference_update(document_ids)

    def purge(self) -> None:
        """Take what was removed off the disk. Searches go on; additions wait a while."""
        with self._upkeep.aside():  # purging folds, too
            for shelf in {id(shelf): shelf for shelf in (self._target, self._serving)}.values():
                shelf.index.purge()

    def reconcile(self) -> Iterator[Step]:
        """Bring the index in step with the library, some documents at a time.

        Interrupted, it goes on where it stopped. Then the new table serves and
        the old ones are dropped.
        """
        try:
            with self._noticing():
                yield from self._reconcile()
        finally:
            self.progress = None

    def _reconcile(self) -> Iterator[Step]:
        self.progress = Step("indexing", 0, 0, "documents")  # or it looks settled before it is
        self._behind.clear()
        self.remove(*self._indexed)
        missing = sorted(self._library.ids() - self._indexed)
        done = 0
        while done < len(missing):
            self.progress = Step("indexing", done, len(missing), "documents")
            yield self.progress
            done += self._restore(missing[done:])
        if self._serving is not self._target:
            self._serving = self._target
            self._stopped.wait(self.grace)
        sweep(self._directory, self._target.index.identity)
        self._upkeep.look(self._target.index)
        self.progress = None
        yield Step("indexing", len(missing), len(missing), "documents")

    def _restore(self, document_ids: Sequence[str]) -> int:
        """Index the first documents of these from the library, as many as go together well:
        each write is a version of the table. One that was forgotten meanwhile is passed
        over. How many are done.
        """
        together: list[Document] = []
        characters = taken = 0
        for id_ in document_ids[:TOGETHER]:
            taken += 1
            with suppress(NotFound):
                together.append(self._library.document(id_))
                characters += sum(len(segment.text) for segment in together[-1].segments)
            if characters >= CHARACTERS:
                break
        for _ in self.add(*together):
            pass
        return taken

    def rebuild(self) -> Iterator[Step]:
        """Make the index again from the library, while the old one is searched."""
        self._begin_anew()
        yield from self.reconcile()

    def renew(self) -> Iterator[Step]:
        """Make the index again from the library, and search what there is of it meanwhile:
        the old one is damaged.
        """
        self._begin_anew()
        with self._writing:
            self._serving = self._target
        yield from self.reconcile()

    def _begin_anew(self) -> None:
        """Fill a new, empty table from now on."""
        with self._writing:
            old = self._serving.index.identity
            fresh = replace(
                self._target.index.identity,
                generation=self._target.index.identity.generation + 1,
            )
            _log.info("rebuilding %s as %s", old.table, fresh.table)
            self._target = Shelf(Index(self._directory, fresh), self._target.embedder)
            self._indexed, self._unsure = set(), set()

    def afresh(self) -> tuple[Index, frozenset[str]]:
        """The table that is written, opened once more so that nothing of it is remembered
        from before, and the documents that are in it at this moment. Raises `IndexDamaged`.
        """
        with self._writing:
            identity = self._target.index.identity
            return Index(self._directory, identity), frozenset(self._indexed)

    def suspect(self) -> None:
        """A search found the index damaged: whoever waits for `fell_behind` is to look."""
        self.suspected = True
        self._behind.set()

    def stop(self) -> None:
        """Break off an embedding under way; what is not written yet is done at the next start."""
        self._stopped.set()
        self._behind.set()
        self._upkeep.stop()

    @property
    def settled(self) -> bool:
        """Whether nothing is under way, and nothing is due."""
        return self.progress is None and not self._behind.is_set() and not self.looking.locked()

    def fell_behind(self) -> bool:
        """Wait until something could not be indexed, and `reconcile` is due; False when
        it is time to stop.
        """
        self._behind.wait()
        return not self._stopped.is_set()

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise DaemonUnavailable(
                "Memex is shutting down.", "The rest is indexed when it starts again."
            )


def _put(
    shelf: Shelf,
    there: Sequence[str],
    ids: Sequence[str],
    cut: Mapping[str, list[Passage]],
    embedded: Mapping[str, Embedded],
) -> None:
    """Write the passages of documents, in place of what may be there of some."""
    passages = [passage for id_ in ids for passage in cut[id_]]
    read = [embedded[id_] for id_ in ids if id_ in embedded and shelf.embedder]
    vectors = np.concatenate([each.vectors for each in read]) if read else None
    signs = [of for each in read for of in each.signs]
    if there:
        shelf.index.replace(there, passages, vectors, signs)
    else:
        shelf.index.add(passages, vectors, signs)


def _run(steps: Generator[Step, None, dict[str, Embedded]]) -> dict[str, Embedded]:
    """What comes of it, the steps untold."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: dict[str, Embedded] = stop.value
            return found


def open_indexer(
    library: Library,
    directory: Path,
    embedder: Embedder,
    older: Callable[[str], Embedder | None],
) -> Indexer:
    """An `Indexer`. An index whose files are damaged is set aside: `reconcile` makes it again."""
    try:
        return Indexer(library, directory, embedder, older)
    except IndexDamaged as error:
        _log.warning("%s It is made again.", error.message)
        set_aside(directory)
        opened = Indexer(library, directory, embedder, older)
        opened.damage = error.message
        return opened

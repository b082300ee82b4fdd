"""The methods that are compared, each as something that ranks passages."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from evals import metrics
from evals.bm25 import Bm25
from evals.corpus import Part
from evals.dataset import Query
from evals.stages import Stages
from memex.database import Database
from memex.index import Candidate, Identity, Index, Snapshot
from memex.passages import indexed_text
from memex.protocols import NO_FILTERS, Embedder, Step
from memex.recall import Found, Recall
from memex.recall import Served as Hits
from memex.recall.candidates import lexical, vector
from memex.recall.rank import rank
from memex.recall.spelling import alternatives, weights
from memex.recall.understand import Understood, understand
from memex.tokens import embed
from memex.types import Document, Passage
from memex.vocabulary import Vocabulary, titled, words_of

LATE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Now, where no document has a time."""
BATCH: Final = 512
"""Passages that are embedded and added at a time."""


class Searcher(Protocol):
    """Something that ranks the passages of one part."""

    def search(self, query: Query, limit: int) -> Sequence[Passage]:
        """The best passages, best first, at most `limit`."""


@runtime_checkable
class Staged(Protocol):
    """A searcher of several stages that can be looked into."""

    def stages(self, query: Query) -> Stages:
        """What stood before the hits of a query."""


Methods = Callable[[Part], AbstractContextManager[Mapping[str, Searcher]]]
"""Makes the searchers of one part, by name, and clears up after them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One candidate list of Memex, alone."""

    index: Index
    candidates: Callable[[Snapshot, str, int], Sequence[Candidate]]

    def search(self, query: Query, limit: int) -> Sequence[Passage]:
        """The list's passages."""
        with self.index.snapshot() as rows:
            return rows.passages(self.candidates(rows, query.text, limit))


@dataclass(frozen=True, slots=True)
class Served:
    """What Memex serves: all stages of `memex.recall`."""

    recall: Recall
    people: tuple[str, ...]
    now: datetime
    """When a question is asked that does not say."""

    def search(self, query: Query, limit: int) -> Sequence[Passage]:
        """The passages of the hits."""
        return [hit.passage for hit in self.serve(query, limit).hits]

    def serve(self, query: Query, limit: int) -> Hits:
        """The hits, and what was asked."""
        return self.recall.serve(self._read(query), limit)

    def stages(self, query: Query) -> Stages:
        """The stages of `memex.recall` before the last, run once more."""
        found = self.find(query, metrics.DEPTH)
        ranked = rank(found.asked, found.fused, found.passages, self.recall.weights)
        with self.recall.index.snapshot() as rows:  # nothing has moved since
            lists = {name: rows.passages(each) for name, each in found.lists.items()}
        return Stages(lists=lists, ranked=[found.passages[one.row] for one in ranked])

    def find(self, query: Query, limit: int) -> Found:
        """What the ranker is given."""
        return self.recall.find(self._read(query), limit)

    def _read(self, query: Query) -> Understood:
        return understand(query.text, query.asked_at or self.now, self.people)


def all_methods(embedder: Embedder, progress: Callable[[Step], None]) -> Methods:
    """bm25 as the reference, then Memex: its lists alone, and what it serves."""

    @contextmanager
    def methods(part: Part) -> Iterator[Mapping[str, Searcher]]:
        with served(part, embedder, progress) as whole:
            index, words = whole.recall.index, whole.recall.vocabulary

            def by_words(rows: Snapshot, query: str, limit: int) -> Sequence[Candidate]:
                other = weights(alternatives(query, words)) if words else {}
                return lexical(rows, query, other, NO_FILTERS, limit)

            def by_sense(rows: Snapshot, query: str, limit: int) -> Sequence[Candidate]:
                return vector(rows, embedder.encode_query(query), NO_FILTERS, limit)

            yield {
                "bm25": Bm25(part.passages),
                "lexical": Listed(index, by_words),
                "vector": Listed(index, by_sense),
                "memex": whole,
            }

    return methods


@contextmanager
def served(part: Part, embedder: Embedder, progress: Callable[[Step], None]) -> Iterator[Served]:
    """Memex over the passages of a part, with the words and the people in them."""
    documents = [source.document for source in part.sources]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
        index = _index(Path(folder) / "index", part.passages, embedder, progress)
        database = Database(Path(folder) / "library.db")
        try:
            vocabulary = _vocabulary(database, documents)
            yield Served(
                Recall(index, embedder, vocabulary, executor),
                _people(documents),
                max((each.created_at for each in documents if each.created_at), default=LATE),
            )
        finally:
            database.close()


def _vocabulary(database: Database, documents: Sequence[Document]) -> Vocabulary:
    """The words of some documents, counted as the library does."""
    vocabulary = Vocabulary(database)
    counts = titled(document.title for document in documents)
    for document in documents:
        counts.update(words_of(document))
    with database.transaction() as db:
        vocabulary.change(db, counts)
    return vocabulary


def _people(documents: Sequence[Document]) -> tuple[str, ...]:
    speakers = {segment.speaker for document in documents for segment in document.segments}
    return tuple(sorted(filter(None, speakers)))


def _index(
    folder: Path,
    passages: Sequence[Passage],
    embedder: Embedder,
    progress: Callable[[Step], None],
) -> Index:
    index = Index(folder, Identity(embedder.model, embedder.dimension))
    for at in range(0, len(passages), BATCH):
        batch = passages[at : at + BATCH]
        read = embed(embedder, [indexed_text(passage) for passage in batch])
        index.add(batch, read.vectors, read.signs)
        progress(Step("embedding", at + len(batch), len(passages), "passages"))
    index.optimise()
    return index

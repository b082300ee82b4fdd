"""The methods that are compared, each as something that ranks passages."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from evals.bm25 import Bm25
from evals.corpus import Part
from evals.stages import Stages
from memex.index import Candidate, Identity, Index
from memex.passages import indexed_text
from memex.protocols import NO_FILTERS, Embedder, Step
from memex.recall import recall
from memex.recall.candidates import gather, lexical, vector
from memex.recall.fuse import fuse
from memex.types import Passage

BATCH: Final = 512
"""Passages that are embedded and added at a time."""


class Searcher(Protocol):
    """Something that ranks the passages of one part."""

    def search(self, query: str, limit: int) -> Sequence[Passage]:
        """The best passages, best first, at most `limit`."""


@runtime_checkable
class Staged(Protocol):
    """A searcher of several stages that can be looked into."""

    def stages(self, query: str) -> Stages:
        """What stood before the hits of a query."""


Methods = Callable[[Part], AbstractContextManager[Mapping[str, Searcher]]]
"""Makes the searchers of one part, by name, and clears up after them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One candidate list of Memex, alone."""

    candidates: Callable[[str, int], Sequence[Candidate]]
    passages: Mapping[str, Passage]

    def search(self, query: str, limit: int) -> Sequence[Passage]:
        """The list's passages."""
        return [self.passages[found.id] for found in self.candidates(query, limit)]


@dataclass(frozen=True, slots=True)
class Served:
    """What Memex serves: all stages of `memex.recall`."""

    index: Index
    embedder: Embedder
    executor: Executor
    passages: Mapping[str, Passage]

    def search(self, query: str, limit: int) -> Sequence[Passage]:
        """The passages of the hits."""
        hits = recall(
            self.index,
            self.embedder,
            query,
            limit=limit,
            filters=NO_FILTERS,
            executor=self.executor,
        )
        return [hit.passage for hit in hits]

    def stages(self, query: str) -> Stages:
        """The stages of `memex.recall` before the last, run once more."""
        lists = gather(self.index, self.embedder, query, NO_FILTERS, self.executor)
        return Stages(
            lists={
                name: [self.passages[found.id] for found in candidates]
                for name, candidates in lists.items()
            },
            ranked=[self.passages[fused.id] for fused in fuse(lists)],
        )


def all_methods(embedder: Embedder, progress: Callable[[Step], None]) -> Methods:
    """bm25 as the reference, then Memex: its lists alone, and what it serves."""

    @contextmanager
    def methods(part: Part) -> Iterator[Mapping[str, Searcher]]:
        by_id = {passage.id: passage for passage in part.passages}
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
            index = _index(Path(folder), part.passages, embedder, progress)
            yield {
                "bm25": Bm25(part.passages),
                "lexical": Listed(
                    lambda query, limit: lexical(index, query, NO_FILTERS, limit), by_id
                ),
                "vector": Listed(
                    lambda query, limit: vector(index, embedder, query, NO_FILTERS, limit), by_id
                ),
                "memex": Served(index, embedder, executor, by_id),
            }

    return methods


def _index(
    folder: Path,
    passages: Sequence[Passage],
    embedder: Embedder,
    progress: Callable[[Step], None],
) -> Index:
    index = Index(folder, Identity(embedder.model, embedder.dimension))
    for at in range(0, len(passages), BATCH):
        batch = passages[at : at + BATCH]
        index.add(batch, embedder.encode_documents([indexed_text(passage) for passage in batch]))
        progress(Step("embedding", at + len(batch), len(passages), "passages"))
    index.optimise()
    return index

"""Recall: understanding, candidates, fusion, ranking, serving; one stage a module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from memex.index import Candidate, Index
from memex.protocols import NO_FILTERS, Embedder, Filters, TokenEmbedder, Tokens
from memex.recall.candidates import DEPTH as CANDIDATES
from memex.recall.candidates import gather
from memex.recall.features import Asked, asked
from memex.recall.fuse import Fused, fuse
from memex.recall.late import compared
from memex.recall.rank import WEIGHTS, depth, rank
from memex.recall.serve import serve
from memex.recall.snippet import Snippets
from memex.recall.spelling import Alternative, Words, alternatives, respelt, weights
from memex.recall.understand import Understood
from memex.types import Hit, Passage

if TYPE_CHECKING:
    from memex.protocols import Vectors

SPARE: Final = 10
"""Passages fetched beyond the limit, to take the places of near-duplicates."""
PHRASE: Final = 1.0
"""What a passage is worth among the candidates that has all words in quotation marks."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the ranker is given."""

    asked: Asked
    lists: Mapping[str, Sequence[Candidate]]
    fused: Sequence[Fused]
    """Best first."""
    passages: Mapping[int, Passage]
    """Those of `fused`, by their rows."""


@dataclass(frozen=True, slots=True)
class Served:
    """Hits, and what is needed to say why they were found, and what else was."""

    hits: list[Hit]
    """Best first."""
    asked: Asked
    snippets: Snippets
    passages: Sequence[Passage]
    """All that were read for the query, best first."""


@dataclass(frozen=True, slots=True)
class Recall:
    """One index, to be asked. Methods may be called from several threads."""

    index: Index
    embedder: Embedder | None
    """Without one, only words are searched."""
    vocabulary: Words | None
    """Without one, words are taken as they are spelt."""
    executor: Executor
    """Runs the candidate lists side by side."""
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    """What a whole share of each of the ranker's features is worth."""

    def __call__(
        self, query: Understood, *, limit: int, filters: Filters = NO_FILTERS
    ) -> list[Hit]:
        """The passages that answer a query best, best first, at most `limit`."""
        return self.serve(query, limit, filters).hits

    def serve(self, query: Understood, limit: int, filters: Filters = NO_FILTERS) -> Served:
        """The same, with what they were chosen from."""
        found = self.find(query, max(depth(query), limit + SPARE), filters)
        ranked = rank(found.asked, found.fused, found.passages, self.weights)
        snippets = Snippets(found.asked)
        hits = serve(snippets, ranked, found.passages, limit)
        return Served(hits, found.asked, snippets, [found.passages[one.row] for one in ranked])

    def find(self, query: Understood, limit: int, filters: Filters = NO_FILTERS) -> Found:
        """The stages before the ranker; at most `limit` passages."""
        query, other = self._spelt(query)
        text = query.asking
        embedding = (  # meanwhile words are searched
            self.executor.submit(_read, self.embedder, text)
            if self.embedder and text.strip()
            else None
        )
        others = {**weights(other), **dict.fromkeys(query.phrases, PHRASE)}
        with self.index.snapshot() as rows:
            lists = gather(
                rows, embedding, text, others, filters, self.executor, max(CANDIDATES, limit)
            )
            fused = fuse(lists)[:limit]
            read = rows.read(one.row for one in fused)
        meant = asked(query, other, self.vocabulary)
        tokens = embedding.result()[1] if embedding else None
        if tokens:
            fused = compared(meant, tokens, fused, {row: each.signs for row, each in read.items()})
        return Found(meant, lists, fused, {row: each.passage for row, each in read.items()})

    def _spelt(self, query: Understood) -> tuple[Understood, list[Alternative]]:
        """A query as the memory spells it, and what else its words may mean."""
        if not self.vocabulary:
            return query, []
        found = alternatives(query.asking, self.vocabulary)
        text, other = respelt(query.asking, found, self.vocabulary)
        return (query if text == query.asking else replace(query, text=text)), other


def _read(embedder: Embedder, text: str) -> tuple[Vectors, Tokens | None]:
    """A query's vector, and its tokens where the embedder tells them."""
    if isinstance(embedder, TokenEmbedder):
        return embedder.read_query(text)
    return embedder.encode_query(text), None


__all__ = ["Found", "Recall", "Served"]

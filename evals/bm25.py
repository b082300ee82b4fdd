"""BM25 outside of Memex, over the same passages: the reference that recall is held to.

bm25s (Lù, BM25S: Orders of magnitude faster lexical search via eager sparse
scoring, 2024) with k1 1.2, b 0.75, English stop words and the Snowball stemmer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import bm25s
import Stemmer

from evals.dataset import Query
from memex.passages import indexed_text
from memex.types import Passage

K1: Final = 1.2
B: Final = 0.75


class Bm25:
    """A `Searcher` over passages held in memory."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages
        self._stemmer = Stemmer.Stemmer("english")
        self._index = bm25s.BM25(k1=K1, b=B)
        tokens = self._tokens([indexed_text(passage) for passage in passages])
        self._index.index(tokens, show_progress=False)

    def search(self, query: Query, limit: int) -> list[Passage]:
        """The passages that share a word with the query, best first."""
        tokens = self._tokens([query.text])
        if not any(tokens.ids):
            return []
        found, scores = self._index.retrieve(
            tokens, k=min(limit, len(self._passages)), show_progress=False
        )
        return [
            self._passages[int(at)]
            for at, score in zip(found[0], scores[0], strict=True)
            if score > 0
        ]

    def _tokens(self, texts: list[str]) -> bm25s.tokenization.Tokenized:
        return bm25s.tokenize(texts, stopwords="en", stemmer=self._stemmer, show_progress=False)

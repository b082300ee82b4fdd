"""The last stage: which passages are shown.

A passage that says the same as a better one (the same words in another document, a quoted
mail) gives its place to the next. So does one that follows a better one, or goes before it,
where what it would show of itself is in what they have in common (`docs/decisions/serving.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from memex.recall.fuse import Fused
from memex.recall.snippet import Snippets
from memex.types import Hit, Passage

SAME: Final = 0.9
"""Share of common words from which on two passages say the same."""

_WORD: Final = re.compile(r"\w+")


def serve(
    snippets: Snippets, ranked: Iterable[Fused], passages: Mapping[int, Passage], limit: int
) -> list[Hit]:
    """The first `limit` passages that say something of their own."""
    return list(islice(_distinct(snippets, ranked, passages), limit))


def _distinct(
    snippets: Snippets, ranked: Iterable[Fused], passages: Mapping[int, Passage]
) -> Iterator[Hit]:
    shown: list[Passage] = []
    said: list[frozenset[str]] = []
    for fused in ranked:
        passage = passages[fused.row]
        words = frozenset(_WORD.findall(passage.text.casefold()))
        if any(_same(words, others) for others in said) or _repeats(snippets, passage, shown):
            continue
        shown.append(passage)
        said.append(words)
        yield Hit(passage, fused.score, fused.ranks)


def _repeats(snippets: Snippets, passage: Passage, shown: Iterable[Passage]) -> bool:
    """Whether what a passage would show is in a neighbour that is shown."""
    around = [
        other.text
        for other in shown
        if other.document_id == passage.document_id
        and other.first <= passage.last
        and passage.first <= other.last
    ]
    if not around:
        return False
    here = snippets.stretch(passage.text)
    return any(here in text for text in around)


def _same(words: frozenset[str], others: frozenset[str]) -> bool:
    """Jaccard similarity over the threshold, which sets of unlike size cannot reach."""
    smaller, larger = sorted((len(words), len(others)))
    return smaller >= SAME * larger and len(words & others) >= SAME * len(words | others)

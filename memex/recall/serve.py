"""The last stage: which passages are shown.

A passage that says the same as a better one (the same words in another
document, a quoted mail) gives its place to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from memex.recall.fuse import Fused
from memex.types import Hit, Passage

SAME: Final = 0.9
"""Share of common words from which on two passages say the same."""

_WORD: Final = re.compile(r"\w+")


def serve(ranked: Iterable[Fused], passages: Mapping[str, Passage], limit: int) -> list[Hit]:
    """The first `limit` passages that are still there and say something of their own."""
    return list(islice(_distinct(ranked, passages), limit))


def _distinct(ranked: Iterable[Fused], passages: Mapping[str, Passage]) -> Iterator[Hit]:
    shown: list[frozenset[str]] = []
    for fused in ranked:
        passage = passages.get(fused.id)
        if passage is None:
            continue
        words = frozenset(_WORD.findall(passage.text.casefold()))
        if not any(_same(words, other) for other in shown):
            shown.append(words)
            yield Hit(passage, fused.score, fused.ranks)


def _same(words: frozenset[str], others: frozenset[str]) -> bool:
    """Jaccard similarity over the threshold, which sets of unlike size cannot reach."""
    smaller, larger = sorted((len(words), len(others)))
    return smaller >= SAME * larger and len(words & others) >= SAME * len(words | others)

"""Late interaction: each word of the query is met by the word of the passage that means most
nearly the same where it stands.

These likenesses are added up, by how much each word of the query tells (MaxSim: Khattab and
Zaharia, ColBERT, SIGIR 2020; here with the embedder's own tokens, weighed, and of the passages
no more than is kept by `memex.tokens`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from memex.protocols import Tokens
from memex.recall.features import Asked
from memex.recall.fuse import Fused
from memex.tokens import likenesses
from memex.words import WORD, stem

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compared(
    query: Asked, tokens: Tokens, found: Sequence[Fused], signs: Mapping[int, bytes]
) -> list[Fused]:
    """What was found, each with its share of "tokens": what it is less like the query than the
    one that is most, 0 or below. What has no signs counts as the last.
    """
    weights = _weights(query, tokens)
    there = [one.row for one in found if signs.get(one.row)]
    if not there or not weights.any():
        return list(found)
    tell = weights > 0
    likes = likenesses(tokens.vectors[tell], [signs[row] for row in there]) @ weights[tell]
    less = dict(zip(there, (likes - likes.max()).tolist(), strict=True))
    last = min(less.values())
    return [replace(one, shares={**one.shares, "tokens": less.get(one.row, last)}) for one in found]


def _weights(query: Asked, tokens: Tokens) -> NDArray[np.float32]:
    """What each token of a query tells; the sum is 1. Those of one word share what it tells."""
    found = np.zeros(len(tokens.places), np.float32)
    for word in WORD.finditer(query.understood.asking):
        first, last = word.span()
        own = [at for at, (start, end) in enumerate(tokens.places) if start < last and end > first]
        for at in own:
            found[at] = query.shares.get(stem(word.group()), 0.0) / len(own)
    return found / (found.sum() or 1.0)

"""A closer look at the first passages: token by token (late interaction).

Each token of the query is met by the token of the passage that is most like it in its place, and
these likenesses are added up, by how much each word of the query tells (MaxSim: Khattab and
Zaharia, ColBERT, SIGIR 2020; here with the embedder's own tokens, and weighed). It takes the
embedder some 16 ms of a core a passage, so it is for questions whose answer takes longer anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from memex.passages import indexed_text
from memex.protocols import TokenEmbedder, Tokens
from memex.recall.features import Asked
from memex.recall.fuse import Fused
from memex.types import Passage
from memex.words import WORD, stem

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH: Final = 10
"""Passages that are looked at: twenty bring a little more and cost twice as much."""
WEIGHT: Final = 5.0
"""What a whole likeness is worth beside the ranker's score (`python -m evals ablate --late`)."""


def look_closer(
    query: Asked,
    ranked: Sequence[Fused],
    passages: Mapping[str, Passage],
    embedder: TokenEmbedder,
) -> list[Fused]:
    """What was ranked, the first `DEPTH` in a better order: each loses what it is less like the
    query than the one that is most.
    """
    if not ranked:
        return []
    first, rest = ranked[:DEPTH], ranked[DEPTH:]
    likes = likenesses(query, [indexed_text(passages[one.id]) for one in first], embedder)
    scored = [
        replace(one, score=one.score - WEIGHT * (max(likes) - like))
        for one, like in zip(first, likes, strict=True)
    ]
    scored.sort(key=lambda one: -one.score)
    last = scored[-1].score
    return scored + [replace(one, score=min(last, one.score)) for one in rest]


def likenesses(query: Asked, texts: Sequence[str], embedder: TokenEmbedder) -> list[float]:
    """How far the words that tell something in a query are met by each text, -1 to 1; 0 where it
    has none.
    """
    text = query.understood.text or query.understood.query
    asked, *there = embedder.encode_tokens([text, *texts])
    weights = _weights(text, asked, query)
    if not weights.any():
        return [0.0] * len(texts)
    return [
        float(weights @ (asked.vectors @ each.vectors.T).max(axis=1)) if each.places else 0.0
        for each in there
    ]


def _weights(text: str, asked: Tokens, query: Asked) -> NDArray[np.float64]:
    """What each token of a query tells; the sum is 1. Those of one word share what it tells."""
    found = np.zeros(len(asked.places))
    for word in WORD.finditer(text):
        first, last = word.span()
        own = [at for at, (start, end) in enumerate(asked.places) if start < last and end > first]
        for at in own:
            found[at] = query.shares.get(stem(word.group()), 0.0) / len(own)
    return found / (found.sum() or 1.0)

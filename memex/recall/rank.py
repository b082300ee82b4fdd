"""The fourth stage: what the fusion puts first is looked at again, and ordered by its `FEATURES`.

A linear model, trained listwise (Cao et al., Learning to rank: from pairwise approach to
listwise approach, ICML 2007) by `python -m evals ablate`: a larger one learns the sets that it
is trained on (`docs/decisions/ranking.md`). `memex tune` learns others from the user's marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import mul
from typing import Final

from memex.recall.features import FEATURES, Asked, features, quoted
from memex.recall.fuse import Fused
from memex.recall.understand import Understood
from memex.types import Passage

DEPTH: Final = 20
"""Passages that are looked at again: fifty are no better (`docs/decisions/ranking.md`)."""
QUOTED_DEPTH: Final = 100
"""The same, where words are quoted: many may have them all, and few as they are quoted."""
QUOTED: Final = 2.0
"""What quoted words are worth that stand in a passage as they are quoted: more than it can lack
beside those that have them scattered."""
WEIGHTS: Final[Mapping[str, float]] = {
    "lexical": 1.0,
    "vector": 1.0,
    "tokens": 3.61,
    "pairs": 0.547,
    "speaker": 0.235,
    "time": 1.319,
}
"""What a whole share of each feature is worth; the lists' scores as much as each other. Trained
on QMSum (MIT), FriendsQA (Apache 2.0), SciFact (CC BY 4.0) and the half of the project's own
questions that is for it."""
VERSION: Final = 2
"""Of what the features are: raise it when one is figured out otherwise, so that weights which
were learnt for it as it was are not used."""


def depth(query: Understood) -> int:
    """How many passages are looked at again."""
    return QUOTED_DEPTH if query.phrases else DEPTH


def rank(
    query: Asked,
    found: Sequence[Fused],
    passages: Mapping[int, Passage],
    weights: Mapping[str, float] = WEIGHTS,
) -> list[Fused]:
    """What was found, best first, with the ranker's scores; beyond its `depth` as it was."""
    first, rest = found[: depth(query.understood)], found[depth(query.understood) :]
    if not first:
        return []
    worth = [weights[name] for name in FEATURES]
    there = [passages[one.row] for one in first]
    scored = [
        replace(one, score=sum(map(mul, worth, row)) + QUOTED * quoted(query, passage))
        for one, passage, row in zip(first, there, features(query, first, there), strict=True)
    ]
    scored.sort(key=lambda one: -one.score)
    last = scored[-1].score
    return scored + [replace(one, score=min(last, one.score)) for one in rest]

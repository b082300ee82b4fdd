"""How a ranking of passages is scored against the units that answer a question.

A passage covers units; the *home* of an evidence unit is the first passage of
the corpus that covers it. A hit is relevant if it covers an evidence unit that
no earlier hit covered, so a passage found twice, or two overlapping ones, count
once. Everything here is a pure function of sets of unit ids; nothing rounds.

nDCG: Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques,
ACM TOIS 20(4), 2002, with binary gains and the discount 1/log2(1 + rank).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from statistics import fmean
from typing import Final

Units = AbstractSet[str]

DEPTH: Final = 100
"""Hits of a ranking that are looked at (MRR)."""
CUT: Final = 10
"""Hits that a person looks at (nDCG, words per hit)."""
RECALL_AT: Final = (1, 5, 10)


def relevant(ranking: Sequence[Units], evidence: Units) -> list[bool]:
    """For each hit, whether it covers an evidence unit that no earlier hit covered."""
    open_units = set(evidence)
    gains = []
    for covered in ranking:
        new = open_units & covered
        open_units -= new
        gains.append(bool(new))
    return gains


def find_homes(corpus: Iterable[Units]) -> dict[str, int]:
    """The home of each unit: the position of the first passage that covers it."""
    homes: dict[str, int] = {}
    for position, covered in enumerate(corpus):
        for unit in covered:
            homes.setdefault(unit, position)
    return homes


def count_homes(homes: Mapping[str, int], evidence: Units) -> int:
    """The distinct homes of the evidence."""
    return len({homes[unit] for unit in evidence if unit in homes})


def recall_at(ranking: Sequence[Units], evidence: Units, k: int) -> float:
    """Share of the evidence units that the first k hits cover."""
    covered = set().union(*ranking[:k])
    return len(covered & evidence) / len(evidence)


def hit_at(ranking: Sequence[Units], evidence: Units, k: int) -> float:
    """1 if any of the first k hits covers evidence, else 0."""
    return float(any(covered & evidence for covered in ranking[:k]))


def ndcg_at(ranking: Sequence[Units], evidence: Units, homes: int, k: int = CUT) -> float:
    """Normalised discounted cumulative gain of the first k hits, 0 to 1.

    The ideal has min(k, homes) relevant hits. Overlapping passages can cover
    the evidence of one home in several relevant hits; what then exceeds the
    ideal counts as 1.
    """
    if homes == 0:
        return 0.0
    gain = sum(discount(rank) for rank, hit in enumerate(relevant(ranking[:k], evidence), 1) if hit)
    ideal = sum(discount(rank) for rank in range(1, min(k, homes) + 1))
    return min(1.0, gain / ideal)


def reciprocal_rank(ranking: Sequence[Units], evidence: Units, depth: int = DEPTH) -> float:
    """1 / rank of the first hit that covers evidence; 0 beyond `depth`."""
    for rank, covered in enumerate(ranking[:depth], 1):
        if covered & evidence:
            return 1 / rank
    return 0.0


def discount(rank: int) -> float:
    """What a gain at this rank, from 1, is worth."""
    return 1 / math.log2(1 + rank)


def score(ranking: Sequence[Units], evidence: Units, homes: int) -> dict[str, float]:
    """All metrics of one question."""
    found = {f"recall@{k}": recall_at(ranking, evidence, k) for k in RECALL_AT}
    found |= {f"hit@{k}": hit_at(ranking, evidence, k) for k in RECALL_AT}
    found[f"nDCG@{CUT}"] = ndcg_at(ranking, evidence, homes)
    found["MRR"] = reciprocal_rank(ranking, evidence)
    return found


def mean_scores(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each metric over the questions."""
    return {name: fmean(one[name] for one in scores) for name in scores[0]}


def words_per_hit(hits: Iterable[Sequence[str]]) -> float:
    """Mean number of words of the hits' texts over all questions; 0 without hits."""
    counts = [len(text.split()) for texts in hits for text in texts]
    return fmean(counts) if counts else 0.0

"""The third stage: several lists become one.

A convex combination of scores rather than of ranks (Bruch, Gai and Ingber, An
analysis of fusion functions for hybrid retrieval, TOIS 2023): each list's
scores are divided by its best, so that a list which is sure of its first hit
keeps its say. Reciprocal rank fusion throws that away and falls below BM25 on
conversations: `docs/decisions/fusion.md` has the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from memex.index import Candidate

WEIGHTS: Final[Mapping[str, float]] = {"lexical": 1.0, "vector": 0.75}
"""What a list's best score is worth."""
ABSENT: Final[Mapping[str, bool]] = {"lexical": False, "vector": True}
"""Whether a passage that a list does not have is given the list's last score:
every passage has a cosine, at most that of the last; not every one has the words."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A passage with its place in every list."""

    row: int
    score: float
    ranks: Mapping[str, int]
    """Rank by list, from 1; a list that has not got it is absent."""
    shares: Mapping[str, float]
    """Score by list, of the list's best; what a list has not got counts as the last
    (`ABSENT`)."""


def fuse(lists: Mapping[str, Sequence[Candidate]]) -> list[Fused]:
    """One list of all candidates, best first; ties in the order of the lists."""
    ranks: dict[int, dict[str, int]] = {}
    for name, candidates in lists.items():
        for rank, candidate in enumerate(candidates, start=1):
            ranks.setdefault(candidate.row, {})[name] = rank
    shares: dict[int, dict[str, float]] = {row: {} for row in ranks}
    for name, candidates in lists.items():
        known = _shares(candidates)
        absent = min(known.values(), default=0.0) if ABSENT[name] else 0.0
        for row, of in shares.items():
            of[name] = known.get(row, absent)
    fused = [
        Fused(row, sum(WEIGHTS[name] * share for name, share in of.items()), ranks[row], of)
        for row, of in shares.items()
    ]
    return sorted(fused, key=lambda hit: -hit.score)


def _shares(candidates: Sequence[Candidate]) -> dict[int, float]:
    """Each candidate's score as a share of the list's best."""
    best = max((candidate.score for candidate in candidates), default=0.0)
    if best <= 0:
        return {candidate.row: 0.0 for candidate in candidates}
    return {candidate.row: max(candidate.score, 0.0) / best for candidate in candidates}

"""Where recall loses evidence: in what the candidates lack, in ranking, in serving.

Of each question's evidence units: those that some candidate (of any list, or in the
ranking) covers; of these, those that the first ten of the ranking cover; of these, those
that the first ten hits do.
Serving may also bring up what stood lower, so that

    recall@10 of what is served = candidates - ranking_loss - serving_loss + serving_gain
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evals.metrics import CUT, Units
from memex.types import Passage

STAGES: Final = ("candidates", "ranking_loss", "serving_loss", "serving_gain")
"""Shares of the evidence units, in the order of the stages."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What stood between a question and its hits."""

    lists: Mapping[str, Sequence[Passage]]
    """Each list of candidates, best first."""
    ranked: Sequence[Passage]
    """All candidates as they go into serving, best first."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The same in units: what each passage covers."""

    lists: Mapping[str, Sequence[Units]]
    ranked: Sequence[Units]
    served: Sequence[Units]


def score(covered: Covered, evidence: Units) -> dict[str, float]:
    """`STAGES` of one question, and the share that each list alone has ("candidates, NAME")."""
    found = {name: _within(units, evidence) for name, units in covered.lists.items()}
    candidates = _within(covered.ranked, evidence).union(*found.values())
    ranked = _within(covered.ranked[:CUT], evidence)
    served = _within(covered.served[:CUT], evidence)
    counts = {
        "candidates": len(candidates),
        "ranking_loss": len(candidates - ranked),
        "serving_loss": len(ranked - served),
        "serving_gain": len(served - ranked),
    }
    counts |= {f"candidates, {name}": len(units) for name, units in found.items()}
    return {name: count / len(evidence) for name, count in counts.items()}


def _within(passages: Sequence[Units], evidence: Units) -> frozenset[str]:
    """The evidence that some of the passages cover."""
    return frozenset().union(*passages) & evidence

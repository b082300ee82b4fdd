from __future__ import annotations

from evals.metrics import CUT
from evals.stages import Covered, score

A, B, C, D = frozenset("a"), frozenset("b"), frozenset("c"), frozenset("d")
EVIDENCE = frozenset("abcd")
NOTHING: frozenset[str] = frozenset()


def test_evidence_is_lost_where_it_was_last_seen() -> None:
    lists = {"lexical": [A, NOTHING, B], "vector": [B, C]}
    ranked = [A, B, *[NOTHING] * (CUT - 2), C]  # c is the eleventh
    found = score(Covered(lists, ranked, served=[A]), EVIDENCE)
    assert found == {
        "candidates": 0.75,  # no list has d
        "ranking_loss": 0.25,  # c
        "serving_loss": 0.25,  # b
        "serving_gain": 0,
        "candidates, lexical": 0.5,
        "candidates, vector": 0.5,
    }


def test_serving_may_bring_up_what_stood_lower() -> None:
    ranked = [*[NOTHING] * CUT, A]
    found = score(Covered({"lexical": [A]}, ranked, served=[A]), A)
    assert (found["ranking_loss"], found["serving_loss"], found["serving_gain"]) == (1, 0, 1)


def test_a_passage_that_ranking_brought_in_is_a_candidate() -> None:
    found = score(Covered({"lexical": [A]}, [A, D], served=[A, D]), A | D)
    assert (found["candidates"], found["ranking_loss"]) == (1, 0)

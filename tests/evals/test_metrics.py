from __future__ import annotations

import math

import pytest

from evals import metrics

A, B, C = frozenset("a"), frozenset("b"), frozenset("c")
NOTHING: frozenset[str] = frozenset()


def test_a_hit_is_relevant_only_for_what_no_earlier_hit_covered() -> None:
    ranking = [frozenset("xa"), frozenset("ay"), NOTHING, frozenset("ab"), frozenset("b")]
    assert metrics.relevant(ranking, frozenset("ab")) == [True, False, False, True, False]


def test_units_in_one_passage_share_a_home() -> None:
    homes = metrics.find_homes([frozenset("xy"), frozenset("ab"), frozenset("bc"), frozenset("d")])
    assert homes["b"] == 1  # the first that covers it, though the next does, too
    assert metrics.count_homes(homes, frozenset("ab")) == 1
    assert metrics.count_homes(homes, frozenset("abc")) == 2
    assert metrics.count_homes(homes, frozenset("abcd")) == 3
    assert metrics.count_homes(homes, frozenset("q")) == 0


def test_recall_counts_units_and_hit_counts_any() -> None:
    ranking = [NOTHING, frozenset("ab"), frozenset("b"), frozenset("c")]
    evidence = frozenset("abcd")
    assert metrics.recall_at(ranking, evidence, 1) == 0
    assert metrics.recall_at(ranking, evidence, 2) == 0.5
    assert metrics.recall_at(ranking, evidence, 3) == 0.5
    assert metrics.recall_at(ranking, evidence, 10) == 0.75
    assert metrics.hit_at(ranking, evidence, 1) == 0
    assert metrics.hit_at(ranking, evidence, 2) == 1


def test_nothing_found_scores_nothing() -> None:
    assert set(metrics.score([], A, homes=1).values()) == {0.0}
    assert set(metrics.score([NOTHING, B], A, homes=1).values()) == {0.0}


def test_ndcg_by_hand() -> None:
    # Evidence in two homes, found at ranks 2 and 4: (1/log2 3 + 1/log2 5) / (1 + 1/log2 3).
    ranking = [C, A, A, B]
    expected = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert metrics.ndcg_at(ranking, A | B, homes=2) == pytest.approx(expected)
    assert metrics.ndcg_at([A, B], A | B, homes=2) == pytest.approx(1)
    assert metrics.ndcg_at([A | B], A | B, homes=1) == 1


def test_ndcg_ends_at_rank_ten_and_its_ideal_has_at_most_ten() -> None:
    units = [frozenset([str(n)]) for n in range(20)]
    everything = frozenset().union(*units)
    assert metrics.ndcg_at(units, everything, homes=20) == pytest.approx(1)
    assert metrics.ndcg_at([NOTHING] * 10 + units, everything, homes=20) == 0


def test_overlapping_passages_cannot_exceed_the_ideal() -> None:
    assert metrics.ndcg_at([B, A | B], A | B, homes=1) == 1


def test_reciprocal_rank_ends_at_one_hundred() -> None:
    assert metrics.reciprocal_rank([B, B, A, A], A) == pytest.approx(1 / 3)
    assert metrics.reciprocal_rank([NOTHING] * 99 + [A], A) == pytest.approx(1 / 100)
    assert metrics.reciprocal_rank([NOTHING] * 100 + [A], A) == 0


def test_means_and_words() -> None:
    first = metrics.score([A], A, homes=1)
    second = metrics.score([B], A, homes=1)
    assert metrics.mean_scores([first, second])["MRR"] == 0.5
    assert metrics.words_per_hit([["one two three", "one"], [], ["one two"]]) == 2
    assert metrics.words_per_hit([[]]) == 0

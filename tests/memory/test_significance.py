from __future__ import annotations

import numpy as np
import pytest

from memex import significance
from memex.significance import difference, interval, intervals, mean_difference


def test_an_interval_holds_the_mean_and_narrows_with_questions() -> None:
    few = interval([0.0, 1.0] * 20)
    many = interval([0.0, 1.0] * 500)
    assert few.mean == many.mean == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high
    # the normal approximation: 1.96 standard errors
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / 1000**0.5, rel=0.1)


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    draws = (random.random((60, 300)) < 0.3).astype(np.float64)
    covered = sum(one.low <= 0.3 <= one.high for one in intervals(draws))
    assert covered / 300 == pytest.approx(0.95, abs=0.04)


def test_columns_are_resampled_together_and_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(1).random((40, 3))
    whole = intervals(scores)
    assert [one.mean for one in whole] == pytest.approx(scores.mean(axis=0).tolist())
    alone = interval(scores[:, 0].tolist())
    assert (alone.low, alone.high) == pytest.approx((whole[0].low, whole[0].high))
    monkeypatch.setattr(significance, "BLOCK", 64)  # one resample at a time
    for blocked, one in zip(intervals(scores), whole, strict=True):
        assert (blocked.low, blocked.high) == pytest.approx((one.low, one.high), abs=0.02)


def test_a_difference_sees_what_is_there_and_not_more() -> None:
    found = difference([0.6] * 50, [0.5] * 50)
    assert (found.mean, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.p < 0.001
    none = difference([0.0, 1.0] * 50, [1.0, 0.0] * 50)
    assert none.mean == 0
    assert none.low < 0 < none.high
    assert none.p == 1


def test_equal_runs_do_not_differ() -> None:
    found = difference([0.2, 0.7], [0.2, 0.7])
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_p_is_the_share_of_signs_that_do_as_well() -> None:
    # Five questions, all better by the same: two of the 32 ways to draw signs do as well.
    assert difference([1.0] * 5, [0.0] * 5).p == pytest.approx(2 / 32, abs=0.01)
    # Those that are equal change the mean but not p.
    assert difference([1.0] * 5 + [0.5] * 95, [0.0] * 5 + [0.5] * 95).p == pytest.approx(
        2 / 32, abs=0.01
    )


def test_p_is_even_where_nothing_differs() -> None:
    random = np.random.default_rng(3)
    found = [
        difference(random.random(30).tolist(), random.random(30).tolist()).p for _ in range(100)
    ]
    assert sum(p < 0.05 for p in found) <= 12
    assert sum(p < 0.5 for p in found) == pytest.approx(50, abs=20)


def test_sets_count_the_same_however_many_questions_they_have() -> None:
    small = ([1.0] * 10, [0.0] * 10)
    large = ([0.5] * 1000, [0.5] * 1000)
    found = mean_difference([small, large])
    assert found.n == 1010
    assert found.mean == found.low == found.high == 0.5
    assert found.p < 0.01

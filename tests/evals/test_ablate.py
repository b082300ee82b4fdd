"""Weights are learnt from what decides, and a set is measured by what others teach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evals.ablate import WHOLE, ablate, run
from evals.dataset import Query, held_out
from evals.ranking import Candidates, Ranking, fit
from memex.errors import InvalidRequest
from memex.recall.features import FEATURES
from memex.recall.learn import Matrix

PASSAGES = 10
LEXICAL, PAIRS = FEATURES.index("lexical"), FEATURES.index("pairs")


def ranking(name: str, decides: int, questions: int = 60, split: str = "") -> Ranking:
    """A set in which the passage with evidence is the one of which a feature is highest."""
    random = np.random.default_rng(len(name))
    found = []
    for number in range(questions):
        rows: Matrix = random.uniform(0, 1, (PASSAGES, len(FEATURES)))
        best = int(rows[:, decides].argmax())
        units = [frozenset({"it"}) if at == best else frozenset[str]() for at in range(PASSAGES)]
        query = Query(f"{name}{number}", "", "", frozenset({"it"}), "", split=split)
        found.append(Candidates(query, rows, units, 1))
    return Ranking(name, tuple(found))


def test_what_decides_weighs_and_what_does_not_weighs_little() -> None:
    weights = fit([ranking("a", PAIRS), ranking("bb", PAIRS)])
    assert weights.min() >= 0
    assert weights[PAIRS] == pytest.approx(max(weights))
    assert weights[PAIRS] > 10 * np.median(weights)


def test_a_feature_that_is_left_out_weighs_nothing() -> None:
    used = [at for at in range(len(FEATURES)) if at != PAIRS]
    assert fit([ranking("a", PAIRS)], used)[PAIRS] == 0


def test_nothing_is_learnt_from_the_half_that_is_held_out() -> None:
    lesson = ranking("a", LEXICAL)
    test = ranking("a", PAIRS, split="test")
    both = Ranking("a", (*lesson.questions, *test.questions))
    assert fit([both]).tolist() == fit([lesson]).tolist()
    assert both.tests == test.questions


def test_a_row_says_what_leaving_something_out_costs() -> None:
    sets = {name: ranking(name, PAIRS) for name in ("a", "bb", "ccc")}
    rows = ablate(sets, sets, ["a", "bb"])
    whole = rows.scores[WHOLE]
    assert all(np.mean(of["recall@1"]) > 0.9 for of in whole.values())
    assert rows.difference("without pairs", "recall@1").high < -0.3
    assert rows.difference("without spelling", "recall@1").mean == 0
    assert rows.difference("fused", "recall@1").high < -0.3
    assert set(rows.weights) == set(FEATURES)


def test_one_set_is_not_enough_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="two sets"):
        run([Path("evals/sets/own")], [], None, None, tmp_path, None)


def test_a_set_is_measured_by_weights_that_it_did_not_teach() -> None:
    """One set wants what the other two do not: by theirs it ranks no better than by chance."""
    sets = {"a": ranking("a", PAIRS), "bb": ranking("bb", LEXICAL), "ccc": ranking("ccc", LEXICAL)}
    whole = ablate(sets, sets, ["a", "bb"]).scores[WHOLE]
    assert np.mean(whole["a"]["recall@1"]) < 0.4  # by what "bb" teaches
    assert np.mean(whole["bb"]["recall@1"]) < 0.4  # by what "a" teaches


def test_of_a_set_without_halves_only_what_no_embedder_knows_is_used() -> None:
    whole = ranking("a", PAIRS, questions=200)
    some = whole.unseen()
    assert 30 <= len(some.questions) <= 90
    assert {each.query.id for each in some.questions} == held_out(
        [each.query for each in whole.questions]
    )
    halves = Ranking(
        "a", (*ranking("a", PAIRS).questions, *ranking("a", PAIRS, split="test").questions)
    )
    assert halves.unseen() is halves

"""Weights follow what decides, and stay near where they were as long as little is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest

from memex.recall import Found
from memex.recall.features import FEATURES, asked
from memex.recall.learn import (
    Lesson,
    Matrix,
    as_mapping,
    as_vector,
    fit,
    rows_of,
    tune,
)
from memex.recall.rank import DEPTH, WEIGHTS, rank
from memex.recall.understand import understand
from tests.recall.test_rank import Few, equally, passage

SHIPPED = as_vector(WEIGHTS)
VECTOR, PAIRS, SPEAKER = (FEATURES.index(name) for name in ("vector", "pairs", "speaker"))


def lessons(count: int, decides: int, passages: int = 20) -> list[Lesson]:
    """In each the passage is right of which a feature is highest; nobody speaks."""
    random = np.random.default_rng(count)
    found = []
    for _ in range(count):
        rows: Matrix = random.uniform(0, 1, (passages, len(FEATURES)))
        rows[:, SPEAKER] = 0
        found.append(Lesson(rows, rows[:, decides] == rows[:, decides].max()))
    return found


def moved(weights: Matrix) -> float:
    """How far weights point elsewhere than those that ship, as an angle in degrees."""
    cosine = weights @ SHIPPED / np.linalg.norm(weights) / np.linalg.norm(SHIPPED)
    return float(np.degrees(np.arccos(min(cosine, 1))))


def test_weights_follow_what_decides() -> None:
    learnt = tune(lessons(300, PAIRS), SHIPPED)
    assert learnt[PAIRS] > 2 * SHIPPED[PAIRS]
    assert learnt.min() >= 0
    assert learnt.sum() == pytest.approx(SHIPPED.sum())


def test_the_fewer_the_lessons_the_nearer_they_stay() -> None:
    angles = [moved(tune(lessons(count, PAIRS), SHIPPED)) for count in (3, 30, 300)]
    assert 0 < angles[0] < angles[1] < angles[2]
    assert angles[0] < 15


def test_what_is_nowhere_to_be_seen_keeps_its_share() -> None:
    learnt = tune(lessons(30, VECTOR), SHIPPED)
    others = [at for at in range(len(FEATURES)) if at not in (SPEAKER, VECTOR)]
    assert 0.3 < (learnt / SHIPPED)[SPEAKER] < 3
    assert (learnt / SHIPPED)[VECTOR] > max((learnt / SHIPPED)[others])


def test_lessons_that_contradict_what_ships_do_not_wreck_it() -> None:
    found = lessons(30, VECTOR)
    wrong = [Lesson(each.rows, each.rows.sum(1) == each.rows.sum(1).min()) for each in found]
    learnt = tune(wrong, SHIPPED)
    assert learnt.tolist() == SHIPPED.tolist()  # they like none: nothing is learnt from them


def test_tied_features_weigh_the_same() -> None:
    tied = np.zeros((len(FEATURES), 2))
    tied[[0, 1], 0] = tied[PAIRS, 1] = 1
    learnt = fit(lessons(50, PAIRS), np.full(50, 1 / 50), tied)
    assert learnt[0] == learnt[1]
    assert learnt[PAIRS] > 5 * learnt[0]
    assert not learnt[[at for at in range(len(FEATURES)) if at not in (0, 1, PAIRS)]].any()


def test_a_place_is_where_the_ranker_puts_it() -> None:
    passages = [
        passage(str(at), f"Roses {at} need water" + " and the train was late" * (at % 4))
        for at in range(DEPTH + 8)
    ]
    fused = equally(*passages)
    query = asked(understand("the train was late", datetime(2026, 5, 4, tzinfo=UTC)), (), Few())
    found = Found(query, {}, fused, dict(enumerate(passages)))
    weights = {**WEIGHTS, "pairs": 2.0}
    ranked = [one.row for one in rank(query, fused, found.passages, weights)]
    for at in (0, 3, DEPTH - 1, DEPTH, DEPTH + 7):
        right = np.array([one.row == fused[at].row for one in fused])
        place = Lesson(rows_of(found), right).place(as_vector(weights))
        assert ranked[place - 1] == fused[at].row
    with pytest.raises(ValueError, match="none"):
        Lesson(rows_of(found), np.zeros(len(fused), bool)).place(SHIPPED)


def test_a_lesson_teaches_where_there_is_something_to_tell_apart() -> None:
    rows = np.zeros((3, len(FEATURES)))
    assert Lesson(rows, np.array([True, False, False])).teaches
    assert not Lesson(rows, np.zeros(3, bool)).teaches
    assert not Lesson(rows, np.ones(3, bool)).teaches
    assert not Lesson(rows[:0], np.zeros(0, bool)).teaches


def test_weights_have_names() -> None:
    assert as_mapping(SHIPPED) == dict(WEIGHTS)


def test_it_is_learnt_in_several_threads_at_once() -> None:
    with ThreadPoolExecutor(2) as executor:
        one, other = executor.map(lambda _: tune(lessons(40, PAIRS), SHIPPED), range(2))
    assert one.tolist() == other.tolist()

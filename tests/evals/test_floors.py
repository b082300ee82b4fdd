from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import evals
from evals.answers import Mute, shares
from evals.answers import measure as ask
from evals.dataset import Unscored, read_recall_set
from evals.floors import (
    RULE,
    Floors,
    broken,
    broken_answers,
    read_answer_floors,
    read_floors,
)
from evals.recall import measure
from evals.results import COMPARED, Asked, Row, SetResult
from evals.searchers import all_methods
from evals.vectors import CachedEmbedder
from memex.config import load_config

OWN = Path(evals.__file__).parent / "sets" / "own"


def result(**scores: float) -> SetResult:
    """One question; a share for each method, the same at every metric."""
    rows = {name: Row({metric: [score] for metric in COMPARED}) for name, score in scores.items()}
    return SetResult("small", "pooled", 3, (Asked("q", "who?", "", "reading"),), rows)


def test_a_floor_holds_what_is_served() -> None:
    floors = Floors("small", {"recall@1": 0.5, "nDCG@10": 0.7})
    assert broken(result(memex=0.7), floors) == []
    assert broken(result(memex=0.6), floors) == ["small: nDCG@10 is 0.6000, its floor 0.7000"]


def test_what_is_served_may_not_be_below_a_single_retriever() -> None:
    free = Floors("small", {})
    assert broken(result(memex=0.6, bm25=0.6, vector=0.1), free) == []
    found = broken(result(memex=0.6, bm25=0.5, vector=0.61), free)
    assert found == [f"small: {metric} is 0.6000, that of vector 0.6100" for metric in RULE]


def test_a_set_that_could_not_be_scored_holds_nothing() -> None:
    nothing = SetResult("small", "pooled", 3, (), {})
    assert broken(nothing, Floors("small", {})) == ["small: no question was scored"]
    lost = replace(result(memex=1), unscored=(Unscored("q9", "where?", "not in the corpus: u9"),))
    assert broken(lost, Floors("small", {})) == ["q9 is unscored: not in the corpus: u9"]


def test_the_files_floors_are_of_metrics_that_there_are() -> None:
    assert {metric for one in read_floors().values() for metric in one.least} <= set(COMPARED)


def measured(folder: Path, floors: Floors, embedder: CachedEmbedder) -> SetResult:
    """What is served."""
    methods = all_methods(embedder, lambda step: None)
    return measure(read_recall_set(folder, floors.limit), "pooled", methods)


def test_the_floors_hold_on_the_own_set(embedder: CachedEmbedder) -> None:
    floors = read_floors()["own"]
    found = measured(OWN, floors, embedder)
    assert broken(found, floors) == []
    assert found.unanswerable > 0  # they are there, counted and not scored


@pytest.mark.parametrize("name", sorted(read_floors().keys() - {"own"}))
def test_the_floors_hold_on_public_sets(name: str, shared: Path, embedder: CachedEmbedder) -> None:
    floors = read_floors()[name]
    folder = shared / "recall" / floors.set
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    assert broken(measured(folder, floors, embedder), floors) == []


def test_answers_that_fall_behind_are_told() -> None:
    floors = Floors("small", {"served": 0.1, "absent": 0.8, "shown": 0.4})
    assert broken_answers({"served": 0.1, "absent": 0.8, "shown": 0.5}, floors) == []
    assert broken_answers({"served": 0.2, "absent": 0.7}, floors) == [
        "small: no shown",
        "small: served is 0.2000, its floor 0.1000",
        "small: absent is 0.7000, its floor 0.8000",
    ]


@pytest.mark.parametrize("name", sorted(read_answer_floors()))
def test_the_floors_of_answers_hold(
    name: str, request: pytest.FixtureRequest, embedder: CachedEmbedder
) -> None:
    """By the quotes alone: what is declined and what is shown is not the reader's."""
    floors = read_answer_floors()[name]
    folder = OWN if name == "own" else request.getfixturevalue("shared") / "recall" / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    outcomes = list(ask(folder, floors.limit, embedder, Mute()))
    assert broken_answers(shares(outcomes, load_config().answers.sure), floors) == []

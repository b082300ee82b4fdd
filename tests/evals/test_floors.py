from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import evals
from evals.dataset import Unscored, read_recall_set
from evals.floors import RULE, Floors, broken, read_floors
from evals.recall import measure
from evals.results import COMPARED, Asked, Row, SetResult
from evals.searchers import all_methods
from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.models.loading import load_embedder

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


def measured(folder: Path, floors: Floors, cache: Path) -> SetResult:
    """With the configured model."""
    embedder = CachedEmbedder(load_embedder(load_config()), cache)
    methods = all_methods(embedder, lambda step: None)
    return measure(read_recall_set(folder, floors.limit), "pooled", methods)


def test_the_floors_hold_on_the_own_set(tmp_path: Path) -> None:
    floors = read_floors()["own"]
    found = measured(OWN, floors, tmp_path)
    assert broken(found, floors) == []
    assert found.unanswerable > 0  # they are there, counted and not scored


@pytest.mark.parametrize("name", sorted(read_floors().keys() - {"own"}))
def test_the_floors_hold_on_public_sets(name: str, shared: Path, tmp_path: Path) -> None:
    floors = read_floors()[name]
    folder = shared / "recall" / floors.set
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    assert broken(measured(folder, floors, tmp_path), floors) == []

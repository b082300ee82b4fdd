"""Late interaction is measured beside the ranker, by what other sets teach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals.dataset import Query
from evals.late import Looked, Remembered, rows
from evals.ranking import Candidates
from memex.protocols import Tokens
from memex.recall.features import FEATURES

PASSAGES = 12
METRICS = ("recall@1", "nDCG@10")


def questions(name: str, *, helps: bool, count: int = 40) -> list[Looked]:
    """Where it `helps`, what is right is what is most like the query; else what ranks first."""
    random = np.random.default_rng(len(name))
    found = []
    for number in range(count):
        features = random.uniform(0, 1, (PASSAGES, len(FEATURES)))
        likes = random.uniform(0, 1, PASSAGES)
        looked = Looked(_candidates(name, number, features, 0), likes)
        best = looked.ranked[int(likes.argmax()) if helps else 0]
        found.append(Looked(_candidates(name, number, features, int(best)), likes))
    return found


def _candidates(name: str, number: int, features: np.ndarray, best: int) -> Candidates:
    units = [frozenset({"it"}) if at == best else frozenset[str]() for at in range(PASSAGES)]
    return Candidates(Query(f"{name}{number}", "", "", frozenset({"it"}), ""), features, units, 1)


def test_where_it_tells_what_is_right_it_weighs_and_comes_first() -> None:
    sets = {name: questions(name, helps=True) for name in ("a", "bb", "ccc")}
    found, weight = rows(sets, ["a", "bb"], METRICS)
    assert weight > 5
    assert np.mean(found["late interaction alone"]["ccc"]["recall@1"]) == 1
    assert np.mean(found["ranked, with it"]["ccc"]["recall@1"]) > 0.9
    assert np.mean(found["ranked"]["ccc"]["recall@1"]) < 0.4


def test_a_set_is_measured_by_what_the_others_teach() -> None:
    sets = {"a": questions("a", helps=True), "bb": questions("bb", helps=False)}
    found, _ = rows(sets, ["a", "bb"], METRICS)
    assert found["ranked, with it"]["a"] == found["ranked"]["a"]  # "bb" teaches to leave it
    assert np.mean(found["ranked, with it"]["bb"]["recall@1"]) < 0.5


def test_a_text_is_read_once() -> None:
    asked: list[str] = []

    class Embedder:
        def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
            asked.extend(texts)
            return [Tokens([(0, 1)], np.ones((1, 2), np.float32)) for _ in texts]

    reader = Remembered(Embedder())
    assert len(reader.encode_tokens(["a", "b", "a"])) == 3
    assert reader.encode_tokens(["b"])[0].vectors.dtype == np.float32
    assert asked == ["a", "b"]

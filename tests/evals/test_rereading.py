"""What a cross-encoder says is a feature beside the others, of what would be ranked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from evals.ablate import WHOLE, WITH_CROSS, cross_rows
from evals.dataset import Query
from evals.ranking import Candidates, Ranking
from evals.rereading import COLUMNS, CROSS, CrossEncoder, reread
from memex.errors import InvalidRequest
from memex.protocols import Step
from memex.recall.features import FEATURES
from memex.recall.learn import Matrix


@dataclass(frozen=True, slots=True)
class Knowing:
    """A scorer that knows what is right of one question in two."""

    sure: float = 1.0

    def score(self, question: str, texts: Sequence[str]) -> Matrix:
        """The right one highest; of other questions the first."""
        knows = int(question) % 2
        told = "right" if knows else texts[0]
        return np.array([self.sure * (text == told) - 3.0 for text in texts])


def candidates(number: int, passages: int = 30, split: str = "") -> Candidates:
    """The second is right; nothing that Memex looks at tells which one it is."""
    random = np.random.default_rng(number)
    query = Query(f"q{number}", f"g{number}", str(number), frozenset({"u"}), "", split=split)
    return Candidates(
        query,
        random.uniform(0, 1, (passages, len(FEATURES))),
        [frozenset({"u"} if at == 1 else ()) for at in range(passages)],
        1,
        ["right" if at == 1 else f"{number}.{at}" for at in range(passages)],
    )


def ranking(name: str, first: int = 0) -> Ranking:
    return Ranking(name, tuple(candidates(number) for number in range(first, first + 60)))


def again(one: Ranking) -> Ranking:
    return reread(one, Knowing(), lambda step: None).ranking


def test_what_would_be_ranked_again_is_read_again() -> None:
    told: list[Step] = []
    one = Ranking("a", (candidates(1), candidates(2, passages=3)))
    found = reread(one, Knowing(sure=2.0), told.append)
    first, second = found.ranking.questions
    assert first.rows.shape == (20, len(COLUMNS))
    assert len(first.units) == len(first.texts) == 20
    assert second.rows.shape == (3, len(COLUMNS))
    assert first.rows[:, :-1].tolist() == one.questions[0].rows[:20].tolist()
    assert first.rows[:3, -1].tolist() == [-2, 0, -2]  # less than the best
    assert (told[-1].done, told[-1].total) == (2, 2)
    assert found.seconds >= 0


def test_a_question_without_candidates_is_none_to_read() -> None:
    empty = replace(candidates(1), rows=np.zeros((0, len(FEATURES))), units=[], texts=[])
    (found,) = again(Ranking("a", (empty,))).questions
    assert found.rows.shape == (0, len(COLUMNS))


def test_what_it_knows_is_a_row_beside_what_is_ranked() -> None:
    sets = {name: again(ranking(name, first)) for name, first in (("a", 0), ("b", 60), ("c", 120))}
    rows = cross_rows(sets, ["a", "b"])
    for name in sets:
        means = {row: np.mean(scores[name]["recall@1"]) for row, scores in rows.scores.items()}
        assert means[f"{CROSS} alone"] == 0.5
        assert means[WHOLE] < 0.3
        assert means[WITH_CROSS] > means[WHOLE] + 0.2
    assert rows.weights[CROSS] > 0
    assert rows.difference(WITH_CROSS, "recall@1", ["c"]).low > 0


def test_few_are_from_all_over_the_set_and_of_both_halves() -> None:
    splits = ["train"] * 50 + ["test"] * 30
    halves = Ranking("a", tuple(candidates(at, 2, split) for at, split in enumerate(splits)))
    few = halves.some(10)
    assert [each.query.text for each in few.tests] == [str(at) for at in range(50, 80, 3)]
    assert [each.query.text for each in few.lessons] == [str(at) for at in range(0, 50, 5)]
    assert len(ranking("a").some(1000).questions) == 60


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="holds no cross-encoder"):
        CrossEncoder.load(tmp_path)

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA

from evals.robustness import NOISES, losses, lower_case, misheard, run, typos
from memex.phonetics import consonants_of

QUERY = "When did Siobhan Kowalczyk repair the espresso machine in Gdansk?"


@pytest.mark.parametrize("noise", NOISES.values())
def test_the_same_question_gets_the_same_noise(noise: object) -> None:
    assert callable(noise)
    assert noise(QUERY, "1") == noise(QUERY, "1")
    assert noise("", "1") == ""


def test_the_seed_changes_it() -> None:
    assert len({typos(QUERY, str(seed)) for seed in range(10)}) > 5


def test_lower_case_changes_nothing_else() -> None:
    assert lower_case(QUERY) == QUERY.lower()


@pytest.mark.parametrize("seed", [str(seed) for seed in range(30)])
def test_one_typo_in_each_long_word_and_none_in_others(seed: str) -> None:
    before, after = QUERY.split(), typos(QUERY, seed).split()
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        if len(one.strip("?")) < 5:
            assert one == other
        else:
            assert OSA.distance(one, other) <= 1
            assert one[0] == other[0]
    assert before != after


@pytest.mark.parametrize("seed", [str(seed) for seed in range(30)])
def test_names_become_what_sounds_alike_and_other_words_stay(seed: str) -> None:
    before, after = QUERY.split(), misheard(QUERY, seed).split()
    changed = [
        (one.strip("?").lower(), other.strip("?"))
        for one, other in zip(before, after, strict=True)
        if one != other
    ]
    assert [one for one, _ in changed] == ["siobhan", "kowalczyk", "gdansk"]
    for one, other in changed:
        assert one != other
        assert OSA.distance(one, other) <= 4
        codes = consonants_of(one), consonants_of(other)
        assert OSA.distance(*codes) <= 3


def test_where_no_name_is_long_words_are_misheard() -> None:
    assert misheard("when was the espresso machine repaired").startswith("when was the ")
    assert misheard("when was the espresso machine repaired") != (
        "when was the espresso machine repaired"
    )


def test_the_loss_is_of_what_was_found() -> None:
    queries = ["Find Ada", "Find Bert"]

    def score(number: int, text: str) -> float:
        return 1.0 if text == queries[number] or (number == 0 and text == "find ada") else 0.0

    (loss,) = losses(queries, score, {"lower case": lower_case})
    assert (loss.noise, loss.clean, loss.noisy, loss.lost) == ("lower case", 1.0, 0.5, 0.5)
    assert losses([], score) == []


def test_the_command_says_what_noise_costs(tmp_path: Path) -> None:
    """On the project's own questions: Memex loses less than bm25, which takes words as spelt."""
    written = tmp_path / "losses.json"
    run(Path("evals/sets/own"), 60, tmp_path / "cache", written)
    rows = json.loads(written.read_text())["results"]
    lost = {(row["method"], row["noise"]): 1 - row["noisy"] / row["clean"] for row in rows}
    assert set(lost) == {(method, noise) for method in ("bm25", "memex") for noise in NOISES}
    assert lost["bm25", "lower case"] == 0
    for noise in ("typos", "misheard"):
        assert lost["memex", noise] < lost["bm25", noise] / 2

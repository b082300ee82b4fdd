"""A cross-encoder is taught by what is not held out, goes on where it was broken off, and can
be used by whoever has its folder. Weights are real.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from evals import cross
from evals.commands import evals
from evals.cross import CHECKPOINT, Choice, Training, choices_of, start, teach
from evals.cross_card import UNKNOWN, Card, Figures, card
from evals.dataset import Query, held_out, kept_back
from evals.ranking import Candidates, Ranking
from evals.rereading import CrossEncoder
from memex.config import load_config
from memex.errors import InvalidRequest
from memex.models.catalogue import MINILM_TALK
from memex.recall.features import FEATURES

PLACES = ("shed", "attic", "cellar", "garage", "kitchen")
NAMES = ("Wim", "Ada", "Bo", "Cy", "Dot", "Eve", "Flo", "Gus")


def choices() -> list[Choice]:
    return [
        Choice(
            "toy",
            f"What does {name} keep in the {place}?",
            [f"{name}: I keep it in the {place}."],
            [f"{name}: I keep it in the {other}." for other in PLACES if other != place],
        )
        for name in NAMES
        for place in PLACES
    ]


def training(steps: int | None = None) -> Training:
    return Training("talk", start(MINILM_TALK, load_config()), choices(), steps)


def candidates(number: int, right: tuple[bool, ...], split: str = "") -> Candidates:
    query = Query(f"q{number}", f"g{number}", f"{number}?", frozenset({"u"}), "", split=split)
    return Candidates(
        query,
        np.zeros((len(right), len(FEATURES))),
        [frozenset({"u"} if one else ()) for one in right],
        1,
        [f"{number}.{at}" for at in range(len(right))],
    )


def test_what_is_held_out_teaches_nothing() -> None:
    whole = Ranking("a", tuple(candidates(number, (False, True)) for number in range(200)))
    asked = {each.question for each in choices_of(whole)}
    unseen = held_out([each.query for each in whole.questions])
    assert asked == {each.query.text for each in whole.questions if each.query.id not in unseen}
    assert 100 < len(asked) < 180


def test_of_a_half_to_learn_from_some_is_left_for_the_ranker() -> None:
    splits = ["train", "test"] * 100
    halves = Ranking(
        "a", tuple(candidates(at, (False, True), split) for at, split in enumerate(splits))
    )
    left = kept_back([each.query for each in halves.questions])
    assert {each.query.id for each in halves.tests} < left
    assert 15 <= len(halves.kept_back().lessons) <= 50
    assert len(choices_of(halves)) == 200 - len(left)


def test_wrong_is_what_the_search_puts_first() -> None:
    first = (False, True, *[False] * 30)
    unseen = held_out([candidates(number, first).query for number in range(9)])
    number = next(at for at in range(9) if f"q{at}" not in unseen)
    more = [candidates(at, first) for at in range(9)]
    chosen = {each.question: each for each in choices_of(Ranking("a", tuple(more)))}
    one = chosen[f"{number}?"]
    assert one.right == [f"{number}.1"]
    assert one.wrong == [f"{number}.{at}" for at in range(20) if at != 1]


def test_what_has_nothing_to_choose_from_is_left_out() -> None:
    sure = Ranking("a", tuple(candidates(number, (True, True)) for number in range(50)))
    lost = Ranking("a", tuple(candidates(number, (False, False)) for number in range(50)))
    assert choices_of(sure) == []
    assert choices_of(lost) == []


def test_it_learns_and_goes_on_where_it_was_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross, "OFTEN", 4)
    whole = training(8)
    losses = list(teach(whole, tmp_path / "whole.pt"))
    assert len(losses) == len(whole.plan) == 8
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])

    broken = teach(training(8), tmp_path / CHECKPOINT)
    assert [next(broken) for _ in range(5)] == losses[:5]
    rest = training(8)
    assert list(teach(rest, tmp_path / CHECKPOINT)) == losses[4:]
    asked = ("What does Ada keep in the attic?", ["Ada: I keep it in the attic.", "Bo: Tea."])
    scores = CrossEncoder(rest.model).score(*asked)
    assert scores.tolist() == CrossEncoder(whole.model).score(*asked).tolist()
    assert scores[0] > scores[1]


def test_it_scores_as_it_is_what_says_what_is_asked() -> None:
    scorer = CrossEncoder(start(MINILM_TALK, load_config()))
    texts = [
        "Ada: We moved the ladder into the attic, where nobody falls over it.",
        "Bo: The tea was cold, and the train was late.",
    ]
    together = scorer.score("where did they put the ladder", texts)
    assert together[0] > together[1]
    apart = [scorer.score("where did they put the ladder", [text])[0] for text in texts]
    assert together == pytest.approx(apart, abs=1e-4)  # what fills up a batch tells nothing


def test_a_checkpoint_of_other_lessons_is_refused(tmp_path: Path) -> None:
    some = training(2)
    some.save(tmp_path / CHECKPOINT)
    with pytest.raises(InvalidRequest, match="another base, other sets or steps"):
        Training("talk", some.model, choices()[:9], 2).resume(tmp_path / CHECKPOINT)
    with pytest.raises(InvalidRequest, match="another base, other sets or steps"):
        Training("other", some.model, choices(), 2).resume(tmp_path / CHECKPOINT)


def test_the_card_says_what_may_be_shipped() -> None:
    rows = {"as they were found": dict.fromkeys(("recall@1", "recall@5", "nDCG@10"), 0.5)}
    said = card(
        Card(MINILM_TALK, {"qmsum": 12, "mine": 3}, 4, [Figures("qmsum", 7, rows)]),
    )
    assert said.startswith("---\nlicense: apache-2.0\n")
    assert "qmsum: 12 questions (MIT)" in said
    assert f"mine: 3 questions ({UNKNOWN})" in said
    assert "| as they were found | 50.0 / 50.0 / 50.0 |" in said


@pytest.fixture
def sets(tmp_path: Path) -> list[Path]:
    """Two, of a talk each with everybody."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, thing in zip(folders, ("bicycle", "ladder"), strict=True):
        folder.mkdir()
        people = [f"{name}{at}" for name in NAMES for at in range(3)]
        units = [
            {
                "id": f"{name} {place}",
                "group": name,
                "session": f"{name} {place}",
                "kind": "conversation",
                "speaker": name,
                "text": f"{name} has a {thing} in the {place}.",
            }
            for name in people
            for place in PLACES[:2]
        ]
        (folder / "corpus.jsonl").write_text("".join(json.dumps(one) + "\n" for one in units))
        asked = [
            {
                "id": name,
                "group": name,
                "query": f"what does {name} have in the attic",
                "evidence": [f"{name} attic"],
                "answerable": True,
            }
            for name in people
        ]
        (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
    return folders


def test_what_the_command_makes_is_compared_by_another(sets: list[Path], tmp_path: Path) -> None:
    out, figures = tmp_path / "model", tmp_path / "ablate.json"
    learn = [word for folder in sets for word in ("--learn", str(folder))]
    learn += ["--cache", str(tmp_path / "cache")]
    arguments = ["cross", *learn, "--steps", "2", "--out", str(out)]
    done = CliRunner().invoke(evals, arguments)
    assert done.exit_code == 0, done.output
    assert "8 questions were learnt from" in " ".join(done.output.split())
    assert {"README.md", "config.json", "model.safetensors", "tokenizer.json"} <= {
        path.name for path in out.iterdir()
    }
    assert not (out / CHECKPOINT).exists()
    assert UNKNOWN in (out / "README.md").read_text()

    done = CliRunner().invoke(evals, arguments)
    assert done.exit_code == 1
    assert "holds a model" in done.output

    done = CliRunner().invoke(
        evals, ["ablate", *learn, "--cross", str(out), "--limit", "5", "--json", str(figures)]
    )
    assert done.exit_code == 0, done.output
    assert "ms of a core for a question" in done.output
    whole, again = json.loads(figures.read_text())["results"]
    assert list(again["rows"]) == [
        "fused",
        "ranked",
        "cross-encoder alone",
        "ranked with cross-encoder",
    ]
    assert set(again["weights"]) == {*FEATURES, "cross-encoder"}
    assert whole["rows"]["fused"] == again["rows"]["fused"]

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from evals.dataset import Unscored
from evals.results import COMPARED, Asked, Row, SetResult
from evals.stages import STAGES
from evals.tables import chance, points, show

METRICS = (*COMPARED, "hit@10", "MRR")


def small() -> SetResult:
    questions = tuple(
        Asked(f"q{at}", "who?", "name" if at < 2 else "place", "meeting") for at in range(4)
    )
    shares = {"bm25": [0.0, 0.0, 1.0, 1.0], "memex": [1.0, 1.0, 1.0, 0.0]}
    rows = {
        name: Row(dict.fromkeys(METRICS, share), 9.0, 2.0 if name == "bm25" else None)
        for name, share in shares.items()
    }
    stages = dict(zip((*STAGES, "candidates, lexical"), (0.9, 0.1, 0.05, 0.0, 0.8), strict=True))
    return SetResult(
        "small", "pooled", 12, questions, rows, Row({name: [of] * 4 for name, of in stages.items()})
    )


def shown(result: SetResult) -> str:
    out = StringIO()
    show(Console(width=80, file=out), result)
    return out.getvalue()


def test_a_set_is_shown_with_its_methods_groups_and_losses() -> None:
    text = shown(small())
    assert "small, pooled: 4 questions, 12 passages\n" in text
    assert "memex - bm25" in text
    assert "+25.0" in text
    assert "100.0 [100.0, 100.0]" in text  # memex on names
    assert "small: memex by category" in text
    assert "by source" not in text  # there is one
    assert "the candidates have 90.0 % (lexical 80.0); ranking leaves 10.0" in text


def test_what_was_not_scored_is_shown_with_its_reason() -> None:
    lost = Unscored("q9", "where?", "not in the corpus: u[9]")
    text = shown(replace(small(), unscored=(lost,), unanswerable=3, without_evidence=2))
    assert "12 passages, 1 unscored, 3 unanswerable, 2 without evidence" in text
    assert "unscored: q9: not in the corpus: u[9]" in text


def test_a_set_of_which_nothing_was_scored_says_why() -> None:
    lost = Unscored("q9", "where?", "not in the corpus: u9")
    text = shown(replace(small(), questions=(), rows={}, unscored=(lost,)))
    assert "small, pooled: 0 questions" in text
    assert "unscored: q9" in text


def test_points_and_chances() -> None:
    assert [points(share) for share in (0.123, -0.0004, 0.0)] == ["+12.3", "+0.0", "+0.0"]
    assert [chance(p) for p in (0.0001, 0.0421, 1.0)] == ["< 0.001", "0.042", "1.000"]

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.commands import evals
from evals.compare import ALL, changes, unpaired
from evals.report import write_json
from evals.results import COMPARED, Asked, Row, Run, SetResult, as_row
from memex.errors import InvalidRequest


def result(
    name: str, ids: Sequence[str], scores: Sequence[float], scope: str = "pooled"
) -> SetResult:
    questions = tuple(Asked(id_, f"what is {id_}", "factoid", "reading") for id_ in ids)
    row = Row({metric: list(scores) for metric in (*COMPARED, "MRR", "hit@10")})
    return SetResult(name, scope, 10, questions, {"memex": row})


def a_run(*results: SetResult) -> Run:
    return Run("run.json", {}, results)


def test_questions_are_paired_by_id_not_by_place() -> None:
    before = a_run(result("one", ["a", "b", "c"], [0.0, 0.5, 1.0]))
    after = a_run(result("one", ["c", "x", "a"], [1.0, 0.0, 0.2]))
    found = changes(before, after, "memex")
    assert [change.metric for change in found] == list(COMPARED)
    (change, *_) = found
    assert change.before == 0.5
    assert change.after == pytest.approx(0.6)
    assert change.difference.n == 2
    assert change.difference.mean == pytest.approx(0.1)
    assert unpaired(before, after) == {"one": 2}


def test_the_last_rows_are_the_mean_of_the_sets() -> None:
    many = [f"q{at}" for at in range(100)]
    before = a_run(result("one", ["a", "b"], [0.0, 0.0]), result("two", many, [0.5] * 100))
    after = a_run(result("one", ["a", "b"], [1.0, 1.0]), result("two", many, [0.5] * 100))
    last = changes(before, after, "memex")[-1]
    assert last.set == ALL
    assert (last.before, last.after) == (0.25, 0.75)
    assert (last.difference.mean, last.difference.n) == (0.5, 102)


def test_runs_that_share_nothing_cannot_be_compared() -> None:
    one, other = a_run(result("one", ["a"], [1.0])), a_run(result("one", ["a"], [1.0], "group"))
    for before, after, method in ((one, other, "memex"), (one, one, "oracle")):
        with pytest.raises(InvalidRequest, match="share no question"):
            changes(before, after, method)


def test_the_command_prints_and_writes_differences(tmp_path: Path) -> None:
    ids = [f"q{at}" for at in range(20)]
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, scores in zip(files, ([0.0] * 20, [1.0] * 10 + [0.0] * 10), strict=True):
        write_json(file, "recall", [as_row(result("small", ids, scores))])
    out = tmp_path / "compared.json"
    done = CliRunner().invoke(evals, ["compare", *map(str, files), "--json", str(out)])
    assert done.exit_code == 0, done.output
    assert "+50.0" in done.output
    (first, *_) = json.loads(out.read_text())["results"]
    assert first["metric"] == "recall@1"
    assert first["difference"]["low"] > 0.2
    assert first["difference"]["p"] < 0.01

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.bench import run
from evals.commands import BENCHMARKS, evals

TURNS = [
    ("garage", "The mechanic replaced the brakes of my old car."),
    ("kitchen", "We baked bread with rye flour and let the dough rest overnight."),
    ("harbour", "The ferry to the island leaves at seven in the morning."),
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    units = [
        {"id": name, "group": name, "session": name, "kind": "meeting", "text": text}
        for name, text in TURNS
    ]
    lines = "".join(json.dumps(unit) + "\n" for unit in units)
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    asked = [("garage", "vehicle repair workshop"), ("harbour", "when does the ferry leave")]
    rows = [
        {"id": name, "group": name, "query": text, "evidence": [name], "answerable": True}
        for name, text in asked
    ]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_every_benchmark_can_be_asked_for() -> None:
    assert set(BENCHMARKS) == set(run.BENCHMARKS)


def test_recall_scores_every_method_with_the_real_model(questions: Path, tmp_path: Path) -> None:
    figures = tmp_path / "out" / "recall.json"
    arguments = ["recall", "--data", str(questions.parent), "--cache", str(tmp_path / "cache")]
    done = CliRunner().invoke(evals, [*arguments, "--json", str(figures)])
    assert done.exit_code == 0, done.output
    assert "small, pooled: 2 questions, 3 passages" in done.output
    written = json.loads(figures.read_text())
    assert written["versions"]["bm25s"]
    (result,) = written["results"]
    assert list(result["rows"]) == ["bm25", "lexical", "vector", "memex"]
    assert result["rows"]["bm25"]["recall@1"] == 0.5  # no word of the first question is there
    assert result["rows"]["vector"]["recall@1"] == 1
    assert result["rows"]["memex"]["recall@1"] == 1
    assert list((tmp_path / "cache").glob("*.db"))


def test_asr_scores_real_speech(shared: Path, tmp_path: Path) -> None:
    figures = tmp_path / "asr.json"
    arguments = ["asr", "--data", str(shared / "audio"), "--set", "read", "--limit", "2"]
    done = CliRunner().invoke(evals, [*arguments, "--json", str(figures)])
    assert done.exit_code == 0, done.output
    (result,) = json.loads(figures.read_text())["results"]
    assert result["recordings"] == 2
    assert result["words"] > 20
    assert result["wer"] < 0.4
    assert result["real_time_factor"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recall", "--data", "."], "no set of questions"),
        (["asr", "--data", ".", "--set", "read"], "has no set"),
        (["bench", "--data", "."], "audio is not there"),
    ],
)
def test_errors_are_messages(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(evals, arguments)
    assert done.exit_code == 1
    assert message in done.output
    assert "Traceback" not in done.output

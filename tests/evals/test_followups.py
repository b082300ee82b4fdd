"""Follow-ups of the project's own set: its file, and what must not be fallen behind."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.commands import evals
from evals.floors import broken_answers, read_followup_floors
from evals.followups import FILE, OWN, measure, read_lines, shares
from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.errors import InvalidRequest


def test_there_are_enough_of_each_kind() -> None:
    lines = read_lines(OWN)
    counts = Counter(line.kind for line in lines)
    assert counts["follows"] >= 40
    assert counts["alone"] >= 12
    assert counts["absent"] >= 12
    assert lines[0].kind == "first"
    assert all(line.whole != line.text for line in lines if line.kind in {"follows", "absent"})
    assert len({line.whole for line in lines}) == len(lines)


@pytest.mark.parametrize(
    "line", ["who?", "* who? | Bush", "? who?", "+ when? | Bush", "? who? | no unit says this"]
)
def test_a_malformed_line_is_refused(line: str, tmp_path: Path) -> None:
    corpus = '{"id": "a", "text": "Vannevar Bush wrote it.", "said": null}\n'
    (tmp_path / "corpus.jsonl").write_text(corpus, encoding="utf-8")
    (tmp_path / FILE).write_text(f"? who? | Bush\n{line}\n", encoding="utf-8")
    with pytest.raises(InvalidRequest, match=r"followups\.txt:2"):
        read_lines(tmp_path)


def test_the_floors_of_follow_ups_hold(embedder: CachedEmbedder) -> None:
    """By the quotes alone, with the configured embedding model."""
    sure = load_config().answers.sure
    found = shares(measure(OWN, embedder, sure), sure)
    assert broken_answers(found, read_followup_floors()["own"]) == []
    assert found["found"] >= 1.5 * found["alone"]


def test_the_command_prints_what_was_changed(tmp_path: Path, cache: Path) -> None:
    figures = tmp_path / "followups.json"
    arguments = ["followups", "--cache", str(cache), "--json", str(figures)]
    done = CliRunner().invoke(evals, arguments)
    assert done.exit_code == 0, done.output
    assert "worded whole" in done.output
    assert "changed: how many maps did he steal" in done.output
    assert '"understood"' in figures.read_text(encoding="utf-8")

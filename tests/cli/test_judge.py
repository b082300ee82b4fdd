"""What `memex evals judge` makes of verdicts, with a judge whose verdicts are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from memex.commands.judge import Judged, _judged, _tell, _warn, judged_to_json
from memex.endpoint import Endpoint
from memex.judging import Sample


def sample(number: int, *, right: bool | None) -> Sample:
    said = f"Answer {number}. [1]"
    return Sample(number, f"Question {number}?", said, found=True, quotes=("q",), right=right)


KNOWN = [sample(at, right=at % 2 == 0) for at in range(40)]
LEFT = [sample(at, right=None) for at in range(100, 107)]


@dataclass
class Judge:
    """Right by its number, but for every so-manieth."""

    errs: int = 1_000
    silent: int = 1_000
    name: str = "a judge"
    asked: list[int] = field(default_factory=list)

    def judge(self, sample: Sample, examples: Sequence[Sample]) -> bool | None:
        self.asked.append(sample.id)
        if sample.id % self.silent == self.silent - 1:
            return None
        return (sample.id % 2 == 0) != (sample.id % self.errs == self.errs - 1)


def shown(judged: Judged, capsys: pytest.CaptureFixture[str]) -> str:
    _tell(judged)
    return capsys.readouterr().out


def test_a_judge_that_agrees_counts(capsys: pytest.CaptureFixture[str]) -> None:
    judge = Judge(errs=20, silent=13)
    judged = _judged(judge, KNOWN, LEFT)
    assert (judged.right, judged.wrong, judged.unlabelled) == (4, 2, 7)  # 103 is silent
    assert judged.silent == 3
    text = shown(judged, capsys)
    assert "Trusted. Of 7 answers without a label it calls 4 right and 2 wrong, 1 neither." in text
    (row,) = judged_to_json(judged)["results"]
    assert row["trusted"]
    assert row["low"] >= 0.4


def test_one_that_does_not_is_asked_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is a server: nothing more is sent."""
    judge = Judge(errs=3)
    judged = _judged(judge, KNOWN, LEFT)
    assert judge.asked == [each.id for each in KNOWN]
    assert (judged.right, judged.wrong) == (None, None)
    text = shown(judged, capsys)
    assert "Not trusted: the lower end of kappa's interval is below 0.4" in text
    assert "7 answers" not in text


def test_where_all_is_called_the_same_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    right = [replace(each, id=2 * each.id, right=True) for each in KNOWN]
    text = shown(_judged(Judge(), right, []), capsys)
    assert "cannot be told" in text
    assert "40 of them are right and 0 wrong" in text


def test_a_judge_that_never_says_is_not_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(_judged(Judge(silent=1), KNOWN, LEFT), capsys)
    assert "Of 40 it said neither yes nor no." in text
    assert "Not trusted" in text


def test_it_is_said_what_leaves_this_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("click.confirm", lambda question, **_: asked.append(question))
    _warn(Endpoint("https://example.org/v1", "large"), 40, 7)
    said = capsys.readouterr().err
    assert "https://example.org (NOT on this machine)" in said
    assert "labels and critiques: 40;" in said
    assert "without a label with answers and quotes: 7." in said
    assert asked == ["Send that?"]

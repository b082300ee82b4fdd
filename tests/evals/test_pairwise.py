from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.commands import evals
from evals.pairwise import FIRST, SECOND, Pair, Prompted, by_hand, by_judge, prompt, summed, told
from memex.protocols import Message
from memex.significance import sign_test
from memex.testing import ScriptedModel
from tests.evals.test_answers import talks

__all__ = ["talks"]


def pair(number: int, a: str, b: str) -> Pair:
    return Pair("talks", f"q{number}", "When?", ("Friday",), ("On Friday.",), a, b)


@dataclass
class Judge:
    """Prefers what it was told to; notes what it was shown."""

    said: Sequence[str | None]
    """To one prompt after the other."""
    name: str = "judge"
    shown: list[str] = field(default_factory=list)

    def fits(self, messages: Sequence[Message]) -> bool:
        return True

    def choose(self, messages: Sequence[Message], options: Sequence[str]) -> str | None:
        self.shown.append(messages[-1].content)
        return self.said[len(self.shown) - 1]


@pytest.mark.parametrize(
    ("said", "winner", "place", "silent"),
    [
        ((FIRST, SECOND), "a", None, False),
        ((SECOND, FIRST), "b", None, False),
        ((FIRST, FIRST), None, "first", False),
        ((SECOND, SECOND), None, "second", False),
        ((None, FIRST), None, None, True),
        ((FIRST, None), None, None, True),
    ],
)
def test_a_preference_counts_where_it_holds_in_both_orders(
    said: tuple[str | None, str | None], winner: str | None, place: str | None, silent: bool
) -> None:
    judge = Judge(said)
    (found,) = by_judge([pair(1, "On Friday.", "On Monday.")], judge)
    assert (found.winner, found.place, found.silent) == (winner, place, silent)
    one, other = judge.shown
    assert one.index("On Friday.\nAnswer 2: On Monday.") > 0
    assert other.index("On Monday.\nAnswer 2: On Friday.") > 0


def test_the_same_words_are_not_judged() -> None:
    judge = Judge(())
    (found,) = by_judge([pair(1, "On Friday.", "On Friday.")], judge)
    assert found.winner is None
    assert judge.shown == []
    assert summed([found]).same == 1


def test_the_sums_have_ties_and_the_position_bias() -> None:
    pairs = [pair(at, "Friday", f"Monday {at}") for at in range(8)]
    wins = (FIRST, SECOND) * 5
    judge = Judge((*wins, SECOND, FIRST, FIRST, FIRST, FIRST, None))
    sums = summed(by_judge([*pairs, pair(9, "x", "x")], judge))
    assert (sums.n, sums.a, sums.b, sums.ties, sums.same) == (9, 5, 1, 2, 1)
    assert (sums.first, sums.second, sums.silent) == (1, 0, 1)
    assert sums.p == pytest.approx(14 / 64)
    text = "\n".join(told(sums, ("small", "tiny"), "judge"))
    assert "in 1 of 8 the judge prefers a place" in text
    assert "small: better in 5" in text


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(0, 0, 1.0), (3, 3, 1.0), (6, 0, 2 / 64), (0, 6, 2 / 64)]
)
def test_the_sign_test_is_exact(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p)


def test_another_instruction_takes_the_place_of_the_models_own() -> None:
    model = ScriptedModel(["Friday."])
    asked = [Message("system", "Be long."), Message("user", "When?")]
    assert "".join(Prompted(model, "Be short.").complete(asked)).strip() == "Friday."
    assert model.prompts == [[Message("system", "Be short."), Message("user", "When?")]]


def test_by_hand_the_sides_are_hidden_and_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who always prefers the first answer prefers neither side."""
    typed = iter([FIRST] * 40)
    monkeypatch.setattr("evals.pairwise.terminal.typed", lambda *_: next(typed))
    pairs = [pair(at, "answer of one", "answer of two") for at in range(40)]
    sums = summed(by_hand([*pairs, pair(99, "x", "x")]))
    shown = capsys.readouterr().out
    assert sums.a + sums.b == 40
    assert (sums.n, sums.same, sums.ties) == (41, 1, 0)
    assert 8 < sums.a < 32
    assert "40 of 40" in shown
    assert summed(by_hand(pairs[:0])).n == 0


def test_by_hand_it_ends_when_it_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["t", "q"])
    monkeypatch.setattr("evals.pairwise.terminal.typed", lambda *_: next(typed))
    found = by_hand([pair(at, "one", "two") for at in range(5)])
    assert [each.winner for each in found] == [None]


def test_a_judge_is_told_the_reference_and_the_quotes() -> None:
    system, asked = prompt(pair(1, "a", "b"), ("a", "b"))
    assert system.role == "system"
    assert "Known to be right: Friday" in asked.content
    assert "- On Friday." in asked.content


def test_two_readers_are_compared_by_the_real_small_model(talks: Path, tmp_path: Path) -> None:
    file, instruction = tmp_path / "pairs.json", tmp_path / "short.txt"
    instruction.write_text("Answer in one word.", encoding="utf-8")
    command = [
        "pairwise", "--data", str(talks), "--limit", "2", "--a", "tiny", "--b", "tiny",
        "--prompt-b", str(instruction), "--judge", "tiny", "--cache", str(tmp_path / "c"),
    ]  # fmt: skip
    done = CliRunner().invoke(evals, [*command, "--json", str(file)])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(file.read_text(encoding="utf-8"))["results"]
    assert row["n"] == len(row["pairs"]) == 2
    assert row["readers"] == {"a": "tiny", "b": "tiny, short.txt"}
    assert row["a"] + row["b"] + row["ties"] + row["same"] == 2
    assert 0 <= row["p"] <= 1


@pytest.mark.parametrize("who", [[], ["--judge", "tiny", "--by-hand"], ["--judge-url", "x"]])
def test_who_compares_must_be_said(talks: Path, who: list[str]) -> None:
    command = ["pairwise", "--data", str(talks), "--a", "none", "--b", "tiny", *who]
    done = CliRunner().invoke(evals, command)
    assert done.exit_code == 2
    assert "Say who compares" in done.output

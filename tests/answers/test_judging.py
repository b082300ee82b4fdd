from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from memex.agreement import LEAST, Table, agreement, counted
from memex.config import load_config
from memex.judging import (
    EXAMPLES,
    NO,
    YES,
    ByExamples,
    ByModel,
    Sample,
    distinct,
    examples_for,
    first_word,
    fitted,
    prompt,
    sample_from_json,
    sample_of,
    sample_to_json,
    verdicts,
)
from memex.models.loading import load_language_model
from memex.protocols import LanguageModel
from memex.testing import ScriptedModel


def sample(
    number: int,
    *,
    right: bool | None = None,
    critique: str = "",
    question: str = "",
    answer: str = "Ada did. [1]",
) -> Sample:
    return Sample(
        id=number,
        question=question or f"Who mended the ferry number {number}?",
        answer=answer,
        found=True,
        quotes=("Ada: I mended the ferry.",),
        right=right,
        critique=critique,
    )


def labelled(count: int) -> list[Sample]:
    return [sample(at, right=at % 2 == 0, critique=f"critique {at}") for at in range(count)]


def test_kappa_is_cohens() -> None:
    """The table of the textbook: 20, 5, 10, 15 of 50, kappa 0.4."""
    table = Table(20, 5, 10, 15)
    assert table.observed == pytest.approx(0.7)
    assert table.kappa == pytest.approx(0.4)
    assert counted([(True, True), (True, False), (False, False)]) == Table(1, 1, 0, 1)


def test_where_all_is_called_the_same_kappa_cannot_be_told() -> None:
    found = agreement(Table(30, 0, 0, 0))
    assert (found.kappa, found.low, found.high) == (None, None, None)
    assert not found.trusted
    assert Table(0, 0, 0, 0).observed is None
    assert "judged 0 labelled" in agreement(Table(0, 0, 0, 0)).doubt


def test_the_interval_is_around_kappa_and_narrows_with_labels() -> None:
    few, many = agreement(Table(8, 2, 4, 6)), agreement(Table(80, 20, 40, 60))
    for found in (few, many):
        assert found.kappa == pytest.approx(0.4)
        assert found.low is not None
        assert found.high is not None
        assert found.low < 0.4 < found.high
    assert (many.high or 0) - (many.low or 0) < (few.high or 0) - (few.low or 0)
    assert agreement(Table(8, 2, 4, 6)) == few  # seeded


@pytest.mark.parametrize(
    ("table", "doubt"),
    [
        (Table(LEAST // 2, 0, 0, LEAST // 2), ""),
        (Table(40, 2, 2, 40), ""),
        (Table(LEAST // 2 - 1, 0, 0, LEAST // 2), "are needed"),
        (Table(40, 0, 0, 4), "at least 5 of each"),
        (Table(10, 5, 5, 10), "lower end"),
        (Table(0, 20, 0, 20), "lower end"),  # all is called wrong
        (Table(0, 20, 20, 0), "lower end"),
    ],
)
def test_a_judge_is_trusted_by_the_rule(table: Table, doubt: str) -> None:
    found = agreement(table)
    assert found.trusted == (not doubt)
    assert doubt in found.doubt


def test_what_is_judged_is_never_among_its_examples() -> None:
    known = labelled(60)
    for each in known:
        told = examples_for(each, known)
        assert 0 < len(told) <= EXAMPLES
        assert each not in told
        assert each.fold not in {other.fold for other in told}
    again = replace(known[0], id=99, question=known[0].question.upper(), answer="Ben did.")
    assert known[0].key not in {other.key for other in examples_for(again, known)}


def test_examples_are_right_and_wrong_by_turns_and_those_with_a_critique_first() -> None:
    known = [*labelled(40), *(sample(at, right=at % 2 == 0) for at in range(100, 140))]
    told = examples_for(sample(999), known, most=6)
    assert [each.right for each in told] == [False, True] * 3
    assert all(each.critique for each in told)
    assert examples_for(sample(999), [sample(1), sample(2)]) == ()  # they have no label


def test_the_prompt_has_the_critiques_and_ends_with_what_is_judged() -> None:
    example = sample(1, right=False, critique="It was Ben.")
    system, asked, said, last = prompt(sample(2), [example])
    assert (system.role, asked.role, said.role, last.role) == (
        "system", "user", "assistant", "user",
    )  # fmt: skip
    assert said.content == "no: It was Ben."
    assert "number 2" in last.content
    assert "- Ada: I mended the ferry." in last.content
    declined = sample(3, answer="I find nothing about that.")
    assert "Nearest" in prompt(replace(declined, found=False), [])[-1].content


def test_examples_that_do_not_fit_are_left_out() -> None:
    model = ScriptedModel(["yes"], context=200)
    whole = fitted(ByModel(ScriptedModel(["yes"], context=100_000)), sample(999), labelled(6))
    cut = fitted(ByModel(model), sample(999), labelled(6))
    assert len(whole) == 2 + 2 * 6
    assert 2 <= len(cut) < len(whole)
    assert cut[-1] == whole[-1]
    assert fitted(ByModel(ScriptedModel(["yes"], context=1)), sample(999), labelled(6))[1:] == [
        whole[-1]
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [("yes", YES), ("**No**, since", NO), ("No: it", NO), ("maybe yes", None), ("", None)],
)
def test_a_reply_begins_with_the_word(text: str, word: str | None) -> None:
    assert first_word(text, (YES, NO)) == word


@dataclass
class Careful:
    """A judge that knows, and notes what it was told."""

    name: str = "careful"
    told: dict[int, Sequence[Sample]] = field(default_factory=dict)

    def judge(self, sample: Sample, examples: Sequence[Sample]) -> bool | None:
        self.told[sample.id] = examples
        return None if "7" in sample.question else sample.id % 2 == 0


def test_a_judge_that_agrees_is_trusted_and_its_silence_is_no_verdict() -> None:
    known, judge = labelled(60), Careful()
    said = list(verdicts(judge, known, known))
    pairs = [(bool(each.right), right) for each, right in said if right is not None]
    assert 0 < len(pairs) < len(said)
    assert agreement(counted(pairs)).trusted
    assert all(each.id not in {x.id for x in judge.told[each.id]} for each in known)


def trace(**of: object) -> dict[str, Any]:
    hits = [{"text": f"hit {at}"} for at in range(5)]
    return {
        "id": 4, "kind": "ask", "query": "Who?", "understood": None,
        "answer": "Ada. [1]", "found": True,
        "citations": [{"text": "It was Ada."}], "hits": hits, "verdict": None, "note": "", **of,
    }  # fmt: skip


def test_a_trace_is_something_to_judge_where_it_has_an_answer() -> None:
    made = sample_of(trace(verdict="wrong", note="Ben"))
    assert made == Sample(4, "Who?", "Ada. [1]", True, ("It was Ada.",), False, "Ben")
    assert sample_from_json(sample_to_json(made)) == made
    declined = sample_of(trace(found=False, citations=[]))
    assert declined
    assert declined.quotes == ("hit 0", "hit 1", "hit 2")
    assert declined.right is None
    assert sample_of(trace(answer=None)) is None
    assert sample_of(trace(kind="search")) is None


def test_the_same_answer_counts_once_with_its_latest_label() -> None:
    asked = "who MENDED the  ferry?"
    first = sample(1, question="Who mended the ferry?", right=True)
    second = sample(2, question=asked, right=False)
    third = sample(3, question=asked)
    other = sample(4, question=asked, answer="Ben did.")
    assert distinct([third, other, second, first]) == [second, other]
    folds = [each.fold for each in distinct(labelled(30))]
    assert folds == sorted(folds)


@pytest.fixture(scope="module")
def reader() -> Iterator[LanguageModel]:
    with closing(load_language_model(load_config())) as model:
        yield model


def test_the_real_small_model_says_yes_or_no_and_is_not_trusted(reader: LanguageModel) -> None:
    """It has 135 million weights: whatever it says, its agreement must not pass for trust."""
    cheese = "The moon is made of cheese. [1]"
    known = distinct(
        sample(at, right=at % 2 == 0, answer="Ada did. [1]" if at % 2 == 0 else cheese)
        for at in range(LEAST)
    )
    said = [right for _, right in verdicts(ByExamples(ByModel(reader)), known, known)]
    assert None not in said
    pairs = [(bool(each.right), bool(right)) for each, right in zip(known, said, strict=True)]
    assert not agreement(counted(pairs)).trusted

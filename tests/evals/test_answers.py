from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evals.asking import halves, spread
from evals.commands import evals
from evals.references import holds
from evals.support import sentences, unsupported
from memex.types import Answer, Citation, Hit, Passage


def answer(text: str, *quotes: str) -> Answer:
    cited = tuple(
        Citation(
            n, Hit(Passage(f"d:{n}", "d", quote, "A talk", "note", "x:d", 0, 0), 1.0, {}), quote
        )
        for n, quote in enumerate(quotes, start=1)
    )
    return Answer(text, cited, found=True)


@pytest.mark.parametrize(
    ("said", "references"),
    [
        ("She adopted a dog on 7 May 2023. [1]", ["7 May 2023"]),
        ("It was on the 7th of May, 2023.", ["7 May 2023"]),
        ("They have three cats.", ["3 cats"]),
        ("Two years ago, in Lisbon", ["Porto", "Lisbon"]),
        ("26 children", ["twenty six"]),
        ("It was on the 29th of April.", ["twenty ninth of April"]),
        ("It has 1412 pipes.", ["One thousand four hundred and twelve"]),
        ("On the twentieth.", ["20"]),
        ("On 20 October 2023.", ["The Friday before 22 October 2023"]),
        ("On 23 October 2022.", ["The Sunday before 25October, 2022."]),
        ("It was on 16 July 2023.", ["The weekend before 17 July 2023"]),
        ("last week [29 May 2023 to 4 June 2023]", ["The week before 9 June 2023"]),
        ("On 28 January 2023", ["Saturday after January 21, 2023"]),
        (
            "The winner was a regional dance contest's first place",
            ["First place at a regional dance contest"],
        ),
    ],
)
def test_an_answer_that_holds_a_reference(said: str, references: list[str]) -> None:
    assert holds(said, references)


@pytest.mark.parametrize(
    ("said", "references"),
    [
        ("On 8 May 2023.", ["7 May 2023"]),
        ("27 pipes", ["twenty six"]),
        ("1 July 2023", ["The Friday before 31 June 2023"]),
        ("A dog.", ["a cat"]),
        ("", ["a cat"]),
        ("a cat", []),
    ],
)
def test_an_answer_that_holds_none(said: str, references: list[str]) -> None:
    assert not holds(said, references)


def test_the_sentences_of_an_answer_with_what_they_cite() -> None:
    found = sentences(answer("One thing. [1] Another thing. [2] A third"))
    assert found == [("One thing.", 1), ("Another thing.", 2), ("A third", 0)]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ada walked the dog in May. [1]", []),
        ("Ada was walking her dogs in May. [1]", []),
        ("Ada was saving each dog. [1]", ["Ada was saving each dog."]),
        ("Ben walked the dog in May. [1]", ["Ben walked the dog in May."]),
        ("Ada walked the dog in June. [1]", ["Ada walked the dog in June."]),
        ("Ada walked 3 dogs. [1]", ["Ada walked 3 dogs."]),
        ("Ada walked the dog. [2]", ["Ada walked the dog."]),
        ("Ada walked the dog.", ["Ada walked the dog."]),
    ],
)
def test_what_says_more_than_its_quote(text: str, left: list[str]) -> None:
    assert unsupported(answer(text, "Ada said that she walks the dog each May."), "Who?") == left


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("Ada made a cake.", "I make a cake."),
        ("Ada is making a cake.", "I make a cake."),
        ("Ada makes cakes.", "making a cake, says Ada"),
    ],
)
def test_a_word_in_another_form_says_no_more(said: str, quote: str) -> None:
    assert unsupported(answer(f"{said} [1]", f"Ada: {quote}"), "What?") == []


def test_items_are_chosen_evenly() -> None:
    assert spread(range(10), 5) == [0, 2, 4, 6, 8]
    assert spread([1, 2], 5) == [1, 2]


TOPICS = ("ferry", "orchard", "violin", "kettle")


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Four conversations of two, a question about each, and one trap."""
    folder = tmp_path / "talks"
    folder.mkdir()
    units: list[dict[str, Any]] = []
    queries: list[dict[str, Any]] = []
    for topic in TOPICS:
        turns = (("Ada", f"I mended the {topic} on Friday."), ("Ben", "Well done, I only slept."))
        for at, (speaker, text) in enumerate(turns):
            units.append(
                {"id": f"{topic}:{at}", "set": "talks", "group": topic, "session": topic}
                | {"kind": "conversation", "title": "A talk", "time": "2026-05-01T10:00:00"}
                | {"speaker": speaker, "text": text, "pos": at}
            )
        query = {"set": "talks", "group": topic, "category": "who", "evidence": [f"{topic}:0"]}
        queries.append(
            query
            | {"id": f"q-{topic}", "query": f"When did Ada mend the {topic}?", "answer": "Friday"}
            | {"answers": ["Friday"], "answerable": True}
        )
        queries.append(
            query
            | {"id": f"t-{topic}", "query": f"When did Ben mend the {topic}?", "answer": None}
            | {"answers": None, "answerable": False}
        )
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, units)), encoding="utf-8")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    return folder


def test_each_half_is_asked_what_it_has_and_what_the_other_has(talks: Path) -> None:
    for half in halves(talks):
        there = {source.group for source in half.part.sources}
        assert len(there) == 2
        for case in half.cases:
            assert (case.query.group in there) == (case.kind != "absent")
    kinds = [case.kind for half in halves(talks) for case in half.cases]
    assert {kind: kinds.count(kind) for kind in kinds} == {"answerable": 4, "absent": 4, "trap": 4}


def test_real_questions_are_answered_or_declined(talks: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    command = ["answers", "--data", str(talks), "--reader", "none", "--cache", str(tmp_path / "c")]
    done = CliRunner().invoke(evals, [*command, "--json", str(file)])
    assert done.exit_code == 0, done.output
    outcomes = json.loads(file.read_text(encoding="utf-8"))["results"]
    leads = {
        kind: [each["bearing"]["lead"] for each in outcomes if each["kind"] == kind]
        for kind in ("answerable", "trap")
    }
    assert min(leads["answerable"]) > max(leads["trap"])
    served = [each for each in outcomes if each["kind"] == "answerable" and each["served"]]
    assert len(served) == 4
    assert all(each["shown"] for each in served)
    assert not any(each["unsupported"] for each in outcomes)

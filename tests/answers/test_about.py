from __future__ import annotations

import pytest

from memex.answer.about import about, asked_of, names_in, without

TWO = ("Ada Palmer", "Ben")
THREE = ("Ada Palmer", "Ben", "Cleo")


@pytest.mark.parametrize(
    ("question", "people"),
    [
        ("What did Ben adopt?", {"Ben"}),
        ("What is Ada's favourite dish?", {"Ada Palmer"}),
        ("What is Ada Palmer’s dish?", {"Ada Palmer"}),
        ("where did ada go", {"Ada Palmer"}),
        ("What do Ada and Ben both like?", {"Ada Palmer", "Ben"}),
        ("When was the bench painted?", set()),
        ("What did I promise Ada?", set()),
        ("When did Ben and I go sailing?", set()),
    ],
)
def test_of_whom_a_question_asks(question: str, people: set[str]) -> None:
    assert asked_of(question, TWO) == people


@pytest.mark.parametrize(
    ("question", "people"),
    [
        ("When will the boat leave?", set()),
        ("What did Will Byers draw?", {"Will Byers"}),
        ("Who is the host of the show?", {"The Host"}),
        ("Whose voice was that?", set()),
        ("What did Voice 2 say?", {"Voice 2"}),
        ("What does Jean-Luc drink?", {"Jean-Luc"}),
        ("Where does Dr. Palmer live?", {"Dr. Palmer"}),
        ("Where does Palmer live?", {"Dr. Palmer"}),
        ("What may one eat in May?", set()),
    ],
)
def test_what_else_is_a_word_is_no_name(question: str, people: set[str]) -> None:
    there = ("Will Byers", "The Host", "Voice 1", "Voice 2", "Jean-Luc", "Dr. Palmer", "May")
    assert asked_of(question, there) == people


def test_a_question_without_whom_it_asks_of() -> None:
    assert without("What is Ada's dog called, Ben?", TWO) == "What is dog called, ?"


def test_names_are_capitalised_and_not_the_first_word() -> None:
    assert names_in("Did Ada see Rio de Janeiro? I think so") == ["Ada", "Rio", "Janeiro"]


@pytest.mark.parametrize(
    ("sentence", "people"),
    [
        ("I adopted a dog last week.", {"Ben"}),
        ("We moved into my old flat.", {"Ben"}),
        ("You told me that the soup was cold.", {"Ben", "Ada Palmer"}),
        ("Your garden looks wonderful.", {"Ada Palmer"}),
        ("Any plans for the summer?", {"Ada Palmer"}),
        ("Ada has a new job.", {"Ada Palmer"}),
        ("Hey Ada, I lost the keys.", {"Ben"}),
        ("That sounds lovely, Ada!", {"Ben"}),
        ("It has an almond crust.", {"Ben"}),
    ],
)
def test_of_whom_a_sentence_speaks(sentence: str, people: set[str]) -> None:
    assert about(sentence, "Ben", TWO).people == people


@pytest.mark.parametrize(
    ("sentence", "present", "surely"),
    [
        ("I adopted a dog.", TWO, True),
        ("She adopted a dog.", TWO, False),
        ("Did they adopt a dog?", TWO, False),
        ("It has an almond crust.", TWO, True),
        ("It has an almond crust.", THREE, False),
    ],
)
def test_whether_it_speaks_of_nobody_else(
    sentence: str, present: tuple[str, ...], *, surely: bool
) -> None:
    assert about(sentence, "Ben", present).surely is surely


def test_a_word_that_is_a_name_too_speaks_of_nobody() -> None:
    there = ("Ben", "Will Byers")
    assert about("I will paint the bench.", "Ben", there).people == {"Ben"}
    assert about("Jean-Luc paints.", "Ben", ("Ben", "Jean-Luc")).people == {"Jean-Luc"}


def test_what_nobody_says_speaks_of_nobody() -> None:
    assert about("The bench was painted in May.", None, ()).people == frozenset()

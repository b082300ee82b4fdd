from __future__ import annotations

from datetime import UTC, datetime

import pytest

from memex.answer.check import (
    known_words,
    source_text,
    supporting,
    supports,
    tells_when_said,
    unsupported,
)
from memex.types import Passage

SOURCE = (
    "Vannevar Bush published the essay As We May Think in The Atlantic in July 1945. "
    "In it he describes the memex, a desk in which a person stores books."
)
QUESTION = "who wrote the essay about the memex?"


@pytest.mark.parametrize(
    "sentence",
    [
        "Vannevar Bush published the essay.",
        "vannevar bush wrote it in 1945 [1].",
        "The essays were published by Bush in July 1945.",  # inflected
        "It describes a desk that stores books.",
    ],
)
def test_supported(sentence: str) -> None:
    assert supports(sentence, SOURCE, QUESTION)


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("Ted Nelson wrote the essay.", ["Ted", "Nelson"]),
        ("Bush published it in 1946.", ["1946"]),
        ("Vannevar Bush, an engineer, published it.", ["engineer"]),
        ("Bush published it in The Guardian.", ["Guardian"]),
    ],
)
def test_invented_names_numbers_and_rare_words_are_caught(
    sentence: str, missing: list[str]
) -> None:
    assert unsupported(sentence, SOURCE, QUESTION) == missing
    assert not supports(sentence, SOURCE, QUESTION)


SWAP = "The seed swap takes place on Sunday, 15 March 2026, from 10 in the morning until 1."


@pytest.mark.parametrize(
    "sentence",
    [
        "The swap is on 15 March 2026 from 10:15.",  # a time made of two numbers that are there
        "The swap is on 15 March 2026 until 1.15.",
        "The swap is on 15/10 in the morning.",
        "The swap is on 15 March from 10-15.",
    ],
)
def test_a_number_is_not_vouched_for_by_its_parts(sentence: str) -> None:
    assert not supports(sentence, SWAP, "when is the seed swap?")


def test_a_number_as_it_stands_is() -> None:
    assert supports("It is on 15 March 2026 from 10.", SWAP, "when is the seed swap?")
    assert supports("Doors open at 10:15.", "The doors open at 10:15 sharp.", "when?")


@pytest.mark.parametrize("word", ["text", "note", "question", "answer"])
def test_a_sentence_about_the_prompt_is_no_answer(word: str) -> None:
    assert unsupported(f"In the {word} it is Bush.", SOURCE, QUESTION) == [word]


@pytest.mark.parametrize("sentence", ["The answer is:", "[1]", "It is the memex essay.", "He did."])
def test_a_sentence_that_says_nothing_new_is_no_answer(sentence: str) -> None:
    assert not supports(sentence, SOURCE, QUESTION)


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Ada saw an otter.", "what did Ada see?"),
        ("She took the otter home.", "what did she take home?"),
        ("She has chosen an otter.", "which animal did she choose?"),
    ],
)
def test_an_irregular_form_of_a_verb_is_the_same_word(sentence: str, question: str) -> None:
    assert supports(sentence, "Ada: It was an otter.", question)


def test_an_irregular_form_alone_says_nothing_new() -> None:
    assert not supports("Ada saw it.", "Ada: I see it.", "what did Ada see?")
    assert not supports("Ada stole an otter.", "Ada: It was an otter.", "what did Ada see?")


@pytest.mark.parametrize(
    ("sentence", "question", "may"),
    [
        ("Ada saw an otter on 8 May 2023.", "when did she see it?", False),
        ("Ada told of it on 8 May 2023.", "when did she see it?", True),
        ("Ada saw an otter on 8 May 2023.", "what did she see on 8 May?", True),
        ("Ada saw an otter on 8 May 2023.", "what did she see on 7 May?", False),
    ],
)
def test_when_it_was_told_is_not_when_it_was(sentence: str, question: str, may: bool) -> None:
    at = datetime(2023, 5, 8, 13, tzinfo=UTC)
    told = Passage("d:0", "d", "Ada: I saw an otter.", "", "talk", "x:d", 0, 0, said_at=at)
    assert tells_when_said(sentence, told, question) is may
    assert supports(sentence, source_text(told, day=may), question) is may
    assert supports("It was in May 2023.", source_text(told, day=False), question)


def test_the_words_of_a_question_that_were_found() -> None:
    seen = "Ada paid for the cabin and took two boats."
    assert known_words("who paid for the dentist?", seen) == "paid"
    assert known_words("which boat did Ada take?", seen) == "boat Ada take"


def test_a_name_in_the_question_vouches_for_nothing() -> None:
    assert unsupported("Napoleon published it.", SOURCE, "what did Napoleon publish?")


def test_the_cited_source_is_preferred_and_a_wrong_number_mended() -> None:
    other = "Bread is baked at 230 degrees."
    assert supporting("Bake bread at 230 degrees. [2]", [SOURCE, other], "how hot?") == 2
    assert supporting("Bake bread at 230 degrees. [1]", [SOURCE, other], "how hot?") == 2
    assert supporting("Bake bread at 250 degrees. [2]", [SOURCE, other], "how hot?") is None


def test_the_number_of_a_voice_without_a_name_vouches_for_no_number() -> None:
    passage = Passage(
        id="d:0",
        document_id="d",
        text="Voice 2: This is the recipe of the lobster. Voice 3: It was made here.",
        title="A talk",
        kind="audio",
        uri="file:///talk.opus",
        first=0,
        last=1,
        speaker="Voice 2, Voice 3",
    )
    question = "How many pounds of lobster meat does the recipe take?"
    assert unsupported("The recipe takes 2 pounds.", source_text(passage), question) == ["2"]

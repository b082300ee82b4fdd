from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from memex.answer.write import write
from memex.protocols import Retracted
from memex.testing import ScriptedModel
from tests.answers.quoting import quote

QUESTION = "which tea is the favourite of Ada?"
TEA = quote(
    ("Ada", "Which tea is your favourite, the black one or the green one?"),
    ("Ben", "My favourite is the smoky one that my aunt sends me from Fujian."),
)
LANTERN = quote(
    ("Ada", "The lantern was mended by the smith from Aldeby."),
    ("Ben", "Then we went home and had trout for supper."),
)
SEEN = f"{TEA.hit.passage.text}\n{LANTERN.hit.passage.text}"


def written(reply: str) -> str:
    *streamed, text = write(QUESTION, [TEA, LANTERN], SEEN, ScriptedModel([reply]))
    assert isinstance(text, str)
    assert any(isinstance(item, Retracted) for item in streamed) is not bool(text)
    return text


@pytest.mark.parametrize(
    ("reply", "stands"),
    [
        ("The favourite of Ben is the smoky one from Fujian. [1]", True),
        ("The favourite of Ada is the smoky one from Fujian. [1]", False),
        ("The smoky one from Fujian is the favourite. [1]", True),  # of nobody
        ("Ada says the lantern was mended by the smith. [2]", True),  # a third is spoken of
    ],
)
def test_what_one_says_of_himself_is_not_told_of_another(reply: str, stands: bool) -> None:
    assert written(reply) == (reply if stands else "")


def test_of_all_quotes_but_the_first_only_the_best_sentence_is_read() -> None:
    model = ScriptedModel([""])
    list(write(QUESTION, [TEA, LANTERN], SEEN, model))
    notes = model.prompts[0][1].content
    assert "Fujian" in notes
    assert "Aldeby" in notes
    assert "trout" not in notes


def test_a_tiny_model_reads_the_best_sentence_of_the_best_quote() -> None:
    model = ScriptedModel([""], parameters=100_000_000)
    list(write(QUESTION, [LANTERN, TEA], SEEN, model))
    notes = model.prompts[0][1].content
    assert "Aldeby" in notes
    assert "trout" not in notes
    assert "tea" not in notes.partition("Question")[0]


@pytest.mark.parametrize(("seen", "stands"), [("the lantern, the ferryman", True), ("", False)])
def test_what_was_found_nowhere_is_not_said_because_it_was_asked(seen: str, stands: bool) -> None:
    reply = "The ferryman had the lantern mended by the smith. [1]"
    model = ScriptedModel([reply])
    *_, text = write("which smith did the ferryman go to?", [LANTERN, TEA], seen, model)
    assert text == (reply if stands else "")


def test_the_day_of_a_talk_is_not_the_day_of_what_it_tells() -> None:
    reply = "The smith from Aldeby mended the lantern on 8 May 2023. [1]"
    at = datetime(2023, 5, 8, 13, tzinfo=UTC)
    hit = replace(LANTERN.hit, passage=replace(LANTERN.hit.passage, said_at=at))
    quotes = [replace(LANTERN, hit=hit), TEA]
    for question, text in (("when was it mended?", ""), ("who mended it on 8 May?", reply)):
        *_, said = write(question, quotes, SEEN, ScriptedModel([reply]))
        assert said == text

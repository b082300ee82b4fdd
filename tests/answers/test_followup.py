"""Follow-ups: which questions are left as they are, what the others are understood as, and what
is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from memex.answer.evidence import PASSAGES, with_cited
from memex.answer.followup import MOST, Meant, balanced, meant
from memex.errors import InvalidRequest
from memex.memory import Memex
from memex.protocols import NO_FILTERS, Filters
from memex.testing import ScriptedModel
from memex.tracing import Draft
from memex.types import Answer, Hit, Turn
from memex.wire import answer_to_json, turn_from_json, turn_of, turn_to_json
from tests.answers.test_answer import memex
from tests.documents import BREAD, ESSAY, TALK

NOW = datetime(2026, 5, 4, 12, tzinfo=ZoneInfo("Europe/Dublin"))
PEOPLE = ("Ada Palmer", "Ben", "Marek")
BEFORE = Turn("what is a share in the cinema?", "Cosimo Dunphy sells them. [1]", ("x:1",))


def understood(question: str, before: str, answer: str = "") -> str | None:
    return meant(question, Turn(before, answer, ("x:1",)), NOW, PEOPLE).understood


@pytest.mark.parametrize(
    "question",
    [
        "who wrote As We May Think?",
        "What did Ada say about her brother?",
        "who lost his spoon?",
        "who said that he would dance by August?",
        "how hot is a loaf inside when it is done?",
        "how long does it take to bake bread?",
        "who was it that first brought the lanterns?",
        "when is the shredder there?",
        "how many seats are there?",
        "the woman that found the valley in the Atlantic",
        "that Polish guy who restores organs, what was his first name",
        "what did I talk about with Marek that Thursday in June last year?",
        "where were we this spring?",
        "and how many pipes does the organ have?",
        "And who built the organ in St Brendan's?",
        "who else came to the wedding in Cork?",
        "what did Concepta say she wanted?",
        "what does luan keep in his desk?",
        "where did they find the instrument under the canoe?",
        "What food did Deborah's mom make for her on birthdays?",
        "how loud was it by the window of the neighbour?",
        "did the neighbours hear it when the pump was on in the evening?",
        '"that was it"',
        "bread",
        "Tetanus",
    ],
)
def test_a_question_that_stands_by_itself_is_not_changed(question: str) -> None:
    assert meant(question, BEFORE, NOW, PEOPLE) == Meant(question, question)


@pytest.mark.parametrize(
    "question",
    [
        "and when was that?",
        "why?",
        "since when?",
        "who else?",
        "where did he live?",
        "who gave her the spoon?",
        "who is his wife?",
        "what did she do there?",
        "what happened then?",
        "in which year was that?",
        "who wrote that book?",
        "what did Ada say about it?",
        "how much did it cost?",
        "which one is bigger?",
        "which of them was first?",
        "and who paid?",
        "tell me more about that",
    ],
)
def test_a_question_that_points_back_is_understood_by_the_one_before(question: str) -> None:
    assert not meant(question, None, NOW).follows
    found = meant(question, BEFORE, NOW, PEOPLE)
    assert found.follows
    assert "what is a share in the cinema; Cosimo Dunphy" in found.text
    assert found.asks in found.text.removeprefix("and ")


@pytest.mark.parametrize(
    ("question", "before", "text"),
    [
        ("what about Ben?", "what did Ada say about Cork?", "what did Ben say about Cork?"),
        ("and Anna?", "what did Marek's dad do?", "what did Anna's dad do?"),
        ("and Galway?", "what did Ada see in Cork?", "what did Ada see in Galway?"),
        ("and ben?", "what did Ada see in Cork?", "what did ben see in Cork?"),
        ("and what did Anna say?", "what did Marek say of glue?", "what did Anna say of glue?"),
        ("and in Cork?", "who fixes organs in Dublin?", "who fixes organs in Cork?"),
        ("and in Cork?", "who fixes organs?", "who fixes organs in Cork?"),
        ("and in 2021?", "what was planted in 2019?", "what was planted in 2021?"),
        ("and last year?", "what was planted?", "what was planted last year?"),
        ("and the kitchen?", "what colour is the hall painted in?",
         "what colour is the kitchen painted in?"),
        ("and the boiler?", "what does the main tap need?",
         "what does the main tap need (the boiler)?"),
        ("how about The Summer Book?", "who has A Month in the Country?",
         "who has The Summer Book?"),
        ("what about Ben?", "since when (who lent it to Ada)?", "since when (who lent it to Ben)?"),
    ],
)  # fmt: skip
def test_what_is_named_takes_the_place_of_its_kind(question: str, before: str, text: str) -> None:
    assert understood(question, before) == text


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("Vannevar Bush wrote it for The Atlantic. [1]", "; Vannevar Bush, The Atlantic"),
        ("Bread is baked on Monday. [1]", ""),
        ("Marek baked it. [1]", "; Marek"),
        ("Ben: “It came from Josiah Pellew.” [1]", "; Josiah Pellew"),
        ("“I like it.” [1]", ""),
    ],
)
def test_the_names_of_the_answer_go_with_it(answer: str, names: str) -> None:
    found = understood("when was that?", "what was written?", answer)
    assert found == f"when was that (what was written{names})?"


def test_who_says_what_is_quoted_is_a_name_where_that_was_asked() -> None:
    found = understood("where does he live?", "who likes it?", "Ben: “I like it.” [1]")
    assert found == "where does he live (who likes it; Ben)?"


def test_follow_ups_go_on_and_do_not_grow_without_end() -> None:
    turn = Turn("who built the organ?", "Josiah Pellew built it. [1]", ("x:1",))
    seen = []
    for question in ["when was that?", "and who paid for it?", "why?", *["who wrote it?"] * 30]:
        found = meant(question, turn, NOW)
        assert found.follows
        assert len(found.text) < MOST + 100
        seen.append(found.text)
        turn = Turn(found.text)
    assert seen[:3] == [
        "when was that (who built the organ; Josiah Pellew)?",
        "who paid for it (who built the organ; Josiah Pellew)?",
        "why (who built the organ; Josiah Pellew; who paid for it)?",
    ]
    assert meant("why?", Turn("long " * 400), NOW).text == "why?"


def test_what_is_new_weighs_most() -> None:
    shares = {"built": 0.25, "organ": 0.5, "eat": 0.25}
    asked = Meant("what did he eat (who built the organ)?", "what did he eat", "what did he eat")
    assert balanced(shares, asked) == pytest.approx({"built": 1 / 12, "organ": 1 / 6, "eat": 0.75})
    assert balanced(shares, Meant("who?", "who?")) == shares
    empty = replace(asked, new="when was that")
    assert balanced(shares, empty) == shares


def test_cited_passages_are_among_those_that_are_read(tmp_path: Path) -> None:
    passage = memex(tmp_path).recall("essay")[0].passage
    many = [replace(passage, id=f"d:{n}") for n in range(10)]
    hits = [Hit(each, 1 - n / 10) for n, each in enumerate(many)]
    again = with_cited(hits, [many[8], replace(passage, id="gone")])
    assert [hit.passage.id for hit in again] == [
        "d:0", "d:1", "d:2", "d:3", "gone", "d:8", "d:4", "d:5", "d:6", "d:7", "d:9",
    ]  # fmt: skip
    assert {"d:8", "gone"} <= {hit.passage.id for hit in again[:PASSAGES]}
    assert [hit.passage.id for hit in with_cited([], many[:1])] == ["d:0"]
    assert with_cited(hits, []) == hits


# The memory.

WHO = "who published the essay As We May Think in The Atlantic?"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Memex]:
    made = memex(
        tmp_path, "Vannevar Bush published it. [1]", "It was in July 1945. [1]",
        documents=(ESSAY, BREAD, TALK),
    )  # fmt: skip
    yield made
    made.close()


def ask(
    made: Memex, question: str, after: Turn | None = None, filters: Filters = NO_FILTERS
) -> tuple[Answer, Draft]:
    draft = Draft("ask", question)
    *_, answer = made.ask(question, after=after, draft=draft, filters=filters)
    assert isinstance(answer, Answer)
    draft.answer = answer
    return answer, draft


def turn(question: str, answer: Answer) -> Turn:
    """As a client sends it."""
    said = turn_of(answer_to_json(question, answer, 1.0))
    found = turn_from_json(said)
    assert turn_to_json(found) == said
    return found


def test_a_follow_up_is_answered_from_what_was_cited(made: Memex) -> None:
    first, _ = ask(made, WHO)
    assert first.understood is None
    found, draft = ask(made, "and when was that?", turn(WHO, first))
    assert found.text == "It was in July 1945. [1]"
    assert found.citations[0].hit.passage.document_id == ESSAY.id
    assert found.understood == f"when was that ({WHO.rstrip('?')}; Vannevar Bush)?"
    trace = draft.trace(1)
    assert (trace.query, trace.understood) == ("and when was that?", found.understood)
    model = made.language_model
    assert isinstance(model, ScriptedModel)
    told = model.prompts[-1][-1].content
    assert "Question: when was that?" in told
    assert f"About: {WHO.rstrip('?')}; Vannevar Bush" in told


def test_by_itself_and_after_nothing_it_is_declined(made: Memex) -> None:
    assert not ask(made, "and when was that?")[0].found
    nothing, _ = ask(made, "which submarine did the admiral prefer in the Baltic?")
    assert not nothing.found
    again, _ = ask(
        made, "and when was that?", turn("which submarine did the admiral prefer?", nothing)
    )
    assert not again.found
    assert again.understood == "when was that (which submarine did the admiral prefer)?"


def test_a_question_that_stands_by_itself_finds_what_it_found(made: Memex) -> None:
    first, _ = ask(made, WHO)
    question = "how long is the loaf baked?"
    alone, after = ask(made, question)[1], ask(made, question, turn(WHO, first))[1]
    assert after.hits == alone.hits
    assert after.bearing == alone.bearing
    assert after.understood is None


def test_an_answer_whose_source_is_forgotten_is_not_used(made: Memex) -> None:
    first, _ = ask(made, WHO)
    before = turn(WHO, first)
    made.forget(*{citation.hit.passage.document_id for citation in first.citations})
    found, draft = ask(made, "and when was that?", before)
    assert found.understood == f"when was that ({WHO.rstrip('?')})?"
    assert ESSAY.id not in {hit.passage.document_id for hit in draft.hits}


def test_what_is_narrowed_stays_narrow(made: Memex) -> None:
    first, _ = ask(made, WHO)
    only = Filters(document_id=BREAD.id)
    _, draft = ask(made, "and when was that?", turn(WHO, first), only)
    assert {hit.passage.document_id for hit in draft.hits} <= {BREAD.id}


@pytest.mark.parametrize(
    "fields", ["last", 3, [], {}, {"question": 3}, {"question": "who?", "passages": "x:1"}]
)
def test_what_it_comes_after_must_make_sense(fields: object) -> None:
    with pytest.raises(InvalidRequest, match="makes no sense"):
        turn_from_json(fields)

from __future__ import annotations

from pathlib import Path

import pytest

from memex.config import Answering
from memex.errors import InvalidRequest
from memex.indexer import Indexer
from memex.library import Library
from memex.memory import Memex
from memex.protocols import Retracted, Token
from memex.testing import ScriptedModel, WordLengths
from memex.types import Answer, Arrival, Document, Segment
from tests.documents import BREAD, ESSAY, TALK, spoken

QUESTION = "who published the essay As We May Think in The Atlantic?"


def memex(tmp_path: Path, *replies: str, documents: tuple[Document, ...] = (ESSAY, BREAD)) -> Memex:
    library = Library(tmp_path / "library.db")
    embedder = WordLengths()
    indexer = Indexer(library, tmp_path / "index", embedder, lambda _: None)
    made = Memex(library, indexer, embedder, ScriptedModel(list(replies)))
    for document in documents:
        for _ in made.remember(Arrival.of(document, sha256=document.id, size=1)):
            pass
    return made


def shown(items: list[Token | Retracted | Answer]) -> str:
    """What stands on the screen at the end of the stream."""
    text = ""
    for item in items:
        if isinstance(item, Token):
            text += item.text
        elif isinstance(item, Retracted):
            text = ""
    return " ".join(text.split())


def ask(made: Memex, question: str = QUESTION) -> tuple[Answer, str]:
    *streamed, answer = made.ask(question)
    assert isinstance(answer, Answer)
    return answer, shown(streamed)


def test_a_supported_answer_streams_and_cites(tmp_path: Path) -> None:
    answer, screen = ask(memex(tmp_path, "Vannevar Bush published it in July 1945. [1]"))
    assert answer.text == "Vannevar Bush published it in July 1945. [1]"
    assert screen == answer.text
    assert "Vannevar Bush" in answer.citations[0].hit.passage.text
    assert answer.found


@pytest.mark.parametrize(
    "reply",
    [
        "Ted Turner published it. [1]",
        "Vannevar Bush published it in 1946. [1]",
        "The answer is: [1]",
        "",
    ],
)
def test_what_is_not_supported_is_taken_back_for_the_quote(tmp_path: Path, reply: str) -> None:
    answer, screen = ask(memex(tmp_path, reply))
    assert answer.text.startswith("“Vannevar Bush published the essay")
    assert answer.text.endswith("[1]")
    assert screen == answer.text


def test_a_model_that_reads_one_note_need_not_number_it(tmp_path: Path) -> None:
    answer, screen = ask(memex(tmp_path, "Vannevar Bush published it in July 1945."))
    assert answer.text == "Vannevar Bush published it in July 1945. [1]"
    assert screen == answer.text


def test_a_preamble_is_left_out(tmp_path: Path) -> None:
    reply = "The answer to the question is: it was published by Vannevar Bush. [1]"
    answer, screen = ask(memex(tmp_path, reply))
    assert answer.text == "It was published by Vannevar Bush. [1]"
    assert screen == answer.text


def test_a_good_sentence_stays_when_the_next_is_bad(tmp_path: Path) -> None:
    answer, screen = ask(
        memex(tmp_path, "Vannevar Bush published it in July 1945. [1] He was born in Texas. [1]")
    )
    assert answer.text == "Vannevar Bush published it in July 1945. [1]"
    assert screen == answer.text


def test_nothing_that_bears_on_the_question_is_not_found(tmp_path: Path) -> None:
    made = memex(tmp_path, "Vannevar Bush. [1]")
    answer, _ = ask(made, "submarines of admirals?")
    assert not answer.found
    assert answer.citations == ()


def test_a_citation_of_a_recording_has_the_second(tmp_path: Path) -> None:
    made = memex(tmp_path, "", documents=(TALK,))
    answer, _ = ask(made, "when was the first rose planted in the garden?")
    passage = answer.citations[0].hit.passage
    assert "rose" in passage.text
    assert passage.start in (2.0, 6.0)


def test_a_quote_goes_on_with_what_follows_and_the_answer_is_its_best_sentence(
    tmp_path: Path,
) -> None:
    talk = spoken(
        Segment("It was cold that morning in the harbour.", 0.0, 2.0),
        Segment("Who was it that first brought the lanterns down to the quay?", 3.0, 6.0),
        Segment("It was Marguerite.", 7.0, 8.0),
        Segment("She was nine years old.", 9.0, 10.0),
    )
    made = memex(tmp_path, "", documents=(talk,))
    answer, _ = ask(made, "who first brought the lanterns to the quay?")
    passage = answer.citations[0].hit.passage
    assert (passage.start, passage.end) == (3.0, 10.0)
    assert "Marguerite" in passage.text
    assert "Marguerite" in answer.text
    assert "nine" not in answer.text


def test_text_in_documents_reaches_the_model_as_a_note(tmp_path: Path) -> None:
    made = memex(tmp_path, "")
    ask(made)
    model = made._language_model
    assert isinstance(model, ScriptedModel)
    system, user = model.prompts[0]
    assert "Bush" not in system.content
    assert "Bush" in user.content


@pytest.mark.parametrize("question", ["", "  \n", "x" * 100_000])
def test_an_impossible_question_is_refused(tmp_path: Path, question: str) -> None:
    with pytest.raises(InvalidRequest):
        ask(memex(tmp_path, ""), question)


def test_how_sure_an_answer_must_be_is_a_setting(tmp_path: Path) -> None:
    made = memex(tmp_path, "Vannevar Bush published it in July 1945. [1]")
    for sure, found in ((0.0, True), (1.0, False)):
        asking = Memex(
            made.library,
            made.indexer,
            WordLengths(),
            made.language_model,
            answering=Answering(sure=sure),
        )
        assert ask(asking)[0].found is found


def test_a_quote_begins_with_who_is_asked_for(tmp_path: Path) -> None:
    said = (
        "The idea is old. That came from Ted Nelson. In 1965 he read a paper to a conference and"
        " in it he used a word of his own, hypertext."
    )
    document = spoken(Segment(text=said))
    answer, _ = ask(memex(tmp_path, "", documents=(document,)), "who used the word hypertext?")
    assert "Ted Nelson" in answer.text


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("", "“The old tree fell yesterday [3 May 2026].” [1]"),
        ("The old tree fell on 3 May 2026. [1]", "The old tree fell on 3 May 2026. [1]"),
    ],
)
def test_when_yesterday_was_is_told(tmp_path: Path, reply: str, text: str) -> None:
    document = spoken(Segment("The old tree fell yesterday.", 0.0, 2.0))
    answer, _ = ask(memex(tmp_path, reply, documents=(document,)), "when did the old tree fall?")
    assert answer.text == text
    (citation,) = answer.citations
    assert citation.hit.passage.text == "The old tree fell yesterday."
    assert citation.spelled == "The old tree fell yesterday [3 May 2026]."

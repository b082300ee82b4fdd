"""What is shown of a passage, and when its words were said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from memex.passages import split
from memex.recall.features import asked
from memex.recall.snippet import LENGTH, Snippets
from memex.recall.spelling import Alternative
from memex.recall.understand import understand
from memex.types import Passage, Segment, Snippet, Word
from tests.documents import spoken
from tests.recall.test_rank import Few, passage

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LONG = "and then they went on about the weather and the harvest and the prices of that year "


class Spoken:
    """The segments of one document."""

    def __init__(self, *segments: Segment) -> None:
        self.all = segments

    def segments(
        self, document_id: str, first: int = 0, last: int | None = None, *, words: bool = True
    ) -> Sequence[Segment]:
        found = self.all[first : None if last is None else last + 1]
        return found if words else [replace(each, words=()) for each in found]


def shown(query: str, text: str, *meant: Alternative) -> Snippet:
    return snippets(query, *meant).of(passage("one", text), Spoken())


def snippets(query: str, *meant: Alternative) -> Snippets:
    return Snippets(asked(understand(query, NOW), meant, Few()))


def lit(found: Snippet) -> list[str]:
    return [found.text[start:end] for start, end in found.matches]


def test_a_short_text_is_shown_whole() -> None:
    found = shown("heron", "A heron stood in the reeds.")
    assert found == Snippet("A heron stood in the reeds.", ((2, 7),))


def test_the_sentence_that_has_the_words_is_shown_from_its_beginning() -> None:
    text = f"It rained. {LONG * 2}. The heron stood in the reeds! {LONG * 3}"
    found = shown("where was the heron", text)
    assert found.text.startswith("The heron stood in the reeds! and then")
    assert found.text.endswith("…")
    assert lit(found) == ["heron"]


def test_rare_words_are_shown_before_frequent_ones() -> None:
    text = f"The train was late, and the next train too. {LONG * 3}. The harpsichord was tuned."
    assert lit(shown("harpsichord in a train", text)) == ["harpsichord"]


def test_words_beside_each_other_in_two_sentences_are_shown_together() -> None:
    text = f"A crane. {LONG * 3}. The heron came. Then the crane came. {LONG * 3}"
    assert lit(shown("crane heron", text)) == ["heron", "crane"]


def test_of_a_long_sentence_is_shown_what_is_around_the_words() -> None:
    text = f"{LONG * 5}a heron stood in the reeds {LONG * 5}"
    found = shown("heron in the reeds", text)
    assert found.text.startswith("…")
    assert found.text.endswith("…")
    assert lit(found) == ["heron", "reeds"]
    assert set(found.text.strip("…").split()) <= set(text.split())  # no word is cut


def test_inflections_are_lit() -> None:
    assert lit(shown("planting a rose", "I planted roses. Roses!")) == ["planted", "roses", "Roses"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("die", "It is dying."),
        ("email", "An e-mail came."),
        ("elan", "With Élan."),
        ("Göteborg", "To Goteborg."),
        ("goteborg", "To GÖTEBORG."),
        ("nato", "In N.A.T.O. then."),
        ("x", "Let X be."),
        ("plan B", "No plan B"),
        ("3.5", "It was 3.5 then."),
        ("мира", "О мире: МИРА."),
    ],
)
def test_a_word_is_lit_however_it_is_written(query: str, text: str) -> None:
    assert lit(shown(query, text))


def test_parts_of_a_compound_are_lit() -> None:
    assert lit(shown("founder", "The co-founder left.")) == ["founder"]


def test_what_may_have_been_meant_is_lit() -> None:
    meant = (
        Alternative("siarami", "ciarami", 0.8, 0.6, 1),
        Alternative("siarami", "salami", 0.7, 0.1, 1),
        Alternative("burnsteen", "burn steen", 0.8, 0.4, 1),
    )
    assert lit(shown("siarami", "Dinner with Ciarami, and salami.", *meant)) == ["Ciarami"]
    assert lit(shown("siarami", "Dinner, and salami.", *meant)) == ["salami"]
    assert lit(shown("burnsteen", "Burn it, said Mister Burn Steen.", *meant))[-2:] == [
        "Burn",
        "Steen",
    ]
    assert lit(shown("burnsteen", "Let it burn.", *meant)) == []


def test_function_words_are_not_lit() -> None:
    assert lit(shown("who is it that was in the train", "It is the train. Who was that?")) == [
        "train"
    ]


def test_quoted_words_are_lit_as_they_are_quoted_and_shown_first() -> None:
    text = f"We think of a memex. {LONG * 3}. Read As We — may think, of the memex."
    found = shown('memex "as we may think"', text)
    assert lit(found) == ["As We — may think", "memex"]


def test_a_list_of_codes_is_a_query_as_well() -> None:
    codes = [f"q{second}7w" for second in "abcdefghijklmnopqrstuvwxyz0123456789"]
    assert lit(shown(" ".join(codes), "It is the one with qa7w on its back.")) == ["qa7w"]


def test_a_quote_longer_than_a_snippet_is_lit_as_far_as_it_is_shown() -> None:
    found = shown(f'"{LONG * 4}"', f"It rained. {LONG * 4}")
    assert len(found.text) <= LENGTH + 2
    ((start, end),) = found.matches
    assert found.text[start:end].startswith("and then they went")
    assert end <= len(found.text)


@pytest.mark.parametrize("query", ["submarine", "who is it", "kind:note", "?", "…", "x" * 3000])
def test_where_no_word_is_met_the_beginning_is_shown(query: str) -> None:
    text = f"A note of some kind. It rained all day. {LONG * 5}"
    found = shown(query, text)
    assert found.text.startswith("A note of some kind. It rained")
    assert found.text.endswith("…")
    assert found.matches == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "x" * 5000,
        f"heron{'x' * 5000} heron",
        "heron " * 900,
        "heron. " * 900,
        "heron\n" * 900,
        "heron," * 20_000,
        "鷺は葦の中に立っていた。" * 90,
        "أنفة heron وقفت في القصب. " * 40,
        "👨‍👩‍👧 heron 🦊🦊 " * 200,
        "\x1b[31mheron\x1b[0m \u202eheron\u202c " * 90,
        "he\u0301ron H\u00c9RON heron " * 90,
        "&<b>heron</b> " * 200,
    ],
)
@pytest.mark.parametrize(
    "query", ["heron", '"heron"', "鷺は葦の中に立っていた", "أنفة", "🦊", "héron"]
)
def test_of_any_text_a_stretch_of_bounded_length_is_shown(query: str, text: str) -> None:
    found = shown(query, text)
    assert len(found.text) <= LENGTH + 2
    assert found.text.removeprefix("…").removesuffix("…") in text
    last = 0
    for start, end in found.matches:
        assert last <= start < end <= len(found.text)
        last = end
    if query == "heron" and "heron " in text:
        assert "heron" in lit(found)


def heard(*segments: Segment) -> tuple[Passage, Spoken]:
    (found,) = split(spoken(*segments))
    return found, Spoken(*segments)


def said(query: str, *segments: Segment) -> tuple[float | None, float | None]:
    where, there = heard(*segments)
    found = snippets(query).of(where, there)
    return found.start, found.end


def timed(text: str, start: float, speaker: str | None = None) -> Segment:
    """A second for each word."""
    words = tuple(
        Word(word, start + at, start + at + 0.5, 0.9) for at, word in enumerate(text.split())
    )
    return Segment(text, start, words[-1].end, speaker, words=words)


TALK = (
    timed("Welcome to the show.", 10, "Ada"),
    timed(f"It rained. {LONG * 2}.", 20, "Ada"),
    timed("Did you see it? I saw a heron in the reeds.", 100, "Ben Hur"),
    timed(f"{LONG * 2}.", 200, "Ada"),
)


def test_of_a_recording_the_snippet_tells_when_its_words_were_said() -> None:
    start, end = said("heron", *TALK[:2], TALK[2])
    assert (start, end) == (104, 110.5)
    start, end = said("show", *TALK)
    assert start == 10


def test_it_is_heard_from_the_sentence_that_tells_most() -> None:
    passage, library = heard(TALK[2])
    found = snippets("see heron reeds").of(passage, library)
    assert found.text.startswith("Did you see it?")
    assert (found.start, found.end) == (104, 110.5)


def test_segments_without_words_are_passed_over() -> None:
    empty = Segment(" ", 50, 51, "Ada")
    assert said("heron", empty, TALK[1], empty, empty, TALK[2], empty) == (104, 110.5)


def test_the_name_before_a_turn_is_no_word_of_it() -> None:
    start, end = said("did you see", *TALK[:2], TALK[2])
    assert (start, end) == (100, 110.5)


def test_words_without_times_of_their_own_have_their_share_of_the_segment() -> None:
    untimed = Segment("Some words before it. A heron stood there now.", 100, 109)
    start, end = said("heron", timed(f"{LONG}{LONG}.", 10), untimed)
    assert start == 104
    assert end == 109


def test_where_other_words_are_in_the_library_the_passage_tells() -> None:
    where, _ = heard(*TALK)
    for there in (Spoken(), Spoken(timed("Something else.", 5))):
        found = snippets("heron").of(where, there)
        assert (found.start, found.end) == (where.start, where.end)


def test_what_was_written_has_no_seconds() -> None:
    found = shown("heron", "A heron.")
    assert (found.start, found.end) == (None, None)


def test_a_stretch_is_the_snippet_without_ellipses() -> None:
    text = f"{LONG * 5}a heron stood in the reeds {LONG * 5}"
    found = shown("heron", text)
    assert found.text == f"…{snippets('heron').stretch(text)}…"

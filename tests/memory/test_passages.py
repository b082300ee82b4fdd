from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from memex.passages import MAX_WORDS, indexed_text, split
from memex.types import Segment, Word
from tests.documents import document, spoken

SENTENCE = "The quick brown fox jumps over the lazy dog again. "  # 10 words


def words(text: str) -> int:
    return len(text.split())


def test_a_short_document_is_one_passage() -> None:
    (passage,) = split(document("One thing.", "Another thing."))
    assert passage.text == "One thing.\nAnother thing."
    assert (passage.first, passage.last) == (0, 1)


def test_an_empty_document_has_none() -> None:
    assert split(document("", "  ")) == []


def test_a_long_paragraph_is_cut_between_sentences_into_equal_parts() -> None:
    passages = split(document(SENTENCE * 50))
    sizes = [words(passage.text) for passage in passages]
    overlap = 2 * 10
    assert sum(sizes) == 500 + overlap * (len(sizes) - 1)
    assert max(sizes) <= MAX_WORDS + overlap
    assert max(sizes[1:]) - min(sizes[1:]) <= 10
    assert all(passage.text.endswith("again.") for passage in passages)


def test_a_passage_repeats_the_last_two_sentences_of_the_one_before() -> None:
    text = " ".join(f"This is sentence number {n} of a long row." for n in range(40))
    for earlier, later in pairwise(split(document(text))):
        end = earlier.text.split(". ")[-2:]
        assert later.text.startswith(". ".join(end))


def test_text_without_punctuation_is_cut_all_the_same() -> None:
    passages = split(document("word " * 1000))
    assert sum(words(passage.text) for passage in passages) == 1000
    assert all(words(passage.text) <= MAX_WORDS for passage in passages)


def test_no_passage_crosses_a_heading() -> None:
    segments = [Segment(SENTENCE, heading=h, page=p) for h, p in (("One", 1), ("Two", 2))]
    passages = split(spoken(*segments, kind="book"))
    assert [(passage.heading, passage.page) for passage in passages] == [("One", 1), ("Two", 2)]


def test_a_title_stands_with_the_first_section_below_it() -> None:
    segments = [
        Segment("The book", heading="The book"),
        Segment("One", heading="The book › One"),
        Segment(SENTENCE, heading="The book › One"),
        Segment(SENTENCE, heading="The book › Two"),
    ]
    passages = split(spoken(*segments, kind="book"))
    assert [passage.heading for passage in passages] == ["The book › One", "The book › Two"]
    assert passages[0].text.startswith("The book")


def test_short_turns_stay_together_and_name_their_speakers() -> None:
    (passage,) = split(
        spoken(Segment("Who was it?", 0, 1, "Ada"), Segment("It was Bush.", 1, 2, "Ben"))
    )
    assert passage.text == "Ada: Who was it?\nBen: It was Bush."
    assert passage.speaker == "Ada, Ben"


def test_two_monologues_are_apart() -> None:
    segments = [Segment(SENTENCE * 11, n * 60, n * 60 + 50, who) for n, who in enumerate("AB")]
    assert [passage.speaker for passage in split(spoken(*segments))] == ["A", "B"]


def test_the_time_of_a_part_is_that_of_its_words() -> None:
    said = (SENTENCE * 30).split()
    timed = tuple(Word(word, n * 1.0, n + 0.5, 0.9) for n, word in enumerate(said))
    segment = Segment(SENTENCE * 30, 0.0, 299.5, None, words=timed)
    passages = split(spoken(segment))
    assert passages[0].start == 0.0
    for passage in passages:
        assert passage.start is not None
        assert passage.end is not None
        assert said[int(passage.start)] == passage.text.split()[0]
        assert said[int(passage.end)] == passage.text.split()[-1]


def test_said_at_is_the_documents_time_plus_the_position() -> None:
    began = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    (passage,) = split(spoken(Segment("Good morning.", 90.0, 91.0), created_at=began))
    assert passage.said_at == began + timedelta(seconds=90)


def test_the_header_is_indexed_but_not_shown() -> None:
    (passage,) = split(spoken(Segment("Good morning.", 0.0, 1.0, "Ada"), title="The show"))
    assert "The show" not in passage.text
    assert "The show" in indexed_text(passage)
    assert "Ada" in indexed_text(passage)
    assert indexed_text(passage).endswith(passage.text)

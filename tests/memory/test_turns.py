"""Who speaks, carried from one text of a recording to another."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from memex.turns import Turn, carried
from memex.types import Segment, Word

ADA = Turn(0.0, 4.0, "Ada", 1, 0.9)
BERT = Turn(4.2, 9.0, "Bert", 2, 1.0)


def said(text: str, start: float = 0.0) -> Segment:
    """A word a second."""
    words = tuple(
        Word(word, start + at, start + at + 0.9, 0.9) for at, word in enumerate(text.split())
    )
    return Segment(text, start, words[-1].end, words=words)


def shown(turns: list[Turn], *segments: Segment) -> list[tuple[str, str | None, int | None]]:
    return [
        (segment.text, segment.speaker, turn.voice if turn else None)
        for segment, turn in carried(turns, segments)
    ]


def test_a_segment_is_cut_where_another_one_speaks() -> None:
    assert shown([ADA, BERT], said("one two three four five six")) == [
        ("one two three four", "Ada", 1),
        ("five six", "Bert", 2),
    ]
    (first, _), (second, _) = carried([ADA, BERT], [said("one two three four five six")])
    assert (first.start, first.end, second.start) == (0.0, 3.9, 4.0)


def test_a_border_that_lies_a_little_otherwise_gives_nobody_a_word() -> None:
    brief = Segment(
        "one two so",
        0.0,
        4.8,
        words=(Word("one", 0.0, 0.9, 1), Word("two", 1.0, 3.9, 1), Word("so", 4.0, 4.5, 1)),
    )
    assert shown([ADA, BERT], brief) == [("one two so", "Ada", 1)]


def test_between_two_turns_of_one_person_nothing_is_cut() -> None:
    turns = [ADA, Turn(5.0, 9.0, "Ada", 1, 0.9)]
    assert shown(turns, said("one two three four five six seven")) == [
        ("one two three four five six seven", "Ada", 1)
    ]


def test_what_nobody_was_heard_in_before_is_nobodys() -> None:
    assert shown([ADA], said("one two", start=20.0)) == [("one two", None, None)]
    assert shown([], said("one two")) == [("one two", None, None)]
    assert shown([ADA], Segment("Notes")) == [("Notes", None, None)]
    assert shown([ADA], Segment("no words", 1.0, 2.0)) == [("no words", "Ada", 1)]
    silent = Turn(0.0, 9.0, None, None, 0.0)
    assert shown([silent], said("one two")) == [("one two", None, None)]


TURNS = st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 5), st.sampled_from([1, 2, None])))
WORDS = st.lists(st.floats(0.05, 2.0), min_size=1, max_size=20)


@given(TURNS, WORDS)
def test_no_word_is_lost_or_doubled(
    turns: list[tuple[float, float, int | None]], lengths: list[float]
) -> None:
    known = [Turn(at, at + long, f"{voice}", voice, 1.0) for at, long, voice in sorted(
        turns, key=lambda turn: turn[0])]  # fmt: skip
    words, at = [], 0.0
    for number, length in enumerate(lengths):
        words.append(Word(str(number), at, at + length, 1.0))
        at += length
    segment = Segment(" ".join(word.text for word in words), 0.0, at, words=tuple(words))
    parts = [part for part, _ in carried(known, [segment])]
    assert [word for part in parts for word in part.words] == words
    assert " ".join(part.text for part in parts) == segment.text
    assert all(one.speaker != other.speaker for one, other in pairwise(parts))

"""Captions settle: pure LocalAgreement-2."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ingest.live.captions import Agreement, text
from ingest.recognition import plain_word
from memex.types import Word

SAID = "the old ferry house stands where the green lantern was last seen by anyone"
TEXTS = st.lists(st.sampled_from("a b c d the The green, lantern. ...".split()), max_size=12)


def words(said: str | Sequence[str], start: float = 0.0) -> list[Word]:
    """One every half second."""
    spoken = said.split() if isinstance(said, str) else said
    return [
        Word(f" {word}", start + at / 2, start + at / 2 + 0.4, 0.9)
        for at, word in enumerate(spoken)
    ]


def heard(*decodings: str) -> Agreement:
    agreement = Agreement()
    for decoding in decodings:
        agreement.hear(words(decoding))
    return agreement


def test_what_two_decodings_agree_on_has_settled() -> None:
    first = heard("the old ferry")
    assert (first.settled_text, first.open_text) == ("", "the old ferry")
    second = heard("the old ferry", "the old fairy house")
    assert (second.settled_text, second.open_text) == ("the old", "fairy house")


def test_case_and_punctuation_are_no_disagreement() -> None:
    assert heard("The old, ferry", "the old ferry. House").settled_text == "the old ferry."


def test_a_settled_word_stays_when_a_later_decoding_doubts_it() -> None:
    doubted = heard("the old ferry", "the old ferry", "the old fairy house", "the old fairy house")
    assert doubted.settled_text == "the old ferry house"


def test_a_decoding_that_stops_short_takes_nothing_back() -> None:
    short = heard("the old ferry", "the old ferry", "", "the", "the old ferry house stands")
    assert (short.settled_text, short.open_text) == ("the old ferry", "house stands")


def test_the_decoding_for_good_says_the_rest() -> None:
    over = heard("the old ferry", "the old ferry hou")
    over.finish(words("The old ferry house stands."))
    assert (over.settled_text, over.open_text) == ("the old ferry house stands.", "")


def test_where_nothing_was_said_after_all_only_what_settled_stays() -> None:
    over = heard("the old", "the old thing")
    over.finish([])
    assert (over.settled_text, over.open_text) == ("the old", "")


def test_what_has_settled_is_not_decoded_for_ever() -> None:
    agreement = heard("we meet. there at noon by", "we meet. there at noon by")
    place = agreement.part(0.9)
    assert place is not None
    assert 0.9 <= place <= 1.0  # after "meet."
    agreement.hear(words("there at noon by the gate", 1.0))
    agreement.hear(words("there at noon by the gate", 1.0))
    assert agreement.settled_text == "we meet. there at noon by the gate"
    assert agreement.part(60.0) is None


def test_where_the_recogniser_stops_early_it_begins_anew_behind_that() -> None:
    agreement = heard("from Chicago.", "from Chicago.")
    assert agreement.leave() == agreement.heard_until == 0.9
    assert agreement.leave() is None
    agreement.hear(words("Oh I am from Chicago also.", 2.0))
    agreement.hear(words("Oh I am from Chicago also.", 2.0))
    assert agreement.settled_text == "from Chicago. Oh I am from Chicago also."


@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_settled_words_never_change(decodings: list[list[str]], last: list[str]) -> None:
    agreement = Agreement()
    before: list[Word] = []
    for decoding in decodings:
        agreement.hear(words(decoding))
        assert agreement.settled[: len(before)] == before
        before = [*agreement.settled]
    agreement.finish(words(last))
    assert agreement.settled[: len(before)] == before
    assert agreement.open == []


@given(st.lists(st.integers(0, len(SAID.split())), max_size=10))
def test_of_what_grows_nothing_is_said_twice_or_left_out(lengths: list[int]) -> None:
    """However far each decoding came, whatever was settled is what was said."""
    said = SAID.split()
    agreement = Agreement()
    for length in lengths:
        agreement.hear(words(said[:length]))
        shown = f"{agreement.settled_text} {agreement.open_text}".split()
        assert shown == said[: len(shown)]
        assert len(shown) >= length
    agreement.finish(words(said))
    assert agreement.settled_text == SAID


@given(TEXTS)
def test_the_same_twice_settles_all_of_it(said: list[str]) -> None:
    agreement = heard(" ".join(said), " ".join(said))
    spoken = [word for word in words(said) if plain_word(word)]
    assert agreement.settled_text == text(spoken)
    assert agreement.open == []

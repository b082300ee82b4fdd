"""Where two texts say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memex.alignment import Spoken, Stretch, align, spoken, stretches
from memex.types import Segment, Word

SAID = (
    "in nineteen sixty five he read a paper to a conference of computer people and in that"
    " paper he used a word of his own hypertext he meant writing that branches"
).split()


def said(text: str | list[str], segment: int = 0) -> list[Spoken]:
    words = text.split() if isinstance(text, str) else text
    return [Spoken(word, word, n, n + 1, segment, n) for n, word in enumerate(words)]


def common(heard: list[Spoken], known: list[str]) -> list[Stretch]:
    there = said(known)
    return stretches(heard, there, align([word.key for word in heard], known))


def test_words_have_the_recognisers_times_or_their_share() -> None:
    told = Segment(
        "He read.", 1.0, 3.0, words=(Word(" He", 1.0, 1.2, 1.0), Word(" read.", 2, 3, 1))
    )
    share = Segment("A paper, too", 4.0, 7.0)
    written = Segment("No time.")
    found = [
        (word.key, word.start, word.end, word.segment) for word in spoken([told, share, written])
    ]
    assert found == [
        ("he", 1.0, 1.2, 0),
        ("read", 2, 3, 0),
        ("a", 4.0, 5.0, 1),
        ("paper", 5.0, 6.0, 1),
        ("too", 6.0, 7.0, 1),
    ]


def test_what_is_the_same_is_one_stretch() -> None:
    (found,) = common(said(SAID[5:20]), SAID)
    assert (found.first, found.last, found.known_first, found.known_last) == (0, 15, 5, 20)
    assert found.matched == 15


def test_misheard_words_do_not_break_it() -> None:
    heard = [*SAID]
    heard[3:5], heard[14:16], heard[23:24] = (
        ["sixtyfife"],
        ["computer", "peepel"],
        ["hyper", "text"],
    )
    (found,) = common(said(heard), SAID)
    assert (found.first, found.last) == (0, len(heard))


def test_what_is_said_between_is_not_part_of_it() -> None:
    own = "dinner is ready do you want some of the soup or only bread tonight my dear".split()
    heard = said([*SAID[:16], *own, *SAID[16:]])
    one, other = common(heard, SAID)
    assert (one.first, one.last) == (0, 16)
    assert (other.first, other.last) == (16 + len(own), len(heard))


def test_a_few_words_at_the_border_of_a_segment_belong_to_it() -> None:
    heard = [*said("well uh"), *said(SAID)]
    (found,) = common(heard, SAID)
    assert found.first == 0
    apart = [*said("well uh", segment=0), *said(SAID, segment=1)]
    (found,) = common(apart, SAID)
    assert found.first == 2


def test_other_words_have_nothing_in_common() -> None:
    other = (
        "the bread has to rest in a warm kitchen until it is twice as large and then it goes"
        " into the oven which has to be as hot as you can make it"
    )
    assert not [s for s in common(said(other), SAID) if s.matched > 4]


@given(st.lists(st.sampled_from(SAID), max_size=40), st.lists(st.sampled_from(SAID), max_size=60))
def test_stretches_lie_in_both_texts_in_order(heard: list[str], known: list[str]) -> None:
    words = said(heard)
    before = 0
    for found in common(words, known):
        assert before <= found.first < found.last <= len(words)
        assert 0 <= found.known_first < found.known_last <= len(known)
        assert found.matched <= found.same <= found.last - found.first
        before = found.last

from __future__ import annotations

import pytest

from memex.phones import LONGEST, phones_of, rows_of, sounding_alike


def alike(one: str, other: str) -> float:
    (found,) = sounding_alike(one, rows_of([other]))
    return float(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [("cathrin", "kathryn"), ("philippa", "filipa"), ("fareeda", "farida"), ("xu", "shu")],
)
def test_spellings_of_one_sound_have_nearly_the_same_phones(one: str, other: str) -> None:
    assert alike(one, other) >= 0.9


@pytest.mark.parametrize(
    ("said", "heard", "different"),
    [
        ("foulis", "thulees", "florist"),
        ("sumburgh", "somberg", "summer"),
        ("siobhan", "shivon", "session"),
        ("jadwiga", "jabuiga", "jigsaw"),
        ("ballyvaughan", "balavon", "ballroom"),
    ],
)
def test_what_an_ear_takes_for_it_is_nearer_than_other_words(
    said: str, heard: str, different: str
) -> None:
    assert alike(said, heard) > 0.8
    assert alike(said, heard) > alike(said, different) + 0.05


def test_it_is_the_same_both_ways_and_whole_for_the_word_itself() -> None:
    assert alike("wojciech", "wojciech") == 1
    assert alike("wojciech", "woychek") == pytest.approx(alike("woychek", "wojciech"))
    assert 0 <= alike("zz", "mountaineering") < 0.2


def test_a_vowel_more_matters_less_than_a_consonant_more() -> None:
    assert alike("mbeki", "umbeki") > alike("mbeki", "smbeki")
    assert alike("piotr", "pieotr") > alike("piotr", "plotr")


def test_each_row_is_compared_for_itself() -> None:
    words = ["marek", "a", "merrick", "mountaineering"]
    together = sounding_alike("marek", rows_of(words))
    assert [float(each) for each in together] == pytest.approx([alike("marek", w) for w in words])
    assert len(sounding_alike("marek", rows_of([]))) == 0


def test_doubled_letters_are_one_phone_and_long_words_are_cut() -> None:
    assert phones_of("anna") == phones_of("ana")
    assert len(phones_of("donau" * 20)) == LONGEST
    assert phones_of("") == b""

from __future__ import annotations

from memex.names import names_in


def test_names_are_the_words_with_capitals_within_sentences() -> None:
    texts = ["Yesterday we met Priya Okonkwo in Leipzig. Priya's train was late.", "I saw Leipzig."]
    assert names_in(texts) == {"Priya Okonkwo": 1, "Leipzig": 2}


def test_a_word_that_is_also_written_small_is_none() -> None:
    texts = ["He said Garden twice, and Zamora once.", "a garden"]
    assert names_in(texts) == {"Zamora": 1}


def test_beginnings_shouting_and_the_calendar_are_none() -> None:
    assert not names_in(["Tomorrow, on Monday, I'm in a HURRY. Surely! “Yes,” and I’ll go, OK."])


def test_the_one_whose_it_is_counts() -> None:
    assert names_in(["We took Schumacher's car and Schumacher’s dog."]) == {"Schumacher": 1}


def test_a_headline_is_no_name() -> None:
    assert not names_in(["The Seven Greatest Secrets Of Baking Better Bread"])

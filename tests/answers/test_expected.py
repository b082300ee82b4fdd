from __future__ import annotations

import pytest

from memex.answer.expected import expected


@pytest.mark.parametrize(
    ("question", "text", "has"),
    [
        ("who wrote it?", "It was written by Ada Lovelace.", True),
        ("Whose book is this?", "Yes, Élodie left it here.", True),
        ("who wrote it?", "He wrote it in the evening.", False),
        ("who wrote it?", "Then I wrote it.", False),
        ("who is Ada?", "I know that Ada lives here.", False),
        ("when was it?", "It was in March.", True),
        ("what year was it?", "It was 1945.", True),
        ("when was it?", "It was a long story.", False),
        ("how many came?", "Seven of them came.", True),
        ("how much is it?", "It costs 12 euros.", True),
        ("how old is she?", "She is very old.", False),
    ],
)
def test_a_text_has_what_is_asked_for(question: str, text: str, has: bool) -> None:
    wanted = expected(question)
    assert wanted is not None
    assert wanted(text) is has


@pytest.mark.parametrize("question", ["what is a memex?", "whole milk or not?", "", "🦊"])
def test_where_nothing_is_known_nothing_is_said(question: str) -> None:
    assert expected(question) is None

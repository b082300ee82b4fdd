from __future__ import annotations

import pytest

from ingest.sentences import LONGEST, segments_of
from memex.types import Word


def spoken(text: str, pauses: dict[int, float] | None = None) -> list[Word]:
    """Words of 0.3 s; `pauses` gives the silence before some of them."""
    at, found = 0.0, []
    for n, word in enumerate(text.split()):
        at += (pauses or {}).get(n, 0.0)
        found.append(Word(f" {word}", at, at + 0.3, 0.9))
        at += 0.3
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. We left.", ["It rained.", "We left."]),
        ("Did it? Yes! So…", ["Did it?", "Yes!", "So…"]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("Mr. Fish met Dr. J. R. Tolkien at 3.5 p.m. sharp.", None),
        ("we saw it. but it left", None),
        ("So did I. Then I left.", ["So did I.", "Then I left."]),
    ],
)
def test_sentences(text: str, expected: list[str] | None) -> None:
    assert [s.text for s in segments_of(spoken(text))] == (expected or [text])


def test_a_pause_parts() -> None:
    segments = list(segments_of(spoken("first this then that", {2: 0.9})))
    assert [s.text for s in segments] == ["first this", "then that"]
    assert [s.start for s in segments] == pytest.approx([0.0, 1.5])
    assert [s.end for s in segments] == pytest.approx([0.6, 2.1])


def test_endless_sentences_are_cut_at_commas() -> None:
    text = " ".join("one two three four five six seven," for _ in range(20))
    segments = list(segments_of(spoken(text)))
    assert all(len(s.words) <= LONGEST for s in segments)
    assert all(s.text.endswith(",") for s in segments)
    assert " ".join(s.text for s in segments) == text


def test_every_word_stays_once() -> None:
    text = "so it goes on and on without any stop " * 15
    segments = list(segments_of(spoken(text)))
    assert [w.text for s in segments for w in s.words] == text.split()
    assert all(s.start == s.words[0].start and s.end == s.words[-1].end for s in segments)


def test_scripts_without_spaces() -> None:
    words = [
        Word("你好", 0.0, 0.4, 0.9),
        Word("世界。", 0.4, 0.9, 0.9),
        Word("再见", 0.9, 1.2, 0.9),
    ]
    assert [s.text for s in segments_of(words)] == ["你好世界。", "再见"]


def test_nothing() -> None:
    assert list(segments_of([])) == []

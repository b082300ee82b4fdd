from __future__ import annotations

import numpy as np
import pytest

from ingest.recognition import Heard, Judged, Reason, judged, kept, missed, repaired
from ingest.speech import SAMPLE_RATE, Piece, Span
from memex.types import Word


def words(text: str, start: float = 0.0, each: float = 0.3) -> tuple[Word, ...]:
    return tuple(
        Word(f" {word}", start + n * each, start + (n + 1) * each, 0.9)
        for n, word in enumerate(text.split())
    )


def said(
    text: str, *, spoken: float = 5.0, logprob: float = -0.3, no_speech: float = 0.05
) -> Heard:
    return Heard(words(text), spoken, logprob, no_speech)


def text(some: tuple[Word, ...] | list[Word]) -> str:
    return "".join(word.text for word in some).strip()


@pytest.mark.parametrize(
    ("reason", "heard"),
    [
        (Reason.SHORT, said("Okay.", spoken=0.03, logprob=-0.96, no_speech=0.87)),
        (Reason.SILENT, said("Thank you.", spoken=0.4, logprob=-0.7, no_speech=0.87)),
        (Reason.SILENT, said("a ghastly figure", logprob=-0.9, no_speech=0.7)),
        (Reason.PHANTOM, said("Thank you for watching!", logprob=-0.7, no_speech=0.4)),
        (Reason.PHANTOM, said(". . .")),
        (Reason.IMPROBABLE, said("jobous", spoken=0.45, logprob=-1.02, no_speech=0.11)),
    ],
    ids=str,
)
def test_what_was_made_up_is_dropped_for_a_reason(reason: Reason, heard: Heard) -> None:
    assert judged(heard) == Judged((), (reason,))
    assert kept(heard) == ()


def test_silence_is_nothing_to_drop() -> None:
    assert judged(Heard((), 3.0, 0.0, 1.0)) == Judged(())


@pytest.mark.parametrize(
    "heard",
    [
        said("Yes.", spoken=0.35, logprob=-0.6),
        said("Thank you."),
        said("Thank you for watching the children.", logprob=-0.7),
        said("mumbled but long enough", logprob=-0.95, no_speech=0.5),
        said("no no no no"),
    ],
    ids=str,
)
def test_what_was_said_is_kept(heard: Heard) -> None:
    assert judged(heard) == Judged(heard.words)


def test_loops_are_cut_to_one_round() -> None:
    loop = said("I went there. " + "Do you want to play the violin? " * 12 + "No.")
    assert text(kept(loop)) == "I went there. Do you want to play the violin? No."
    assert judged(loop).dropped == (Reason.LOOP,)


def piece(start: float, end: float) -> Piece:
    span = Span(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
    return Piece(span.start, np.zeros(span.end - span.start, np.float32), span)


def seconds(pieces: list[Piece]) -> list[tuple[float, float]]:
    return [(p.start / SAMPLE_RATE, p.end / SAMPLE_RATE) for p in pieces]


def test_speech_after_the_last_word_was_missed() -> None:
    spoken = [piece(0, 3), piece(4, 8)]
    assert seconds(missed(spoken, words("one two three four", each=0.7))) == [(4.0, 8.0)]


def test_speech_under_one_endless_word_was_missed() -> None:
    heard = (Word(" car", 0.0, 9.0, 0.4), Word(" and", 9.0, 9.3, 0.9))
    assert seconds(missed([piece(0, 9.3)], heard)) == [(1.0, 9.0)]


def test_pauses_and_slow_words_were_not_missed() -> None:
    heard = (*words("a slow word", each=1.2), *words("and more", 5.0, each=0.6))
    assert missed([piece(0, 4.0), piece(5.0, 6.5)], heard) == []


def test_what_was_missed_comes_to_its_place() -> None:
    first = [*words("tell me what happened"), *words("lobster fat", 8.0)]
    again = words("happened one pound of lobster meat", 1.25)
    assert text(repaired(first, again)) == (
        "tell me what happened one pound of lobster meat lobster fat"
    )


def test_a_repair_that_is_itself_unlikely_is_not_taken() -> None:
    gibberish = said("gibberish", logprob=-1.4)
    assert judged(gibberish, again=True) == Judged((), (Reason.IMPROBABLE,))

"""Where phrases begin and end."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.ears.utterances import (
    HANGOVER,
    LONGEST,
    PRE_ROLL,
    SPEECH,
    TAIL,
    WINDOW,
    Begun,
    Ended,
    Utterances,
)
from memex.recordings import RATE, Phrase

runs = st.lists(
    st.tuples(st.floats(0, 1, width=32), st.integers(1, 1200)), min_size=1, max_size=12
).map(lambda parts: [p for p, times in parts for _ in range(times)])
scattered = st.lists(st.floats(0, 1, width=32), max_size=300)


def events(probabilities: list[float], first: int = 0) -> list[Begun | Ended]:
    utterances = Utterances(first)
    return [*utterances(probabilities), *utterances.finish()]


def phrases(probabilities: list[float], first: int = 0) -> list[Phrase]:
    return [e.phrase for e in events(probabilities, first) if isinstance(e, Ended)]


@settings(max_examples=300, deadline=None)
@given(st.one_of(runs, scattered), st.integers(0, 10_000))
def test_phrases_are_in_order_short_enough_and_hold_all_speech(
    probabilities: list[float], first: int
) -> None:
    found = phrases(probabilities, first)
    end = first + len(probabilities) * WINDOW
    assert all(first <= p.start < p.end <= end for p in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(p.end - p.start <= LONGEST + WINDOW <= 30 * RATE for p in found)
    for number, probability in enumerate(probabilities):
        at = first + number * WINDOW
        if probability >= SPEECH:
            assert any(p.start <= at and at + WINDOW <= p.end for p in found)


@settings(max_examples=100, deadline=None)
@given(runs)
def test_a_phrase_is_begun_before_it_ends_and_its_speech_is_counted(
    probabilities: list[float],
) -> None:
    told = events(probabilities)
    assert [type(event) for event in told] == [Begun, Ended] * (len(told) // 2)
    for begun, ended in zip(told[::2], told[1::2], strict=True):
        assert isinstance(begun, Begun)
        assert isinstance(ended, Ended)
        assert begun.start == ended.phrase.start
    spoken = sum(event.spoken for event in told if isinstance(event, Ended))
    assert spoken == sum(p >= SPEECH for p in probabilities) * WINDOW


def test_a_phrase_begins_early_and_ends_late() -> None:
    silence, speech = [0.0] * 40, [0.9] * 20
    (phrase,) = phrases([*silence, *speech, *silence])
    assert phrase == Phrase(40 * WINDOW - PRE_ROLL, 60 * WINDOW + TAIL)


def test_a_short_pause_ends_no_phrase() -> None:
    pause = [0.0] * (HANGOVER // WINDOW - 1)
    assert len(phrases([0.9, *pause, 0.9, *pause, 0.9])) == 1
    assert len(phrases([0.9, *pause, 0.0, 0.0, 0.9])) == 2


def test_what_is_hardly_speech_holds_a_phrase_open_but_begins_none() -> None:
    assert phrases([0.25] * 100) == []
    assert len(phrases([0.9, *[0.25] * 100, 0.9])) == 1


def test_unbroken_speech_is_cut_where_it_is_quietest() -> None:
    speech = [0.9] * 1000
    speech[600:605] = [0.6] * 5
    first, second, *_ = phrases(speech)
    assert 600 * WINDOW < first.end < 605 * WINDOW
    assert second.start == first.end


def test_it_is_told_as_soon_as_it_can_be() -> None:
    utterances = Utterances()
    assert list(utterances([0.0] * 10)) == []
    assert list(utterances([0.9])) == [Begun(10 * WINDOW - PRE_ROLL)]
    quiet = -(-HANGOVER // WINDOW)
    assert list(utterances([0.0] * (quiet - 1))) == []
    (ended,) = utterances([0.0])
    assert isinstance(ended, Ended)
    assert ended.paused

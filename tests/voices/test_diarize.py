from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.sound import Sound
from ingest.voices import diarize as module
from ingest.voices.diarize import Attributed, diarize
from ingest.voices.embedding import VoiceEncoder
from memex.types import Segment, Word
from tests.voices.conftest import Samples, manifest, samples_of

TURNS = 16
"""Of the long recording: some two minutes, five people."""


def words_of(turn: dict[str, Any]) -> tuple[Word, ...]:
    """The words of a turn, evenly spread over it."""
    texts = turn["text"].split()
    borders = np.linspace(turn["start"], turn["end"], len(texts) + 1)
    pairs = zip(texts, borders, borders[1:], strict=False)
    return tuple(Word(text, float(a), float(b), 1.0) for text, a, b in pairs)


def segment_of(*turns: dict[str, Any]) -> Segment:
    words = tuple(word for turn in turns for word in words_of(turn))
    text = " ".join(word.text for word in words)
    return Segment(text, words[0].start, words[-1].end, words=words)


@pytest.fixture(scope="module")
def turns(shared: Path) -> list[dict[str, Any]]:
    return list(manifest(shared, "long")[0]["turns"][:TURNS])


def heard(shared: Path, segments: list[Segment], encoder: VoiceEncoder) -> Attributed:
    with Sound(shared / "audio" / "long" / "turns.opus") as sound:
        return diarize(segments, sound.blocks(), encoder)


def test_every_turn_has_its_speaker(
    encoder: VoiceEncoder, shared: Path, turns: list[dict[str, Any]]
) -> None:
    found = heard(shared, [segment_of(turn) for turn in turns], encoder)
    assert len(found.segments) == TURNS
    pairs = Counter(
        (turn["speaker"], segment.speaker)
        for turn, segment in zip(turns, found.segments, strict=True)
    )
    people = {turn["speaker"] for turn in turns}
    assert len({label for _, label in pairs}) == len(pairs)  # no voice is two people's
    assert len(people) <= len(found.voices) <= len(people) + 1
    said = {segment.speaker for segment in found.segments}
    assert said == {voice.label for voice in found.voices}
    for voice in found.voices:
        own = [s for s in found.segments if s.speaker == voice.label]
        total = sum((s.end or 0) - (s.start or 0) for s in own)
        assert voice.seconds == pytest.approx(total, abs=0.01)
        assert np.linalg.norm(voice.vector) == pytest.approx(1, abs=1e-4)


def test_a_segment_in_which_the_speaker_changes_is_cut_there(
    encoder: VoiceEncoder, shared: Path, turns: list[dict[str, Any]]
) -> None:
    joined = segment_of(*turns[:2])
    rest = [segment_of(turn) for turn in turns[2:]]
    found = heard(shared, [joined, *rest], encoder)
    first, second = found.segments[:2]
    assert first.speaker != second.speaker
    assert f"{first.text} {second.text}" == joined.text
    assert abs(len(first.words) - len(words_of(turns[0]))) <= 1
    assert (first.end, second.start) == (first.words[-1].end, second.words[0].start)
    assert len(found.segments) == TURNS


def test_a_part_at_a_time_nobody_is_taken_for_another(
    encoder: VoiceEncoder,
    shared: Path,
    turns: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 70)
    found = heard(shared, [segment_of(turn) for turn in turns], encoder)
    pairs = {
        (turn["speaker"], segment.speaker)
        for turn, segment in zip(turns, found.segments, strict=True)
    }
    people = {turn["speaker"] for turn in turns}
    assert len({label for _, label in pairs}) == len(pairs)
    assert len(people) <= len(found.voices) <= len(people) + 2


def test_one_person_is_one_voice(encoder: VoiceEncoder, shared: Path) -> None:
    rows = [row for row in manifest(shared, "read") if row["speaker"] == "3080"]
    samples = np.concatenate([samples_of(shared, row) for row in rows])
    times = np.arange(0, len(samples) / 16000 - 5, 5)
    segments = [Segment("words without times", float(at), float(at) + 5) for at in times]
    found = diarize(segments, [samples], encoder)
    assert {segment.speaker for segment in found.segments} == {"1"}


def nothing() -> Iterator[Samples]:
    yield from ()


@pytest.mark.parametrize(
    "segments",
    [[], [Segment("a paragraph")], [Segment("said", 3.0, 3.1)], [Segment("past it", 50.0, 60.0)]],
)
def test_where_nothing_can_be_told_all_stays_as_it_is(
    encoder: VoiceEncoder, segments: list[Segment]
) -> None:
    assert diarize(segments, nothing(), encoder) == Attributed(tuple(segments))
    silence = [np.zeros(16000 * 5, np.float32)]
    assert [s.text for s in diarize(segments, silence, encoder).segments] == [
        s.text for s in segments
    ]

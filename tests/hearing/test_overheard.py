"""A podcast that plays, and a second microphone, told from talk; by the real recogniser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from evals.overheard import (
    AHEAD,
    AT,
    LATE,
    ROOMS,
    WEARABLE,
    Part,
    Result,
    Stage,
    judged,
    recording,
    utterances,
)
from ingest.transcribe import WhisperTranscriber
from memex.types import Document, Segment


@pytest.fixture(scope="module")
def stage(
    audio: Path, whisper: WhisperTranscriber, tmp_path_factory: pytest.TempPathFactory
) -> Stage:
    return Stage(audio, whisper, tmp_path_factory.mktemp("stage"))


def whole_and_cut(
    stage: Stage, name: str, said: Sequence[Segment], parts: Sequence[Part], *known: Document
) -> list[Result]:
    ways: dict[str, list[Sequence[Segment]]] = {
        "whole": [said],
        "utterances": [*utterances(said)],
    }
    return [
        judged(Result(name, cut), stage.memory(f"{name} {cut}", *known), cuts, parts)
        for cut, cuts in ways.items()
    ]


def test_a_playing_podcast_is_linked_and_talk_around_it_stays(stage: Stage) -> None:
    said, parts = stage.played(ROOMS["quiet room"])
    for result in whole_and_cut(stage, "played", said, parts, stage.podcast):
        assert result.known > 200
        assert result.linked > 0.85 * result.known
        assert result.off is not None
        assert result.off < 2.0
        assert result.own > 100
        assert result.lost <= 0.02 * result.own


def test_talk_is_not_taken_for_a_podcast(stage: Stage) -> None:
    said = stage.talk(ROOMS["living room"])
    for result in whole_and_cut(stage, "talk", said, [Part(0.0, 1e6)], stage.podcast):
        assert result.own > 100
        assert result.lost == 0


def test_a_second_device_is_linked_to_the_first(stage: Stage) -> None:
    said = stage.talk(ROOMS["quiet room"])
    began = AT + timedelta(seconds=LATE + AHEAD)
    other = recording(stage.talk(WEARABLE, LATE), "wearable", began)
    for result in whole_and_cut(stage, "both", said, [Part(LATE, 1e6, LATE)], other):
        assert result.linked > 0.6 * result.known

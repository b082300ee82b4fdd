from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from evals import diarization
from evals.dataset import Turn, read_recordings
from evals.diarization import recognise, talk, turns
from evals.speaking import Errors, diarization_errors, equal_error_rate
from ingest.transcribe import WhisperTranscriber
from ingest.voices.speakers import load_encoder
from memex.config import load_config
from memex.models.loading import speech_model_path
from memex.types import Segment, Word

FLOORS = Path(diarization.__file__).with_name("floors.toml")


def test_labels_are_mapped_to_the_people_they_fit_best() -> None:
    reference = [Turn(0, 10, "ada"), Turn(10, 20, "bert")]
    assert diarization_errors(reference, [Turn(0, 10, "2"), Turn(10, 20, "1")]).rate == 0


def test_the_rate_by_hand() -> None:
    # of 20 s: 2 missed, 1 invented (20 to 21), 3 given to ada that are bert's
    reference = [Turn(0, 10, "ada"), Turn(10, 20, "bert")]
    found = [Turn(2, 13, "1"), Turn(13, 21, "2")]
    errors = diarization_errors(reference, found, collar=0)
    assert errors == Errors(2, 1, 3, 20)
    assert errors.rate == pytest.approx(0.3)


def test_a_quarter_second_around_borders_is_not_counted() -> None:
    errors = diarization_errors([Turn(1, 3, "ada")], [Turn(0.8, 3.2, "1")])
    assert errors.rate == 0
    assert errors.spoken == pytest.approx(1.5)


def test_who_speaks_over_another_counts_and_is_missed() -> None:
    reference = [Turn(0, 10, "ada"), Turn(5, 10, "bert")]
    assert diarization_errors(reference, [Turn(0, 10, "1")], collar=0).missed == 5


def test_nothing_said_has_no_rate() -> None:
    assert diarization_errors([], [Turn(0, 1, "1")]).rate is None
    assert diarization_errors([Turn(0, 5, "ada")], []).rate == 1


def test_equal_error_rate_by_hand() -> None:
    assert equal_error_rate([0.8, 0.9], [0.1, 0.2]) == 0
    assert equal_error_rate([0.3, 0.7, 0.8, 0.9], [0.1, 0.2, 0.25, 0.5]) == pytest.approx(0.25)


def test_turns_bridge_short_pauses_of_one_speaker() -> None:
    words = [Word(" a", 0, 1, 1), Word(" b", 1.5, 2, 1), Word(" c", 4, 5, 1)]
    segments = [Segment("a b c", 0, 5, "1", words=tuple(words))]
    segments.append(Segment("d", 5, 6, "2", words=(Word(" d", 5, 6, 1),)))
    assert turns(segments) == [Turn(0, 2, "1"), Turn(4, 5, "1"), Turn(5, 6, "2")]


def test_the_floors_hold(shared: Path) -> None:
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    config = load_config()
    transcriber = WhisperTranscriber(*speech_model_path(config))
    encoder = load_encoder(config)
    for name, floor in floors["diarization"].items():
        found = talk(name, read_recordings(shared / "audio", name), transcriber, encoder)
        assert found.der is not None
        assert found.der <= floor["der"], name
    (clean,) = recognise(read_recordings(shared / "audio", "read"), [], encoder)
    assert clean.accuracy >= floors["speakers"]["accuracy"]
    assert clean.eer <= floors["speakers"]["eer"]

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.reading import Reading
from ingest.transcribe import WhisperTranscriber
from memex.config import load_config
from memex.errors import ModelMissing
from memex.models.loading import speech_model_path
from memex.protocols import Recognised, Transcriber
from tests.hearing.making import Samples, load


@pytest.fixture(scope="session")
def model_folder() -> tuple[str, Path]:
    """Name and folder of the default profile's recogniser."""
    try:
        return speech_model_path(load_config())
    except ModelMissing as error:
        pytest.skip(f"the speech model is not there: {error}")


@pytest.fixture(scope="session")
def whisper(model_folder: tuple[str, Path]) -> WhisperTranscriber:
    """The recogniser of the default profile."""
    return WhisperTranscriber(*model_folder)


@pytest.fixture(scope="session")
def audio(shared: Path) -> Path:
    """The folder with real recordings."""
    return shared / "audio"


@pytest.fixture(scope="session")
def long_row(audio: Path) -> dict[str, Any]:
    """The long recording: its text, its turns."""
    row: dict[str, Any] = json.loads((audio / "long.jsonl").read_text().splitlines()[0])
    return row


@pytest.fixture(scope="session")
def heard(whisper: WhisperTranscriber, audio: Path, long_row: dict[str, Any]) -> list[Recognised]:
    """The long recording, recognised once for all tests."""
    return list(whisper.transcribe(audio / long_row["audio"]))


@pytest.fixture(scope="session")
def speech(audio: Path) -> Samples:
    """Nine seconds of a reading voice: "Printing, in the only sense with which we
    are at present concerned…".
    """
    return load(audio / "read" / "LJ001-0001.flac")


@pytest.fixture
def reading(tmp_path: Path) -> Callable[[Transcriber], Reading]:
    """Circumstances with a given recogniser."""

    def make(transcriber: Transcriber) -> Reading:
        return Reading(transcriber=lambda: transcriber, checkpoint=tmp_path / "checkpoint.jsonl")

    return make

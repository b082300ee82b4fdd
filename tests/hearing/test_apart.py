"""The recogniser in a process of its own: as good as in this one, and no end of this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.apart import TranscriberApart
from ingest.recogniser import Recogniser
from ingest.transcribe import WhisperTranscriber
from memex.config import Intake, ModelChoice, load_config
from memex.errors import ModelCrashed, ModelMissing, UnreadableFile
from memex.protocols import Recognised
from tests.hearing.making import Samples

WORDS = "Printing, in the only sense with which we are at present concern"


@pytest.fixture
def apart(model_folder: tuple[str, Path]) -> Iterator[TranscriberApart]:
    """A process with the default profile's recogniser."""
    made = TranscriberApart(load_config())
    yield made
    made.close()


def texts(heard: list[Recognised]) -> list[str]:
    return [segment.text for stretch in heard for segment in stretch.segments]


def test_it_hears_what_it_hears_in_this_process(
    apart: TranscriberApart, whisper: WhisperTranscriber, audio: Path, speech: Samples
) -> None:
    recording = audio / "read" / "LJ001-0001.flac"
    assert texts(list(apart.transcribe(recording))) == texts(list(whisper.transcribe(recording)))
    assert apart.phrase(speech).words == whisper.phrase(speech).words
    said = apart.interim(speech[: 16_000 * 4])
    assert "".join(word.text for word in said.words).strip().startswith("Printing")
    assert 0 < said.took < 60
    assert apart.model == whisper.model


def test_what_is_said_is_heard_while_a_recording_is_recognised(
    apart: TranscriberApart, audio: Path, long_row: dict[str, Any], speech: Samples
) -> None:
    stretches = apart.transcribe(audio / long_row["audio"])
    first: list[Recognised] = []
    hearing = threading.Thread(target=lambda: first.append(next(iter(stretches))))
    hearing.start()
    words = apart.phrase(speech).words
    hearing.join()
    assert "".join(word.text for word in words).strip().startswith(WORDS)
    assert first[0].segments


def test_an_error_is_the_same_error_here(
    apart: TranscriberApart, whisper: WhisperTranscriber, tmp_path: Path
) -> None:
    note = tmp_path / "note.wav"
    note.write_text("no sound", encoding="utf-8")
    with pytest.raises(UnreadableFile) as here:
        list(whisper.transcribe(note))
    with pytest.raises(type(here.value)) as there:
        list(apart.transcribe(note))
    assert str(there.value) == str(here.value)


def test_without_its_model_it_says_so(tmp_path: Path) -> None:
    away = ModelChoice(speech="mine", paths={"mine": tmp_path / "away"})
    with pytest.raises(ModelMissing, match="away"):
        TranscriberApart(replace(load_config(), models=away))


def test_killed_it_costs_what_it_was_at_and_is_started_again(
    model_folder: tuple[str, Path], audio: Path, long_row: dict[str, Any], speech: Samples
) -> None:
    recogniser = Recogniser(load_config())
    try:
        first = recogniser()
        stretches = first.transcribe(audio / long_row["audio"])
        next(iter(stretches))
        os.kill(first.pid, signal.SIGKILL)
        with pytest.raises(ModelCrashed, match="killed") as caught:
            list(stretches)
        assert not hasattr(caught.value, "__notes__")  # nobody knows where it was
        assert recogniser().phrase(speech).words
        assert recogniser().pid != first.pid
    finally:
        recogniser.stop()


def test_a_crash_says_where_it_was(apart: TranscriberApart, speech: Samples) -> None:
    os.kill(apart.pid, signal.SIGSEGV)
    with pytest.raises(ModelCrashed, match="SIGSEGV") as caught:
        apart.phrase(speech)
    assert any("transcribing.py" in note for note in caught.value.__notes__)


def test_unloaded_its_memory_is_free_and_while_it_hears_it_is_not_unloaded(
    model_folder: tuple[str, Path], audio: Path, long_row: dict[str, Any]
) -> None:
    recogniser = Recogniser(replace(load_config(), intake=Intake(unload=0.0)))
    try:
        loaded = recogniser()
        stretches = loaded.transcribe(audio / long_row["audio"])
        next(iter(stretches))
        recogniser.rest()
        assert recogniser.lend([sys.executable, "-c", ""]) is None
        assert loaded.alive
        del stretches
        recogniser.rest()
        assert not loaded.alive
        with pytest.raises(ProcessLookupError):
            os.kill(loaded.pid, 0)
    finally:
        recogniser.stop()


def test_it_does_not_outlive_who_started_it(model_folder: tuple[str, Path]) -> None:
    script = (
        "import os, signal\n"
        "from ingest.apart import TranscriberApart\n"
        "from memex.config import load_config\n"
        "print(TranscriberApart(load_config()).pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert int(parent.stdout.readline())
        parent.communicate(timeout=30)  # the output is open as long as the child lives
    assert parent.returncode == -signal.SIGKILL

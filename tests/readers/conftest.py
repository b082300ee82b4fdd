from __future__ import annotations

from pathlib import Path

import pytest

from ingest.reading import Reading
from memex.protocols import Transcriber

FILES = Path(__file__).resolve().parent.parent / "files"


def _no_recogniser() -> Transcriber:
    raise AssertionError("a written document needs no recogniser")


@pytest.fixture
def files() -> Path:
    """The folder with real files; its README tells which program made each."""
    return FILES


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Circumstances in which nothing may be recognised."""
    return Reading(transcriber=_no_recogniser, checkpoint=tmp_path / "checkpoint.jsonl")

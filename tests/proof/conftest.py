from __future__ import annotations

from pathlib import Path

import pytest

from memex.library import Library
from memex.proof import Probe, probes
from memex.types import Arrival
from tests.documents import BREAD, ESSAY, TALK
from tests.proof.secret import SECRET, copy_of


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def library(home: Path) -> Library:
    home.mkdir(exist_ok=True)
    library = Library(home / "library.db")
    for remembered in (ESSAY, BREAD, TALK, SECRET):
        library.add(Arrival(remembered, copy_of(remembered)))
    return library


@pytest.fixture
def needles(library: Library) -> tuple[Probe, ...]:
    return probes([SECRET.id], library)

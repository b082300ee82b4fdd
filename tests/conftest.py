"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real recordings and questions (`MEMEX_SHARED`); skips where it is absent."""
    folder = Path(os.environ.get("MEMEX_SHARED") or REPOSITORY.parent / "shared").resolve()
    if not (folder / "audio").is_dir():
        pytest.skip(f"no real recordings at {folder}: set MEMEX_SHARED to the folder that has them")
    return folder

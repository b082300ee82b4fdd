"""What the evals' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.models.loading import load_embedder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where vectors are kept: a text that several tests embed is embedded once."""
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture
def embedder(cache: Path) -> CachedEmbedder:
    """The configured one."""
    return CachedEmbedder(load_embedder(load_config()), cache)

"""The readers that tests run with: the tiny one always, the small one where it is at hand."""

from __future__ import annotations

from typing import Final

import pytest

from memex.config import Config, ModelChoice, Paths
from memex.errors import ModelMissing
from memex.models.catalogue import PROFILES
from memex.models.loading import reader_file

READERS: Final = tuple(PROFILES[profile].reader for profile in ("tiny", "small"))
"""Their names. The small one has 1.1 GB and is not fetched for the tests: `memex models pull small`
(or its name) into `MEMEX_MODELS` brings it."""


def with_reader(name: str, paths: Paths) -> Config:
    """A configuration with one of `READERS`; skips where it is not the tiny one and not at hand."""
    config = Config(paths, ModelChoice(reader=name))
    if name != READERS[0]:
        try:
            reader_file(config)
        except ModelMissing:
            pytest.skip(f"{name} is not at hand: `memex models pull {name}`")
    return config

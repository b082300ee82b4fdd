from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.sound import Sound
from ingest.voices.embedding import VoiceEncoder
from ingest.voices.speakers import load_encoder
from memex.config import Config, ModelChoice, Paths
from memex.errors import ModelMissing

Samples = NDArray[np.float32]


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> VoiceEncoder:
    home = tmp_path_factory.mktemp("none")
    try:
        return load_encoder(Config(Paths(home, home / "config.toml"), ModelChoice()))
    except ModelMissing:
        pytest.skip("the model is not here: memex models pull resemblyzer-ge2e")


def manifest(shared: Path, name: str) -> list[dict[str, Any]]:
    text = (shared / "audio" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def samples_of(shared: Path, row: dict[str, Any]) -> Samples:
    with Sound(shared / "audio" / row["audio"]) as sound:
        return np.concatenate(list(sound.blocks()))

"""From the configuration to loaded models. For the daemons only: importing this
module loads numpy and CTranslate2.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from pathlib import Path
from typing import Final

from memex.config import Config
from memex.errors import ModelMissing
from memex.models.apart import CONTEXT, ModelApart
from memex.models.converted import ensure_converted
from memex.models.embedder import CTranslate2Embedder
from memex.models.registry import MODELS, chosen
from memex.models.store import file_sha256, locate, own_path
from memex.protocols import Embedder, LanguageModel

WEIGHTS: Final = ("*.safetensors", "*.bin", "*.json")
"""Files that make a model of the user's own what it is."""

# No library below may look for files on the network, whatever it is handed.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"


def load_embedder(config: Config) -> Embedder:
    """The embedder that the configuration chooses.

    A model on record is converted first if that has not been done. Raises
    `ModelError` and `InvalidRequest`.
    """
    name = chosen(config.models, "embedding")
    if entry := MODELS.get(name):
        folder = ensure_converted(entry, config)
        return CTranslate2Embedder(folder, f"{name}@{entry.revision}-int8", entry.prompts)
    folder = own_path(name, config)
    # importing it loads torch, which the default models never need
    adapter = importlib.import_module("memex.models.sentence_transformer")
    embedder: Embedder = adapter.SentenceTransformerEmbedder(folder, f"{name}@{_digest(folder)}")
    return embedder


def load_language_model(config: Config, context: int = CONTEXT) -> LanguageModel:
    """The reader that the configuration chooses, in a process of its own; `context` is in
    tokens. Raises `ModelError` and `InvalidRequest`.
    """
    name = chosen(config.models, "reader")
    return ModelApart(reader_file(config), name, context, 60 * config.answers.unload)


def reader_file(config: Config) -> Path:
    """The GGUF file of the reader that the configuration chooses. Raises `ModelError` and
    `InvalidRequest`.
    """
    name = chosen(config.models, "reader")
    entry = MODELS.get(name)
    if entry is None:
        return _gguf(own_path(name, config), name, config)
    if entry.form:
        return _gguf(ensure_converted(entry, config), name, config)
    return locate(entry, config)


def speech_model_path(config: Config) -> tuple[str, Path]:
    """The recogniser that the configuration chooses: its name as it is shown,
    and the verified folder for faster-whisper.

    Raises `ModelError` and `InvalidRequest`.
    """
    name = chosen(config.models, "speech")
    entry = MODELS.get(name)
    return name, locate(entry, config) if entry else own_path(name, config)


def _gguf(path: Path, name: str, config: Config) -> Path:
    """The one GGUF file that `path` is or holds."""
    found = sorted(path.glob("*.gguf")) if path.is_dir() else [path]
    if len(found) != 1:
        raise ModelMissing(
            f"{path}, given for the model {name}, has {len(found)} GGUF files instead of one.",
            f"Name the file itself in [models.paths] of {config.paths.config}.",
        )
    return found[0]


def _digest(folder: Path) -> str:
    """Identifies the model in a folder: changes when one of its files does."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in WEIGHTS for path in folder.rglob(pattern)):
        digest.update(f"{path.relative_to(folder)} {file_sha256(path)}\n".encode())
    return digest.hexdigest()[:12]

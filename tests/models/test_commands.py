"""`memex models`, as a user calls it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from memex.commands.models import command
from memex.config import Config, ModelChoice, load_config
from memex.errors import InvalidRequest
from memex.models.catalogue import MINILM_TALK
from memex.models.converted import ensure_converted, locate_converted
from memex.models.store import locate


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.setenv("MEMEX_HOME", str(directory))
    return directory


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def refused(*arguments: str) -> str:
    """What a user is told."""
    error = run(*arguments).exception
    assert isinstance(error, InvalidRequest)
    return str(error)


def test_verify_misses_the_models_that_are_used(home: Path, models: Path) -> None:
    result = run("verify")
    assert result.exit_code == 1
    for name in ("whisper-tiny.en", MINILM_TALK.name, "SmolLM2-135M-Instruct-Q4_1"):
        assert f"memex models pull {name}" in result.stderr
    assert "whisper-base" not in result.output


def test_verify_reads_what_a_model_was_converted_to(
    home: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_converted(MINILM_TALK, config)
    here = tmp_path / "models" / MINILM_TALK.name
    shutil.copytree(locate(MINILM_TALK, config), here)
    shutil.copytree(locate_converted(MINILM_TALK), here / MINILM_TALK.form, dirs_exist_ok=True)
    monkeypatch.setenv("MEMEX_MODELS", str(here.parent))
    monkeypatch.setattr("memex.config.sys.prefix", str(tmp_path / "prefix"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert f"{MINILM_TALK.name}: sound" in run("verify").output
    with (here / MINILM_TALK.form / "model.bin").open("r+b") as weights:
        weights.seek(5000)
        weights.write(b"damage")
    result = run("verify")
    assert result.exit_code == 1
    assert f"{MINILM_TALK.name}: sound" not in result.output
    assert f"memex models pull {MINILM_TALK.name}" in result.stderr


def test_a_model_of_the_users_own_is_used_in_the_role_that_is_named(home: Path) -> None:
    (home / "config.toml").write_text('[models.paths]\nmine = "/models/mine"\n')
    assert "memex models use mine --role embedding" in refused("use", "mine")
    assert load_config().models.embedding is None
    assert run("use", "mine", "--role", "embedding").exit_code == 0
    assert load_config().models == ModelChoice(
        embedding="mine", paths={"mine": Path("/models/mine")}
    )
    listed = json.loads(run("list", "--json").stdout)["models"]
    assert [(row["name"], row["role"], row["status"]) for row in listed if row["used"]] == [
        ("whisper-tiny.en", "speech", "present"),
        ("SmolLM2-135M-Instruct-Q4_1", "reader", "present"),
        ("resemblyzer-ge2e", "speaker", "present"),
        ("mine", "embedding", "missing"),
    ]
    assert "your own  missing" in run("list").stdout
    run("use", "small")
    assert load_config().models.embedding is None
    assert load_config().models.profile == "small"


@pytest.mark.parametrize(
    "arguments", [("en_US-joe-medium",), (MINILM_TALK.name, "--role", "reader"), ("mine",)]
)
def test_a_choice_that_cannot_be_leaves_the_configuration_alone(
    home: Path, arguments: tuple[str, ...]
) -> None:
    refused("use", *arguments)
    assert not (home / "config.toml").exists()


def test_a_profile_has_no_role(home: Path) -> None:
    assert run("use", "tiny", "--role", "reader").exit_code == 2
    assert not (home / "config.toml").exists()

from __future__ import annotations

import re
from pathlib import Path

import pytest

from memex.config import ModelChoice
from memex.errors import InvalidRequest
from memex.models.registry import (
    FORMS,
    MODELS,
    PROFILES,
    ROLES,
    ModelEntry,
    Prompts,
    chosen,
    entries,
    find,
)


@pytest.mark.parametrize("entry", MODELS.values(), ids=list(MODELS))
def test_every_file_is_on_record(entry: ModelEntry) -> None:
    assert entry.role in ROLES
    assert entry.form in {"", *FORMS}
    assert entry.licence in {"MIT", "Apache-2.0"}
    for file in entry.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.parts or file.hub
        assert sum(part.size for part in file.parts) in {file.size, 0}
        assert file.size > 0
        assert ".." not in file.name
        if file.hub:
            assert re.fullmatch("[0-9a-f]{40}", file.hub.revision)
    assert len({file.name for file in entry.files}) == len(entry.files)
    assert entry.weights.size == max(file.size for file in entry.files)


def test_profiles_name_models_of_the_right_role() -> None:
    for profile in PROFILES.values():
        names = (profile.speech, profile.embedding, profile.reader, profile.speaker)
        roles = [MODELS[name].role for name in names]
        assert roles == ["speech", "embedding", "reader", "speaker"]
    assert list(PROFILES) == ["tiny", "small", "standard", "large"]
    sizes = [sum(entry.size for entry in entries(name)) for name in PROFILES]
    assert sizes == sorted(sizes)
    assert sizes[0] < 300e6


def test_no_profile_of_files_from_the_hub_needs_a_wheel() -> None:
    """Of these models no wheel is known, so nothing may stand in for the hub; but for the
    one that tells who speaks, of which only the wheel is.
    """
    for name in ("standard", "large"):
        others = [entry for entry in entries(name) if entry.role != "speaker"]
        assert all(file.hub for entry in others for file in entry.files)


@pytest.mark.parametrize("entry", MODELS.values(), ids=list(MODELS))
def test_an_embedding_model_brings_what_its_conversion_needs(entry: ModelEntry) -> None:
    if entry.role == "embedding":
        names = {file.name for file in entry.files}
        needed = {"modules.json", "tokenizer.json", "1_Pooling/config.json"}
        assert needed | {"sentence_bert_config.json", "config.json"} <= names
    else:
        assert entry.prompts == Prompts()


def test_entries_takes_a_profile_or_a_model() -> None:
    assert {entry.role for entry in entries("small")} == {
        "speech",
        "embedding",
        "reader",
        "speaker",
    }
    assert entries("whisper-base") == (find("whisper-base"),)


@pytest.mark.parametrize("name", ["", "gpt-9", "whisper"])
def test_unknown_names_are_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"whisper-tiny\.en"):
        find(name)
    with pytest.raises(InvalidRequest, match="tiny"):
        entries(name)


def test_a_role_follows_the_profile_unless_it_is_set() -> None:
    assert chosen(ModelChoice(), "speech") == "whisper-tiny.en"
    assert chosen(ModelChoice(profile="small"), "speech") == "whisper-base"
    assert chosen(ModelChoice(speech="whisper-base"), "speech") == "whisper-base"
    own = ModelChoice(embedding="mine", paths={"mine": Path("/models/mine")})
    assert chosen(own, "embedding") == "mine"


@pytest.mark.parametrize(
    "choice",
    [
        ModelChoice(profile="huge"),
        ModelChoice(speech="all-MiniLM-L6-v2"),
        ModelChoice(speech="unheard-of"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(choice: ModelChoice) -> None:
    with pytest.raises(InvalidRequest):
        chosen(choice, "speech")

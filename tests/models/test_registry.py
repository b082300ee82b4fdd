from __future__ import annotations

import re
from pathlib import Path

import pytest

from memex.config import ModelChoice
from memex.errors import InvalidRequest
from memex.models.registry import FORMS, MODELS, PROFILES, ROLES, ModelEntry, chosen, entries, find


@pytest.mark.parametrize("entry", MODELS.values(), ids=list(MODELS))
def test_every_file_is_on_record(entry: ModelEntry) -> None:
    assert entry.role in ROLES
    assert entry.form in {"", *FORMS}
    assert entry.licence in {"MIT", "Apache-2.0"}
    for file in entry.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert sum(part.size for part in file.parts) == file.size
        assert ".." not in file.name
        if file.hub:
            assert re.fullmatch("[0-9a-f]{40}", file.hub.revision)


def test_profiles_name_models_of_the_right_role() -> None:
    for profile in PROFILES.values():
        roles = [MODELS[name].role for name in (profile.speech, profile.embedding, profile.reader)]
        assert roles == ["speech", "embedding", "reader"]
    assert sum(entry.size for entry in entries("tiny")) < 280e6


def test_entries_takes_a_profile_or_a_model() -> None:
    assert {entry.role for entry in entries("small")} == {"speech", "embedding", "reader"}
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

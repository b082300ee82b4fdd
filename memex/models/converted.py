"""Models in the form in which they run (`ModelEntry.form`): made once from the
weights on record, kept beside them, checked against a manifest before each use.

Importing this module loads no library: the conversion runs in a process of its
own, because it needs torch and transformers.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from memex.config import Config, model_paths
from memex.errors import ModelDamaged, ModelError, ModelMissing, StorageError
from memex.models.adapter import adapter_path
from memex.models.registry import ModelEntry
from memex.models.store import file_sha256, locate

CONVERTERS: Final = {
    "ctranslate2-int8": "memex.models.convert_embedding",
    "gguf-q8_0": "memex.models.convert_reader",
}
"""The program that makes each form: `python -m MODULE SOURCE TARGET`."""
LIBRARIES: Final = ("ctranslate2", "llama-cpp-python", "torch", "transformers")
MANIFEST: Final = "manifest.json"
"""Names the source's files, the converting libraries and the SHA-256 of each file."""
TIMEOUT: Final = 900
"""Seconds after which a conversion is given up."""


def locate_converted(entry: ModelEntry) -> Path:
    """The folder of the converted model, every file checked.

    Raises `ModelMissing`, or `ModelDamaged` where none is sound.
    """
    damaged: ModelDamaged | None = None
    for directory in model_paths():
        folder = directory / entry.name / entry.form
        if not folder.is_dir():
            continue
        try:
            _check(folder, entry)
        except ModelDamaged as error:
            damaged = damaged or error
        else:
            return folder
    raise damaged or ModelMissing(
        f"The model {entry.name} has not been converted.", _pull(entry.name)
    )


def ensure_converted(entry: ModelEntry, config: Config) -> Path:
    """The folder of the converted model, made now if need be (some seconds).

    Raises `ModelError` where the weights are missing or damaged or cannot be
    converted, `StorageError` where no models directory can be written.
    """
    try:
        return locate_converted(entry)
    except ModelError:
        source = locate(entry, config)
    folder = _writable(entry, source)
    with (folder / ".converting.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be at it: wait for its result
        target = folder / entry.form
        try:
            _check(target, entry)
        except ModelDamaged:
            _convert(source, target, entry)
    _check(target, entry)
    return target


def _check(folder: Path, entry: ModelEntry) -> None:
    """Raises `ModelDamaged` unless the folder is whole and made from these weights."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {str(name): str(sha256) for name, sha256 in manifest["files"].items()}
        sound = manifest["source"] == entry.weights.sha256 and bool(files)
        sound = sound and manifest.get("sources", _sources(entry)) == _sources(entry)
        sound = sound and all(file_sha256(folder / name) == sha for name, sha in files.items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise ModelDamaged(
            f"The converted model in {folder} is damaged, or made from other weights or settings.",
            _pull(entry.name),
        )


def _writable(entry: ModelEntry, source: Path) -> Path:
    """The model's folder in a directory that can be written: where the weights
    are, else the first of the models directories.
    """
    for folder in _candidates(entry, source):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise StorageError(
        f"No models directory can be written, and {entry.name} must be converted once.",
        "Name a writable one with MEMEX_MODELS.",
    )


def _candidates(entry: ModelEntry, source: Path) -> Iterator[Path]:
    folders = [directory / entry.name for directory in model_paths()]
    yield from (folder for folder in folders if folder in {source, source.parent})
    yield from folders


def _convert(source: Path, target: Path, entry: ModelEntry) -> None:
    """Convert in a process of its own, and move the whole result into place."""
    scratch = target.with_name(f".{target.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    command = [sys.executable, "-m", CONVERTERS[entry.form], str(source), str(scratch)]
    if entry.adapter:
        command.append(str(adapter_path(entry.adapter)))
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            env={**os.environ, **offline},
            check=False,
        )
        if done.returncode:
            raise _failed(entry, (done.stderr.strip().splitlines() or ["no reason given"])[-1])
        _write_manifest(scratch, entry)
        shutil.rmtree(target, ignore_errors=True)
        scratch.replace(target)
    except subprocess.TimeoutExpired as error:
        raise _failed(entry, f"not done after {TIMEOUT} s") from error
    except OSError as error:
        raise _failed(entry, str(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write_manifest(folder: Path, entry: ModelEntry) -> None:
    """Put on record what the files are and what they were made of."""
    files = {
        path.relative_to(folder).as_posix(): file_sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {
        "source": entry.weights.sha256,
        "sources": _sources(entry),
        "form": entry.form,
        "converted_by": {name: metadata.version(name) for name in LIBRARIES},
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def _sources(entry: ModelEntry) -> dict[str, str]:
    """What a conversion is made of; old manifests name the weights alone."""
    files = {file.name: file.sha256 for file in entry.files}
    return files | ({entry.adapter.name: entry.adapter.sha256} if entry.adapter else {})


def _failed(entry: ModelEntry, reason: str) -> ModelError:
    return ModelError(
        f"{entry.name} could not be converted: {reason}",
        f"Try again with: memex models pull {entry.name}",
    )


def _pull(name: str) -> str:
    return f"Mend it with: memex models pull {name}"

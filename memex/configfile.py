"""Changing the configuration file: the user's comments and order stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import tomlkit

from memex.config import Paths, load_config, private_directory
from memex.errors import StorageError


@contextmanager
def edit(paths: Paths) -> Iterator[tomlkit.TOMLDocument]:
    """The file as a document; what was changed is written at the end, whole or not at all.

    Raises `InvalidRequest` where the file as it stands makes no sense, `StorageError`.
    """
    load_config(paths)
    file = paths.config
    document = (
        tomlkit.parse(file.read_text(encoding="utf-8")) if file.exists() else tomlkit.TOMLDocument()
    )
    yield document
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        private_directory(file.parent)
        draft.write_text(tomlkit.dumps(document), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        with suppress(OSError):  # a read-only disk: what matters is raised
            draft.unlink(missing_ok=True)
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from error

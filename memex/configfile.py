"""Changing the configuration file: the user's comments and order stay."""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableSequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomlkit

from memex.config import Paths, WatchedFolder, load_config, private_directory
from memex.errors import NotFound, StorageError


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


def watch(paths: Paths, *folders: WatchedFolder) -> None:
    """Watch folders from now on; one that is watched already gets these settings. Raises as
    `edit` does.
    """
    with edit(paths) as document:
        watched = document.setdefault("watch", tomlkit.table()).setdefault("folders", tomlkit.aot())
        for folder in folders:
            _remove(watched, folder.path)
            watched.append(_table(folder))


def unwatch(paths: Paths, *folders: Path) -> None:
    """Watch folders no longer. Raises `NotFound` where one is not watched, and as `edit` does."""
    with edit(paths) as document:
        watched = document.get("watch", {}).get("folders", [])
        for folder in folders:
            if not _remove(watched, _whole(folder)):
                raise NotFound(f"{str(folder)!r} is not watched.", "See `memex watch list`.")


def _table(folder: WatchedFolder) -> tomlkit.items.Table:
    """A folder as it stands in the file: what is as it always is, is left out."""
    table = tomlkit.table()
    table["path"] = str(_whole(folder.path))
    defaults = WatchedFolder(folder.path)
    for name in ("recursive", "ignore", "deleted", "grace", "poll"):
        value = getattr(folder, name)
        if value != getattr(defaults, name):
            table[name] = list(value) if isinstance(value, tuple) else value
    return table


def _remove(watched: MutableSequence[Any], folder: Path) -> bool:
    """Take a folder out of the list; False when it is not in it."""
    for position, table in enumerate(watched):
        if _whole(Path(table["path"]).expanduser()) == _whole(folder):
            del watched[position]
            return True
    return False


def _whole(folder: Path) -> Path:
    """The path from the root on; links stay."""
    return Path(os.path.abspath(folder))  # noqa: PTH100 (`resolve` follows them)

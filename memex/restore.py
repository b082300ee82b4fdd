"""Restoring a backup into a data directory.

Everything is unpacked and checked beside its place first; then what was there is moved
aside (never deleted), and the new moved in, the library last. The index is not in a
backup: memexd makes it again when it starts.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from memex.archive import Head, storage_error, unpack
from memex.config import Paths
from memex.database import faults, reading
from memex.durable import sync
from memex.errors import DamagedFile, InvalidRequest, NotFound, StorageError
from memex.locks import RoleLock
from memex.protocols import Step

STAGE: Final = ".restoring"
KEPT: Final = frozenset(
    {"models", "run", "logs", "paused.json", "private.json", "satellites.token", STAGE}
)
"""What stays in the data directory: it belongs to the machine. A pause is not lifted, nor
what is private."""
MAX_SIDECAR: Final = 16 << 20
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put in place."""

    head: Head
    aside: Path | None
    """Where what was there before lies now."""


def restore(
    file: Path, paths: Paths, roles: Iterable[str], tell: Callable[[Step], None], *, force: bool
) -> Restored:
    """Put a backup in place; `force` where something is remembered already.

    `roles` are the daemons, none of which may run. Raises `AlreadyRunning`,
    `DamagedFile`, `InvalidRequest`, `NotFound`, `StorageError`.
    """
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", "Check the path.")
    paths.create()
    with _holding(paths, roles):
        if _occupied(paths) and not force:
            raise InvalidRequest(
                f"Something is remembered in {paths.home} already.",
                "Name an empty data directory with MEMEX_HOME; or `--force`, which moves"
                " what is there aside.",
            )
        stage = paths.home / STAGE
        try:
            shutil.rmtree(stage, ignore_errors=True)
            stage.mkdir(mode=0o700)
            head = _unpack(file, stage, tell)
            _move_in(paths, stage)
            os.sync()
            return Restored(head, _put_in_place(paths, stage))
        except OSError as error:
            raise storage_error(paths.home, error) from error
        finally:
            shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _holding(paths: Paths, roles: Iterable[str]) -> Iterator[None]:
    """Be all the daemons, so that none starts meanwhile."""
    locks: list[RoleLock] = []
    try:
        for role in roles:
            locks.append(RoleLock(paths.run / f"{role}.pid"))  # noqa: PERF401 (each may raise)
        yield
    finally:
        for lock in locks:
            lock.release()


def _occupied(paths: Paths) -> bool:
    """Whether anything would be missed."""
    for name in ("data", "new", "cur", "failed"):
        directory = paths.spool / name
        if directory.is_dir() and any(directory.iterdir()):
            return True
    if not paths.library.exists():
        return False
    try:
        with closing(reading(paths.library)) as db:
            tables = [
                row["name"]
                for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if row["name"] != "settings" and not row["name"].startswith("sqlite_")
            ]
            return any(db.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in tables)  # noqa: S608 (its own names)
    except (sqlite3.DatabaseError, StorageError):
        return True  # whatever it is


def _unpack(file: Path, stage: Path, tell: Callable[[Step], None]) -> Head:
    """Unpack, and look whether the library is one."""
    total, done = file.stat().st_size, 0

    def told(size: int) -> None:
        nonlocal done
        done += size
        tell(Step("unpacking", done, total, "bytes"))

    head = unpack(file, stage, told)
    library = stage / "library.db"
    found = faults(library) if library.is_file() else ["it is missing"]
    if found:
        raise DamagedFile(
            f"The library in {file} cannot be used: {found[0]}.", "Take another backup."
        )
    return head


def _move_in(paths: Paths, stage: Path) -> None:
    """Let the spool's items point at where their things lie now. What is no item is left
    out; a thing without one is taken in like any that lost it.
    """
    for state in ("new", "failed"):
        for sidecar in sorted((stage / "spool" / state).glob("*.json")):
            if sidecar.stat().st_size > MAX_SIDECAR:
                raise DamagedFile(f"The spool's {sidecar.name} is too long.", "")
            text = _moved(sidecar, paths.spool / "data")
            if text is None:
                sidecar.unlink()
            else:
                sidecar.write_bytes(text)


def _moved(sidecar: Path, data: Path) -> bytes | None:
    """An item's text as it is to be here; None where it is no item. Its files are found, and
    removed, by its id: that is to be no other's.
    """
    try:
        fields = json.loads(sidecar.read_text(encoding="utf-8", errors="surrogateescape"))
        id_, name = fields["id"], PurePosixPath(fields["path"]).name
        received = fields.get("provenance")
        if id_ != sidecar.stem or (received and id_ not in {name, PurePosixPath(name).stem}):
            return None
        if received:
            fields["path"] = str(data / name)
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None


def _put_in_place(paths: Paths, stage: Path) -> Path | None:
    """Move what is there aside, and the new in. Where what was there lies now."""
    old = [path for path in sorted(paths.home.iterdir()) if path.name not in KEPT]
    outside = paths.config if paths.config.parent != paths.home else None
    config = stage / "config.toml"
    if outside and outside.exists() and config.exists():
        old.append(outside)
    old = [path for path in old if not _is_bare(path)]
    old.sort(key=lambda path: path != paths.library)  # without it nothing is remembered here
    aside = _aside(paths.home) if old else None
    if aside:
        aside.mkdir(mode=0o700)
    with _moving(aside or stage) as move:
        for path in old:
            move(path)
        if config.exists() and outside:
            outside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(config, outside)
    if aside:
        sync(aside)
    new = sorted(stage.iterdir(), key=lambda path: path.name == "library.db")
    for path in new:
        target = paths.home / path.name
        if target.is_dir():
            shutil.rmtree(target)  # bare
        path.rename(target)
        sync(paths.home)
    return aside


@contextmanager
def _moving(aside: Path) -> Iterator[Callable[[Path], None]]:
    """Move things aside (the data directory may be a disk of its own: then they are copied);
    where the disk refuses, all lie where they lay.
    """
    moved: list[Path] = []

    def move(path: Path) -> None:
        shutil.move(path, aside / path.name)
        moved.append(path)

    try:
        yield move
    except OSError:
        for path in reversed(moved):
            shutil.move(aside / path.name, path)
        with suppress(OSError):  # what was half copied stays: nothing is removed here
            aside.rmdir()
        raise


def _is_bare(path: Path) -> bool:
    """Whether there is nothing but directories."""
    return path.is_dir() and not any(not below.is_dir() for below in path.rglob("*"))


def _aside(home: Path) -> Path:
    """A dated name beside the data directory that is not taken."""
    now = datetime.now().astimezone()
    aside = home.with_name(f"{home.name}.before-{now:%Y-%m-%d-%H%M%S}")
    number = 1
    while aside.exists():
        number += 1
        aside = home.with_name(f"{home.name}.before-{now:%Y-%m-%d-%H%M%S}-{number}")
    return aside

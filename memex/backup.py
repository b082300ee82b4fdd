"""Making a backup: everything that cannot be made again, in one file.

That is the library, what lies in the spool, stored sound, the gaps and the configuration;
not the index (a cache), models, logs, or what was under way. Of a recording that is going on
it has what was recorded so far, as one that is over. It is taken by a process of its own,
which reads beside the daemons: they need not run, and need not stop.

Nothing falls between two places: a recording that ends goes into the spool, and what
leaves the spool is in the library by then, so they are read in this order; sound is stored
before the library knows of it, so that comes last.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from memex import __version__
from memex.archive import Head, Writer, belongs, open_private, storage_error
from memex.config import Paths
from memex.database import faults, reading
from memex.durable import sync
from memex.errors import AlreadyRunning, DiskFull, InvalidRequest, StorageError
from memex.items import Item, item_to_json
from memex.ongoing import ongoing
from memex.protocols import Step
from memex.types import GROWING, heard_id

PAGES: Final = 2_000
"""Pages of the library that are copied between two looks at the keyboard."""
SIDECARS: Final = ("new", "cur", "failed", "new", "cur")
"""The spool's directories in the order in which they are read: items move meanwhile."""

Tell = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    file: Path
    documents: int
    files: int
    """In it, the library among them."""
    size: int
    """Bytes."""


def back_up(paths: Paths, file: Path, tell: Tell) -> Made:
    """Write a backup, whole or not at all; what was there by this name is replaced at the end.

    Raises `StorageError`, `InvalidRequest`.
    """
    file = Path(os.path.abspath(file))  # noqa: PTH100 (links stay)
    if file.is_dir():
        raise InvalidRequest(f"{file} is a directory.", "Name a file in it.")
    if file.is_relative_to(paths.home):
        raise InvalidRequest(
            f"{file} lies in the data directory itself.", "Name a place on another disk."
        )
    with _troubles(file), _drafting(file) as place:
        draft = place / "backup"
        with open_private(draft) as out:
            documents, count = _write(paths, place, out, tell)
            out.flush()
            os.fsync(out.fileno())
        size = draft.stat().st_size
        draft.replace(file)
        sync(file.parent)
    return Made(file, documents, count, size)


def _write(paths: Paths, place: Path, out: BinaryIO, tell: Tell) -> tuple[int, int]:
    """Fill a draft; the number of documents and of files."""
    heard = list(ongoing(paths.spool, place))
    items, waiting = _spooled(paths.spool)
    copy = place / "library.db"
    schema, documents = _snapshot(paths.library, copy, tell)
    spooled = items.keys() | {path.stem for path in waiting}
    known = _known(copy, [item for item, _ in heard])
    heard = [(item, file) for item, file in heard if item.id not in spooled | known]
    items |= {item.id: _sidecar(item) for item, _ in heard}
    sound = [file for file in _files(paths.audio) if file.suffix != ".part"]
    files = [("library.db", copy), *_named("spool/data", paths.spool / "data", waiting)]
    files += [(f"spool/data/{file.name}", file) for _, file in heard]
    files += _named("audio", paths.audio, sound)
    singles = (
        ("config.toml", paths.config),
        ("gaps.json", paths.gaps),
        ("deaf.json", paths.deaf),
        ("hushes.json", paths.hushes),
    )
    files += [(name, path) for name, path in singles if path.is_file()]
    total = sum(_size(path) for _, path in files)
    done = 0

    def told(size: int) -> None:
        nonlocal done
        done += size
        tell(Step("packing", done, total, "bytes"))

    head = Head(datetime.now(UTC).isoformat(), __version__, schema, documents)
    writer = Writer(out, head)
    for name, text in items.values():
        writer.add_bytes(name, text)
    for name, path in files:
        with suppress(FileNotFoundError), path.open("rb") as source:  # it may be done with
            writer.add(name, source, told)
    return documents, writer.finish()


def _known(library: Path, items: Sequence[Item]) -> set[str]:
    """Those of these recordings that the library has whole: they ended meanwhile."""
    found = set()
    with closing(reading(library)) as db:
        for item in items:
            origin = item.provenance
            assert origin is not None
            if origin.started_at is not None:
                id_ = heard_id(origin.source, origin.device, origin.started_at)
                whole = db.execute(
                    "SELECT 1 FROM documents WHERE id = ? AND json_extract(attributes, ?) IS NULL",
                    (id_, f"$.{GROWING}"),
                )
                if whole.fetchone():
                    found.add(item.id)
    return found


def _sidecar(item: Item) -> tuple[str, bytes]:
    return f"spool/new/{item.id}.json", json.dumps(item_to_json(item)).encode()


def _spooled(spool: Path) -> tuple[dict[str, tuple[str, bytes]], list[Path]]:
    """The spool's sidecars and things. Of what comes in between, nobody would know what it
    is: hence sidecars once more.
    """
    items = _items(spool)
    things = _files(spool / "data")
    heard = {path.stem for path in things}
    late = _items(spool)
    return items | {id_: late[id_] for id_ in late if id_ in heard}, things


def _items(spool: Path) -> dict[str, tuple[str, bytes]]:
    """The spool's sidecars with where they are to lie: what is under way waits there."""
    found: dict[str, tuple[str, bytes]] = {}
    for state in SIDECARS:
        for file in _files(spool / state):
            name = f"spool/{'failed' if state == 'failed' else 'new'}/{file.name}"
            if belongs(name):
                with suppress(FileNotFoundError):  # it moves: a later directory has it
                    found[file.stem] = (name, file.read_bytes())
    return found


def _files(directory: Path) -> list[Path]:
    """The plain files below a directory."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.rglob("*") if _is_plain(path))


def _is_plain(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def _named(place: str, directory: Path, files: list[Path]) -> list[tuple[str, Path]]:
    """The files with their names in the backup; what others put there is left out."""
    named = [(f"{place}/{file.relative_to(directory).as_posix()}", file) for file in files]
    return [(name, file) for name, file in named if belongs(name)]


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _snapshot(library: Path, copy: Path, tell: Tell) -> tuple[int, int]:
    """Copy the library as it is at one moment; its schema and number of documents.

    A transaction is held open meanwhile, so that what is written beside it does not
    make the copy begin again.
    """
    with closing(reading(library)) as source, closing(sqlite3.connect(copy)) as target:
        copy.chmod(0o600)
        target.execute("PRAGMA journal_mode = OFF")
        source.execute("BEGIN")
        (schema,) = source.execute("PRAGMA user_version").fetchone()
        (documents,) = source.execute("SELECT count(*) FROM documents").fetchone()

        def told(_: int, left: int, total: int) -> None:
            tell(Step("copying the library", total - left, total, "pages"))

        source.backup(target, pages=PAGES, progress=told, sleep=0.01)
    found = faults(copy)
    if found:
        raise StorageError(
            f"The library is damaged, so it was not backed up: {found[0]}.",
            "`memex verify` says what can be done. Keep the backups that there are.",
        )
    return schema, documents


@contextmanager
def _drafting(file: Path) -> Iterator[Path]:
    """A directory beside the file for what is not whole yet; gone at the end.

    One that a killed process left is used again.
    """
    place = file.with_name(f".{file.name}.draft")
    place.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"{file} is being written by another process.") from error
        for left in place.iterdir():
            left.unlink()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(handle)


@contextmanager
def _troubles(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "full" in str(error):
            raise DiskFull(
                f"No room is left on the disk of {file.parent}.", "Make room and try again."
            ) from error
        raise StorageError(
            f"The library cannot be read, so it was not backed up: {error}.", "See `memex verify`."
        ) from error
    except OSError as error:
        raise storage_error(file.parent, error) from error

"""The spool: the one door by which anything enters, a directory with a file a thing.

    tmp/     being written
    new/     waiting, in the order of their lanes, oldest first
    cur/     being read or heard by memex-ingest
    failed/  could not be read, with the reason
    data/    the things themselves, of those that lie nowhere else
    live/    what is being heard (`memex.recordings`)
    bell     written when something is put into new/

An item is a small JSON file (a sidecar: what it points at, whence it came), named
by the thing's place and state, so that asking twice for the same thing asks once.
Moving between the directories is one rename; nothing is lost by a crash between
two of them.
"""

from __future__ import annotations

import errno
import glob
import json
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from memex.durable import sync
from memex.errors import DiskFull, NotFound, StorageError, UnreadableFile
from memex.items import (
    ID_LENGTH,
    Item,
    Lane,
    Provenance,
    item_from_json,
    item_id,
    item_to_json,
    printable,
    provenance_from_json,
    provenance_to_json,
)
from memex.spares import Spares

State = Literal["new", "cur", "failed"]
STATES: Final[tuple[State, ...]] = ("new", "cur", "failed")
ORIGIN: Final = ".origin"
"""Suffix of the file that says where a thing comes from, until its sidecar is written."""
PRIVATE_TMP: Final = "MEMEX_PRIVATE_TMP"
"""Set in the environment of a daemon that does not see the machine's /tmp."""
SHARED_TMP: Final = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 (what the service hides)

_log = logging.getLogger(__name__)


class Spool:
    """The spool's directory. One process takes items, any may put them."""

    def __init__(self, directory: Path) -> None:
        """Make the directories where they are missing. Raises `StorageError`."""
        self.directory = directory
        self._folders = {state: directory / state for state in STATES}
        self._read: dict[str, tuple[int, Item]] = {}
        """What waits, by the name of its file and with its inode."""
        self._spares = Spares(directory / "tmp")
        try:
            for name in ("tmp", "data", "live", *STATES):
                (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _storage_error(directory, error) from error

    def put(
        self,
        path: Path,
        *,
        explicit: bool = True,
        lane: Lane = Lane.NAMED,
        signature: str | None = None,
        durable: bool = True,
    ) -> Item:
        """Hand in a file or folder; one that waits or is being read is not put twice.

        What a scan would find again need not be `durable`: it is not waited for the
        disk, and nobody is woken. Raises `UnreadableFile` when there is nothing at
        the path, `StorageError`.
        """
        path = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
        if signature is None:
            try:
                state = path.stat()
            except (OSError, ValueError) as error:
                raise UnreadableFile(
                    f"{printable(path)} is not there or cannot be opened.", _remedy(path)
                ) from error
            signature = f"{state.st_size}-{state.st_mtime_ns}"
        item = Item(
            id=item_id(path, signature),
            path=str(path),
            added_at=datetime.now(UTC),
            explicit=explicit,
            lane=lane,
            signature=signature,
        )
        if self.has("cur", item.id) or (self.has("new", item.id) and lane >= Lane.FOUND):
            return item
        self._write("new", item, durable=durable)
        self._file("failed", item.id).unlink(missing_ok=True)
        return item

    @property
    def live(self) -> Path:
        """Where recordings grow (`memex.recordings`)."""
        return self.directory / "live"

    @property
    def bell(self) -> Path:
        """The file to watch for arrivals: of a directory in which thousands of files come and
        go, each going would be told, too.
        """
        return self.directory / "bell"

    def draft(self, name: str) -> Path:
        """Where something can be written that is to be received."""
        return self.directory / "tmp" / name

    def receive(
        self,
        draft: Path,
        provenance: Provenance,
        lane: Lane,
        beside: Iterable[Path] = (),
        id_: str = "",
    ) -> Item:
        """Take in a thing that lies nowhere else: a finished, closed draft.

        `beside` are files that belong to it (a transcript). They are moved; the
        thing is on the disk when this returns. `id_` is the item's, where it has one
        already. Raises `StorageError`.
        """
        try:
            state = draft.stat()
            id_ = id_ or item_id(draft, f"{state.st_size}-{state.st_mtime_ns}")
            path = self.directory / "data" / f"{id_}{draft.suffix}"
            self._note_origin(provenance, path.with_suffix(ORIGIN))
            for companion in beside:
                _settle(companion, path.with_suffix(companion.suffix))
            _settle(draft, path)
        except OSError as error:
            raise _storage_error(self.directory, error) from error
        item = Item(
            id=id_,
            path=str(path),
            added_at=datetime.now(UTC),
            explicit=False,
            lane=lane,
            provenance=provenance,
        )
        self._write("new", item)
        path.with_suffix(ORIGIN).unlink(missing_ok=True)
        return item

    def _note_origin(self, provenance: Provenance, place: Path) -> None:
        """So that a crash before the sidecar does not lose where a thing comes from."""
        note = self._own_draft(place.stem)
        try:
            note.write_text(json.dumps(provenance_to_json(provenance)), encoding="utf-8")
            _settle(note, place)
        except OSError:
            note.unlink(missing_ok=True)
            raise

    def waiting(self) -> list[Item]:
        """What waits, in the order in which it is to be taken."""
        with os.scandir(self.directory / "new") as entries:
            files = {e.name: e.inode() for e in entries if e.name.endswith(".json")}
        fresh: dict[str, tuple[int, Item]] = {}
        for name, inode in files.items():
            known = self._read.get(name)
            if known and known[0] == inode:  # what is handed in again is another file
                fresh[name] = known
            elif item := _load(self.directory / "new" / name):
                fresh[name] = (inode, item)
        items = [item for _, item in fresh.values()]
        self._read = fresh  # from here on other threads change it
        return sorted(items, key=lambda item: (item.lane, item.added_at))

    def items(self, state: State) -> Iterator[Item]:
        """The items in a state, in no order. One that is moved meanwhile is left out."""
        for file in self._files(state):
            if item := _load(file):
                yield item

    def ids(self, state: State) -> set[str]:
        """The items in a state, by their ids."""
        with os.scandir(self._folders[state]) as entries:
            return {e.name[:ID_LENGTH] for e in entries if e.name.endswith(".json")}

    def count(self, state: State) -> int:
        """How many items are in a state."""
        return len(self.ids(state))

    def has(self, state: State, id_: str) -> bool:
        """Whether an item is in a state."""
        return self._file(state, id_).exists()

    def take(self, item: Item) -> None:
        """Move an item from `new` to `cur`."""
        self._file("new", item.id).rename(self._file("cur", item.id))
        self._read.pop(f"{item.id}.json", None)

    def finish(self, item: Item) -> None:
        """An item is remembered: remove it, and what of it still lies here."""
        self._spares.keep(self._file("cur", item.id))
        for file in self.belongings(item):  # after a crash here it is taken in again, and known
            file.unlink(missing_ok=True)

    def rest(self) -> None:
        """Let go of what is only kept while much is done."""
        self._spares.clear()

    def belongings(self, item: Item) -> list[Path]:
        """The files in `data` that are the item and what lies beside it."""
        if item.provenance is None:
            return []
        return sorted((self.directory / "data").glob(f"{glob.escape(item.id)}.*"))

    def postpone(self, item: Item) -> None:
        """Put an item back that was taken; `attempts` is kept."""
        self._write("new", item)
        self._file("cur", item.id).unlink(missing_ok=True)

    def fail(self, item: Item, reason: str, trace: str = "") -> None:
        """Set an item aside, with the reason (without it where the disk is full)."""
        self._file("cur", item.id).rename(self._file("failed", item.id))
        with suppress(DiskFull):
            self._write("failed", replace(item, reason=reason, trace=trace))

    def retry(self, id_: str) -> Item:
        """Let a failed item wait again. Raises `NotFound`."""
        item = self._failed(id_)
        fresh = replace(item, attempts=0, deaths=0, reason="", trace="", added_at=datetime.now(UTC))
        self._write("new", fresh)
        self._file("failed", id_).unlink(missing_ok=True)
        return fresh

    def drop(self, id_: str) -> Item:
        """Give a failed item up, with what of it lies here. Raises `NotFound`."""
        item = self._failed(id_)
        for file in self.belongings(item):
            file.unlink(missing_ok=True)
        self._file("failed", id_).unlink(missing_ok=True)
        return item

    def discard(self, state: State, item: Item) -> None:
        """Remove an item from whatever state it is in, with what of it lies here."""
        for file in self.belongings(item):
            file.unlink(missing_ok=True)
        self._file(state, item.id).unlink(missing_ok=True)

    def _failed(self, id_: str) -> Item:
        try:
            return _parse(self._file("failed", id_))
        except FileNotFoundError as error:
            raise NotFound(f"Nothing failed with the id {id_}.", "See `memex failed`.") from error

    def recover(self) -> list[Item]:
        """What was being read when its reader died; the caller says what becomes of each.

        Things whose sidecar was not written any more get one. Only for the one who takes.
        """
        for state in ("new", "cur"):
            for file in list(self._files(state)):
                if _load(file) is None:
                    _log.warning("%s is not whole: removed", file)
                    file.unlink(missing_ok=True)
        things: dict[str, list[Path]] = {}
        for file in sorted((self.directory / "data").iterdir()):
            things.setdefault(file.stem, []).append(file)
        for id_, files in things.items():  # whoever is quicker to write the sidecar has written it
            if not any(self.has(state, id_) for state in STATES):
                self._adopt(files)
        self._sweep()
        return list(self.items("cur"))

    def _sweep(self) -> None:
        """Remove what was being written of items by processes that are no more."""
        for file in (self.directory / "tmp").iterdir():
            id_, _, process = file.name.partition(".")
            if len(id_) == ID_LENGTH and process.isdigit() and not _runs(int(process)):
                file.unlink(missing_ok=True)

    def _adopt(self, files: Iterable[Path]) -> None:
        """A crash came between a thing and its sidecar. (The largest of the files is the
        thing, a transcript beside it is small.)
        """
        sizes = {file: file.stat().st_size for file in files if file.suffix != ORIGIN}
        if not sizes:  # or before the thing: it is handed in again
            for file in files:
                file.unlink()
            return
        file = max(sizes, key=lambda file: sizes[file])
        when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        origin = Provenance(source="recovered", started_at=when)
        with suppress(FileNotFoundError, ValueError, TypeError, LookupError):
            note = file.with_suffix(ORIGIN).read_text(encoding="utf-8")
            origin = provenance_from_json(json.loads(note))
        item = Item(file.stem, str(file), when, explicit=False, lane=Lane.LIVE, provenance=origin)
        self._write("new", item)
        file.with_suffix(ORIGIN).unlink(missing_ok=True)

    def _files(self, state: State) -> Iterator[Path]:
        with os.scandir(self.directory / state) as entries:
            for entry in entries:
                if entry.name.endswith(".json"):
                    yield Path(entry.path)

    def _file(self, state: State, id_: str) -> Path:
        return self._folders[state] / f"{id_}.json"

    def _own_draft(self, id_: str) -> Path:
        """Where this process writes something of an item: `_sweep` removes it when it died."""
        return self.draft(f"{id_}.{os.getpid()}")

    def _write(self, state: State, item: Item, *, durable: bool = True) -> None:
        """Write whole or not at all: into tmp/, to the disk, then in place."""
        draft = self._own_draft(item.id)
        place = self._file(state, item.id)
        text = json.dumps(item_to_json(item), ensure_ascii=False)
        try:
            self._spares.lend(draft)
            with draft.open("wb") as file:
                file.write(text.encode(errors="surrogateescape"))
                file.flush()
                inode = os.fstat(file.fileno()).st_ino
                if durable:
                    os.fsync(file.fileno())
            draft.rename(place)
            if durable:
                sync(place.parent)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise _storage_error(self.directory, error) from error
        if state == "new":
            self._read[place.name] = (inode, item)
            if durable:
                self._ring()

    def _ring(self) -> None:
        with suppress(OSError):  # the item is there, and found without being told
            self.bell.write_bytes(b"")


def _parse(file: Path) -> Item:
    """Raises `ValueError` for what is no sidecar, or not that of its name."""
    item = item_from_json(json.loads(file.read_text(encoding="utf-8", errors="surrogateescape")))
    if item.id != file.stem:
        raise ValueError(f"{file} is the sidecar of another thing")
    return item


def _load(file: Path) -> Item | None:
    """None where it was moved meanwhile, or is not whole: a power cut came before it was on
    the disk. Then a scan finds the thing again, or `Spool.recover` does.
    """
    try:
        return _parse(file)
    except FileNotFoundError:
        return None
    except ValueError:
        return None


def _runs(process: int) -> bool:
    """Whether a process is there, and not this one (which writes nothing just now)."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _settle(draft: Path, place: Path) -> None:
    """Move a file into its place for good: its bytes first, then its name."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    shutil.move(draft, place)
    sync(place.parent)


def _remedy(path: Path) -> str:
    """What to do about a path that is not there for this process."""
    if os.environ.get(PRIVATE_TMP) and any(path.is_relative_to(tmp) for tmp in SHARED_TMP):
        return "The service does not see what lies in /tmp: move it to another folder."
    return "Check the path."


def _storage_error(directory: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"No room is left on the disk of {directory}; nothing was taken in.",
            "Make room and try again.",
        )
    return StorageError(
        f"The spool {directory} cannot be written: {error.strerror}.",
        "Mend its permissions, or name another data directory with MEMEX_HOME.",
    )

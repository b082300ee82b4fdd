"""The spool: the one door by which anything enters, a directory with a file a thing.

    tmp/     being written
    new/     waiting, in the order of their lanes, oldest first
    cur/     being read or heard by memex-ingest
    failed/  could not be read, with the reason
    data/    the things themselves, of those that lie nowhere else

An item is a small JSON file (a sidecar: what it points at, whence it came), named
by the thing's place and state, so that asking twice for the same thing asks once.
Moving between the directories is one rename; nothing is lost by a crash between
two of them.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from memex.durable import sync
from memex.errors import DiskFull, NotFound, StorageError, UnreadableFile

State = Literal["new", "cur", "failed"]
STATES: Final[tuple[State, ...]] = ("new", "cur", "failed")
ID_LENGTH: Final = 24
"""Characters of an item's id."""
ORIGIN: Final = ".origin"
"""Suffix of the file that says where a thing comes from, until its sidecar is written."""
NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})
PRIVATE_TMP: Final = "MEMEX_PRIVATE_TMP"
"""Set in the environment of a daemon that does not see the machine's /tmp."""
SHARED_TMP: Final = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 (what the service hides)

_log = logging.getLogger(__name__)


class Lane(IntEnum):
    """What goes first: lower numbers."""

    LIVE = 0
    """Heard just now."""
    NAMED = 1
    """The user said `memex add`."""
    FOUND = 2
    """In a watched folder."""
    BULK = 3
    """A backlog: podcasts, old recordings."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a thing comes from that cannot say so itself."""

    source: str = ""
    """ "microphone", "wearable", "podcast"."""
    device: str = ""
    """Which one."""
    started_at: datetime | None = None
    """When its recording began, or it was published; with the time zone of that place."""
    consent: str = ""
    """Under which mode it was recorded: "listening", "private"."""
    uri: str = ""
    """Where else it can be had."""
    title: str = ""
    author: str = ""
    notes: str = ""
    """Text that came with it, worth finding: show notes."""
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    """As `Document.attributes`."""
    keep_sound: bool = True
    """False: only its words are kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be remembered."""

    id: str
    """Names the thing as it was when it was handed in."""
    path: str
    """Absolute; where the thing itself lies (a file or a folder)."""
    added_at: datetime
    explicit: bool = True
    """Named by the user; False for what was found."""
    lane: Lane = Lane.NAMED
    signature: str = ""
    """Of the file when it was found; empty where nobody looked."""
    attempts: int = 0
    """Times that its reader failed or crashed over it."""
    deaths: int = 0
    """Times that the process was killed over it without getting any further."""
    reached: int = 0
    """Bytes of its checkpoint then."""
    reason: str = ""
    """Why it failed."""
    trace: str = ""
    """Where, for whoever mends it."""
    provenance: Provenance | None = None
    """Of a thing that lies in the spool itself."""


class Spool:
    """The spool's directory. One process takes items, any may put them."""

    def __init__(self, directory: Path) -> None:
        """Make the directories where they are missing. Raises `StorageError`."""
        self.directory = directory
        self._read: dict[str, tuple[int, Item]] = {}
        """What waits, by the name of its file and with its inode."""
        try:
            for name in ("tmp", "data", *STATES):
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

        What a scan would find again need not be `durable`: it is not waited for
        the disk. Raises `UnreadableFile` when there is nothing at the path, `StorageError`.
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

    def draft(self, name: str) -> Path:
        """Where something can be written that is to be received."""
        return self.directory / "tmp" / name

    def receive(
        self,
        draft: Path,
        provenance: Provenance,
        lane: Lane,
        beside: Iterable[Path] = (),
    ) -> Item:
        """Take in a thing that lies nowhere else: a finished, closed draft.

        `beside` are files that belong to it (a transcript). They are moved; the
        thing is on the disk when this returns. Raises `StorageError`.
        """
        try:
            state = draft.stat()
            id_ = item_id(draft, f"{state.st_size}-{state.st_mtime_ns}")
            path = self.directory / "data" / f"{id_}{draft.suffix}"
            note = self.draft(f"{id_}.origin")  # so that a crash before the sidecar loses nothing
            note.write_text(json.dumps(_origin(provenance)), encoding="utf-8")
            _settle(note, path.with_suffix(ORIGIN))
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
        self._read = fresh
        items = (item for _, item in fresh.values())
        return sorted(items, key=lambda item: (item.lane, item.added_at))

    def items(self, state: State) -> Iterator[Item]:
        """The items in a state, in no order. One that is moved meanwhile is left out."""
        for file in self._files(state):
            if item := _load(file):
                yield item

    def count(self, state: State) -> int:
        """How many items are in a state."""
        with os.scandir(self.directory / state) as entries:
            return sum(entry.name.endswith(".json") for entry in entries)

    def has(self, state: State, id_: str) -> bool:
        """Whether an item is in a state."""
        return self._file(state, id_).exists()

    def take(self, item: Item) -> None:
        """Move an item from `new` to `cur`."""
        self._file("new", item.id).rename(self._file("cur", item.id))
        self._read.pop(f"{item.id}.json", None)

    def finish(self, item: Item) -> None:
        """An item is remembered: remove it, and what of it still lies here."""
        self._file("cur", item.id).unlink(missing_ok=True)
        for file in self.belongings(item):  # after a crash here it is taken in again, and known
            file.unlink(missing_ok=True)

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
        """Remove the sidecars that were being written by processes that are no more."""
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
            origin = _provenance(json.loads(note))
        item = Item(file.stem, str(file), when, explicit=False, lane=Lane.LIVE, provenance=origin)
        self._write("new", item)
        file.with_suffix(ORIGIN).unlink(missing_ok=True)

    def _files(self, state: State) -> Iterator[Path]:
        with os.scandir(self.directory / state) as entries:
            for entry in entries:
                if entry.name.endswith(".json"):
                    yield Path(entry.path)

    def _file(self, state: State, id_: str) -> Path:
        return self.directory / state / f"{id_}.json"

    def _write(self, state: State, item: Item, *, durable: bool = True) -> None:
        """Write whole or not at all: into tmp/, to the disk, then in place."""
        draft = self.draft(f"{item.id}.{os.getpid()}")
        place = self._file(state, item.id)
        text = json.dumps(_fields(item), ensure_ascii=False)
        try:
            with draft.open("w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
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


def item_id(path: Path, signature: str) -> str:
    """The id of a file in a state."""
    key = f"{path}\0{signature}"
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:ID_LENGTH]


def printable(path: Path | str) -> str:
    """A path as it can be shown: control characters and escape sequences made visible."""
    text = os.fsencode(path).decode(errors="replace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _fields(item: Item) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: getattr(item, name) for name in Item.__slots__ if name != "provenance"
    }
    fields["added_at"] = item.added_at.isoformat()
    if item.provenance is not None:
        fields["provenance"] = _origin(item.provenance)
    return fields


def _origin(origin: Provenance) -> dict[str, Any]:
    return {
        **{name: getattr(origin, name) for name in Provenance.__slots__},
        "started_at": origin.started_at.isoformat() if origin.started_at else None,
        "attributes": dict(origin.attributes),
    }


def _parse(file: Path) -> Item:
    """Raises `ValueError` for what is no sidecar, or not that of its name."""
    fields = json.loads(file.read_text(encoding="utf-8", errors="surrogateescape"))
    try:
        if fields.get("provenance"):
            fields["provenance"] = _provenance(fields["provenance"])
        fields["added_at"] = datetime.fromisoformat(fields["added_at"])
        fields["lane"] = Lane(fields.get("lane", Lane.NAMED))
        item = Item(**fields)
    except (TypeError, AttributeError, LookupError) as error:
        raise ValueError(f"{file} is no sidecar") from error
    if item.id != file.stem or item.added_at.tzinfo is None:
        raise ValueError(f"{file} is the sidecar of another thing")
    return item


def _provenance(fields: Mapping[str, Any]) -> Provenance:
    began = fields["started_at"]
    return Provenance(**{**fields, "started_at": datetime.fromisoformat(began) if began else None})


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

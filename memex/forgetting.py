"""Forgetting: out of library, index, spool, checkpoints and lists, and the proof of it.

What is to be forgotten is noted on the disk first, and the note goes when it is done:
a forgetting that a crash broke off is taken up again (`finish`). So is the wiping of
what was removed from the files of library and index, which may come later.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from ahocorasick_rs import BytesAhoCorasick

from memex import tombstones
from memex.config import PLACE, Paths
from memex.durable import private, sync
from memex.echoes import Heard
from memex.errors import DiskFull, NotFound, StorageError
from memex.items import printable
from memex.memory import Memex
from memex.proof import Probe, Report, probes, search, telling
from memex.protocols import Step
from memex.spool import STATES, Spool

_ONE: Final = threading.Lock()
"""One is forgotten after the other: there is one note."""
_GOES_ON: Final = re.compile(rb"[.-]*[\w/\x80-\xff]")
"""What comes after a name that is only the beginning of another."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten, and what the search of the bytes says."""

    documents: tuple[str, ...]
    before: Report | None = None
    """Where the same search saw it before: proof that it can see."""
    after: Report | None = None
    """Where it is still."""
    searches: int = 0
    """Saved searches that said what only they said, and went with them."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be forgotten, as it is noted."""

    documents: Sequence[str]
    uris: Sequence[str]
    """Where they lie and lay, and where else they can be had."""
    tombstone: bool
    """Whether they are not to come back."""
    sizes: Sequence[int] = ()
    """Of their files, in bytes."""
    traces: Sequence[int] = ()
    """Traces that say what only they say. Those that show one of them go with it anyway."""
    cases: Sequence[int] = ()
    """Eval cases likewise."""
    searches: Sequence[int] = ()
    """Saved searches likewise."""


class Forgetting:
    """Over one memory and its data directory."""

    def __init__(self, memex: Memex, paths: Paths, spool: Spool) -> None:
        """Nothing is forgotten yet."""
        self._memex = memex
        self._paths = paths
        self._spool = spool
        self._note = paths.run / "forgetting.json"
        self._due = paths.run / "wipe.due"

    def forget(
        self, *document_ids: str, heard: Heard | None = None, verify: bool = False
    ) -> Iterator[Step | Forgotten]:
        """Forget documents, and which others were `heard` again; the last item says what
        was found of the documents before and after.

        With `verify` the bytes of the whole data directory are searched, twice.
        Raises `NotFound` before anything is forgotten.
        """
        order = self._order(document_ids, tombstone=True)
        sought = probes(document_ids, self._memex.library) if verify else ()
        before = yield from self._search(sought, "searching before")
        yield Step("forgetting", 0, 3, "steps")
        if heard:
            self._memex.library.echoes.forget(heard)
        self._carry_out(order)
        yield from self._wipe()
        after = yield from self._search(sought, "searching after")
        yield Forgotten(document_ids, before, after, len(order.searches))

    def let_go(self, *document_ids: str) -> None:
        """Forget documents that may come back: their files were deleted. They are wiped
        off the disk by the next `finish`. Raises `NotFound`.
        """
        self._carry_out(self._order(document_ids, tombstone=False))

    def finish(self) -> None:
        """Take up what a crash broke off, and wipe what was let go. Raises `StorageError`."""
        with _ONE, _storage_errors():
            self._take_up()
        if self._due.exists():
            for _ in self._wipe():
                pass

    def _order(self, document_ids: Sequence[str], *, tombstone: bool) -> _Order:
        """Raises `NotFound`."""
        library = self._memex.library
        places = library.places(document_ids)
        for id_ in document_ids:
            if id_ not in places:
                raise NotFound(f"There is no document {id_}.", "See `memex list`.")
        sizes = {copy.size for id_ in document_ids for copy in library.copies(id_)}
        uris = library.uris(document_ids)
        self._memex.recorder.settle()
        told = [
            sorted(telling(room.own_texts(), document_ids, library))
            for room in (library.traces, library.cases, library.searches)
        ]
        return _Order(document_ids, sorted(uris), tombstone, sorted(sizes), *told)

    def _carry_out(self, order: _Order) -> None:
        with _ONE, _storage_errors():
            self._take_up()
            _write(self._note, json.dumps(asdict(order)))
            self._remove(order)

    def _take_up(self) -> None:
        """Do again what is noted: that was broken off."""
        if not (text := _read(self._note)):
            return
        try:
            order = _Order(**json.loads(text))
        except (ValueError, TypeError):
            _log.warning("%s is not whole: removed", self._note)
            self._note.unlink()
        else:
            self._remove(order)

    def _remove(self, order: _Order) -> None:
        """May be done again at any point."""
        self._memex.library.traces.forget(order.traces)
        self._memex.library.cases.forget(order.cases)
        self._memex.library.searches.forget(order.searches)
        here = tuple(self._memex.library.places(order.documents))
        if here:
            self._memex.forget(*here, tombstone=order.tombstone)
        self._memex.indexer.remove(*order.documents)
        self._clear(order)
        _write(self._due, secrets.token_hex(8))
        self._note.unlink()

    def _wipe(self) -> Iterator[Step]:
        """Take what was removed out of the bytes of index and library."""
        asked = _read(self._due)
        yield Step("forgetting", 1, 3, "steps")
        self._memex.indexer.purge()
        yield Step("forgetting", 2, 3, "steps")
        self._memex.library.database.shred()
        with _ONE:
            if _read(self._due) == asked:  # else more was removed meanwhile
                self._due.unlink(missing_ok=True)
        yield Step("forgetting", 3, 3, "steps")

    def _search(self, sought: Sequence[Probe], stage: str) -> Generator[Step, None, Report | None]:
        """The report of a search, with its steps; None where nothing is sought."""
        report: Report | None = None
        for item in search(self._paths.home, sought) if sought else ():
            if isinstance(item, Step):
                yield Step(stage, item.done, item.total, item.unit)
            else:
                report = item
        return report

    def _clear(self, order: _Order) -> None:
        """Take what else there is of them out of the data directory: nothing of the user's own."""
        if order.tombstone:
            self._empty_spool(set(order.uris))
        self._clear_work(set(order.uris), set(order.sizes))
        for uri in order.uris:
            if sound := kept_sound(self._paths, uri):
                sound.unlink(missing_ok=True)
            heard = _path(uri)
            if _is_file(uri) and heard.parent == self._spool.live:  # memex-ears sees it gone
                heard.unlink(missing_ok=True)
                heard.with_suffix(".jsonl").unlink(missing_ok=True)
        (self._paths.run / "shown.json").unlink(missing_ok=True)
        names = _names(order.uris)
        for log in self._paths.logs.glob("*"):
            with suppress(FileNotFoundError):  # it was rotated away just now
                _scrub(log, names)

    def _clear_work(self, uris: set[str], sizes: set[int]) -> None:
        """Take out what has been recognised, and fetched, of these so far.

        A checkpoint names no place, but the size of its recording: the same words may be
        under way from another copy. One of another recording, which has this size by
        chance, costs its recognition only.
        """
        for checkpoint in self._paths.work.glob("*.jsonl"):
            waits = any(self._spool.has(state, checkpoint.stem) for state in STATES)
            if not waits or _size_in(checkpoint) in sizes:
                checkpoint.unlink(missing_ok=True)
        for note in self._paths.downloads.glob(f"*{PLACE}"):
            if _read(note) in uris:
                for part in self._paths.downloads.glob(f"{note.stem}.*"):
                    if part != note:  # which goes last, so that a crash leaves nothing unnamed
                        part.unlink(missing_ok=True)
                note.unlink(missing_ok=True)

    def _empty_spool(self, uris: set[str]) -> None:
        """What waits or failed of these places goes, and is not found again as it is."""
        for state in STATES:
            for item in list(self._spool.items(state)):
                uri = Path(item.path).resolve().as_uri()
                origin = item.provenance.uri if item.provenance else ""
                if uri in uris or (origin and origin in uris):
                    stone = tombstones.of_file(uri, item.signature)
                    self._memex.library.tombstones.put_up([stone])
                    self._spool.discard(state, item)


def kept_sound(paths: Paths, uri: str) -> Path | None:
    """The file in Memex's own archive that a URI names, if it does, whatever the URI says."""
    file = _path(uri)
    kept = _is_file(uri) and file.parent.parent == paths.audio and ".." not in file.parts
    return file if kept else None


def _is_file(uri: str) -> bool:
    return urlsplit(uri).scheme == "file"


def _path(uri: str) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))


def _names(uris: Iterable[str]) -> BytesAhoCorasick:
    """What names these places in a log: the names of their files, wherever those lay, and
    their addresses.
    """
    names = {
        f"/{printable(_path(uri).name)}" if uri.startswith("file:") else printable(uri)
        for uri in uris
    }
    return BytesAhoCorasick([name.encode() for name in sorted(names)])


def _scrub(log: Path, names: BytesAhoCorasick) -> None:
    """Take the lines that name something out of a log, in place: others append to it."""

    def tells(line: bytes) -> bool:
        found = names.find_matches_as_indexes(line, overlapping=True)
        return any(not _GOES_ON.match(line, end) for _, _, end in found)

    with log.open("r+b") as file:
        lines = file.readlines()
        kept = [line for line in lines if not tells(line)]
        if len(kept) < len(lines):
            file.seek(0)
            file.writelines(kept)
            file.truncate()


def _read(file: Path) -> str:
    """What stands in a file; nothing where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _size_in(checkpoint: Path) -> int | None:
    """The bytes of the recording that a checkpoint is of, as its first line says."""
    try:
        with checkpoint.open(encoding="utf-8") as file:
            size = json.loads(file.readline())["size"]
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None
    return size if isinstance(size, int) else None


def _write(file: Path, text: str) -> None:
    """Write whole or not at all, on the disk for good."""
    draft = file.with_suffix(".tmp")
    with open(draft, "w", encoding="utf-8", opener=private) as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())
    draft.replace(file)
    sync(file.parent)


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Say what the disk refuses, and that it is done again."""
    try:
        yield
    except OSError as error:
        kind = DiskFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else StorageError
        raise kind(
            f"Not everything could be forgotten: {error.strerror} ({error.filename}).",
            "Mend that; memexd goes on with it within the hour, and when it starts.",
        ) from error

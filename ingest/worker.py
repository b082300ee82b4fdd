"""The worker carries what waits in the spool into the memory.

An item leaves the spool only when the daemon has the document in its library;
whatever dies before that is done again, from its checkpoint. Small texts go
together, recordings one by one, and what was heard live goes before a backlog.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Final, TypeVar

from ingest import folders
from ingest.archive import Archive
from ingest.fingerprint import Fingerprint, fingerprint
from ingest.holds import Holds
from ingest.news import News
from ingest.provenance import stamp
from ingest.readers import read
from ingest.readers.assembly import title_from_name
from ingest.readers.transcripts import MEDIA_SUFFIXES
from ingest.reading import Reading
from ingest.signature import signature
from ingest.watch.disks import local_path
from memex.client import Client
from memex.errors import (
    DaemonUnavailable,
    DiskFull,
    MemexError,
    NoTextFound,
    StorageError,
    UnreadableFile,
)
from memex.progress import State
from memex.protocols import Remembered, Step, Transcriber
from memex.spool import Item, Lane, Spool, printable
from memex.types import Arrival, Copy

BATCH: Final = 512
"""Texts handed over together, at most."""
BATCH_BYTES: Final = 2_000_000
"""Bytes of such texts, at most (but one always goes)."""
TRIES: Final = 3
"""Times that an item may fail by our own fault before it is set aside."""
DEATHS: Final = 10
"""Times that the process may be killed over an item that gets no further."""
RETRY_EVERY: Final = 1.0
"""Seconds between two tries to reach the daemon."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The process was asked to end; the item goes on from its checkpoint next time."""


class Preempted(Exception):
    """Something more urgent waits; the item goes on from its checkpoint afterwards."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """An item whose file was looked at, but not read yet."""

    item: Item
    path: Path
    signature: str
    fingerprint: Fingerprint

    @property
    def uri(self) -> str:
        """Where it lies."""
        return self.path.resolve().as_uri()


@dataclass(frozen=True, slots=True)
class _Read:
    """An item that was read, on its way to the daemon."""

    item: Item
    arrival: Arrival


class Worker:
    """Takes items from the spool until it is told to stop."""

    def __init__(
        self,
        client: Client,
        spool: Spool,
        work: Path,
        transcriber: Callable[[], Transcriber],
        holds: Holds,
        archive: Archive,
        *,
        outdated: Callable[[], None] = lambda: None,
    ) -> None:
        """`work` is the directory of checkpoints; `transcriber` loads the recogniser;
        `outdated` is called when a file has gone on while it was being remembered.
        """
        self._client = client
        self._spool = spool
        self._work = work
        self._transcriber = transcriber
        self._holds = holds
        self._archive = archive
        self._swept = False
        self._outdated = outdated
        self._news = News(client)
        self._stopped = threading.Event()
        self.doing = ""
        """What is under way, for whoever asks."""

    def stop(self) -> None:
        """Stop at the next step of what is under way."""
        self._stopped.set()

    def recover(self, trace: str) -> None:
        """Take up again what was under way when this process last ended.

        `trace` is where it crashed; empty when it was killed, or ended in peace.
        """
        for item in self._spool.recover():
            again = self._blamed(item, trace)
            if again.attempts >= TRIES or again.deaths >= DEATHS:
                self._fail(again, "memex-ingest died over it again and again.", trace)
            else:
                self._spool.postpone(again)

    def _blamed(self, item: Item, trace: str) -> Item:
        """An item with one more death to its name, unless it has got further since."""
        checkpoint = self._checkpoint(item)
        reached = checkpoint.stat().st_size if checkpoint.exists() else 0
        if reached > item.reached:
            return replace(item, attempts=0, deaths=1, reached=reached)
        if trace:
            return replace(item, attempts=item.attempts + 1)
        return replace(item, deaths=item.deaths + 1)

    def drain(self) -> None:
        """Do all that waits and may be done now, in its order. Raises `Stopped`."""
        try:
            self._carry_all()
        except Stopped:
            for item in list(self._spool.items("cur")):  # a stop blames nothing
                self._spool.postpone(item)
            raise
        self.doing = ""
        self._news.flush()
        if not self._swept:
            self._swept = self._archive.sweep(self._client, self._spool, *self._archive.folders())

    def _next(self) -> list[Item]:
        """What to take up next: small texts together, anything else alone."""
        free = {lane for lane in Lane if not self._holds.reason(lane)}
        waiting = [item for item in self._spool.waiting() if item.lane in free]
        if not waiting or not _goes_together(waiting[0]):
            return waiting[:1]
        lane = waiting[0].lane
        return list(
            takewhile(lambda item: item.lane == lane and _goes_together(item), waiting[:BATCH])
        )

    def _carry_all(self) -> None:
        """Read one batch while the one before is handed over: one at a time, in their order."""
        with ThreadPoolExecutor(1, "handing over") as pool:
            before: Future[None] | None = None
            while (batch := self._next()) or before:
                self._check_stopped()
                read = self._carried(batch)
                if before:
                    before.result()
                before = pool.submit(self._hand_over, read) if read else None

    def _carried(self, batch: list[Item]) -> list[_Read]:
        """Take a batch and read it; what cannot be read is set aside."""
        seen: list[_Seen] = []
        for item in batch:
            self._spool.take(item)
            found = self._guarded(item, partial(self._look, item))
            if found:
                seen.append(found)
            if sum(each.fingerprint.size for each in seen) > BATCH_BYTES:
                break
        read = []
        for each in self._unknown(seen):
            done = self._guarded(each.item, partial(self._read, each))
            if done:
                read.append(done)
        return read

    def _guarded(self, item: Item, call: Callable[[], T]) -> T | None:
        """The call's result; None when the item failed, which is then seen to."""
        try:
            return call()
        except Stopped:
            raise
        except Preempted:
            self._spool.postpone(item)
        except StorageError as error:
            self._refused(item, error)
        except MemexError as error:
            self._unreadable(item, error)
        except MemoryError:
            _log.warning("%s: not enough memory", printable(item.path))
            self._fail(item, "There is not enough memory to read it. Close other programs.")
        except Exception as error:  # noqa: BLE001 (one bad file must not stop the others)
            self._try_again(item, error)
        return None

    def _refused(self, item: Item, error: StorageError) -> None:
        """The disk refuses. Who asked for it is told; what was found by itself waits."""
        if item.lane == Lane.NAMED:
            self._fail(item, str(error))
        else:
            if not self._holds.reason(item.lane):  # it was said of another just now
                _log.warning("%s", error)
            self._holds.refused(full=isinstance(error, DiskFull))
            self._spool.postpone(item)

    def _unreadable(self, item: Item, error: MemexError) -> None:
        """Set it aside, unless it was deleted or moved just now."""
        if not item.explicit and not Path(item.path).exists():
            self._spool.finish(item)  # the next scan sees to that
            return
        _log.warning("%s: %s", printable(item.path), type(error).__name__)
        self._fail(item, str(error))

    def _try_again(self, item: Item, error: Exception) -> None:
        """A fault of ours, or of a library: it may pass."""
        trace = _trace(error)
        _log.warning("%s: %s\n%s", printable(item.path), type(error).__name__, trace)
        tried = replace(item, attempts=item.attempts + 1)
        if tried.attempts < TRIES:
            self._spool.postpone(tried)
        else:
            kind = type(error).__name__
            self._fail(tried, f"It could not be read ({kind}), {TRIES} times.", trace)

    def _fail(self, item: Item, reason: str, trace: str = "") -> None:
        """Set an item aside. The reason is for its owner: no log has it, for it may quote."""
        self._spool.fail(item, reason, trace)
        self._checkpoint(item).unlink(missing_ok=True)
        self._news.say(item, "failed", message=reason)

    def _look(self, item: Item) -> _Seen | None:
        """An item's file, hashed; None when there is nothing to read."""
        self.doing = _named(item)
        path = Path(item.path)
        if not item.explicit and not path.exists():
            self._spool.finish(item)  # gone since it was found: the next scan sees to that
            return None
        if path.is_dir():
            self._open_folder(item)
            return None
        if not self._archive.welcome(item):
            self._spool.finish(item)
            self._news.say(item, "forgotten", message="Retention never keeps this.")
            return None
        before = self._signature(path)
        return _Seen(item, path, before, fingerprint(path, lambda step: self._step(item, step)))

    def _read(self, seen: _Seen) -> _Read | None:
        """The document; None when the file changed meanwhile."""
        item, path = seen.item, seen.path
        self.doing = _named(item)
        document = read(path, self._reading(item))
        if self._signature(path) != seen.signature:
            self._changed(item)
            return None
        kept = self._archive.keep(item, document, lambda step: self._step(item, step))
        document = stamp(document, item, kept)
        arrival = Arrival.of(
            document,
            sha256=seen.fingerprint.sha256,
            size=seen.fingerprint.size,
            signature=seen.signature,
            device=seen.fingerprint.device,
            explicit=item.explicit,
        )
        return _Read(item, arrival)

    def _signature(self, path: Path) -> str:
        try:
            return signature(path)
        except OSError as error:
            raise UnreadableFile(
                f"{printable(path)} cannot be read: {error.strerror}.", "Check the path."
            ) from error

    def _changed(self, item: Item) -> None:
        """It was written to while it was read: read it again as it is now."""
        self._checkpoint(item).unlink(missing_ok=True)
        if item.lane >= Lane.FOUND:
            self._spool.finish(item)  # the next scan finds it when it is still
        else:
            self._spool.postpone(replace(item, added_at=datetime.now(UTC)))

    def _open_folder(self, item: Item) -> None:
        """Put what a folder holds into the spool, each for itself."""
        children = []
        for path in folders.files(Path(item.path)):
            self._check_stopped()
            try:
                child = self._spool.put(path, explicit=False)
            except UnreadableFile as error:  # it vanished, or cannot be opened
                _log.warning("%s", error)
                continue
            self._news.say(child, "waiting")
            children.append(child.id)
        if not children and item.explicit:
            raise NoTextFound(
                f"There is nothing in {printable(item.path)} that can be read.",
                "`memex add --help` lists what can.",
            )
        self._spool.finish(item)
        self._news.say(item, "folder", children=tuple(children))

    def _unknown(self, seen: list[_Seen]) -> list[_Seen]:
        """Those whose bytes are not remembered yet, nor forgotten; the others are seen to."""
        questions = [
            (each.fingerprint.sha256, each.uri, each.signature, each.item.explicit) for each in seen
        ]
        try:
            answers = self._patiently(lambda: self._client.recognise(questions)) if seen else []
        except StorageError as error:
            for each in seen:
                self._refused(each.item, error)
            return []
        unknown = []
        for each, known in zip(seen, answers, strict=True):
            if known.forgotten:
                self._spool.finish(each.item)
                self._let_go(each.item)
                self._news.say(each.item, "forgotten")
            elif known.copies:
                self._guarded(each.item, partial(self._note, each, known.copies))
            else:
                unknown.append(each)
        return unknown

    def _note(self, seen: _Seen, copies: tuple[Copy, ...]) -> None:
        """These bytes are remembered: a new place or state of theirs is noted."""
        item, first = seen.item, copies[0]
        if any(self._archive.keeps(item, copy.uri) for copy in copies):
            self._spool.finish(item)  # it was handed over, and a crash came before this
            return
        here = next((copy for copy in copies if copy.uri == seen.uri), None)
        named = title_from_name(local_path(first.uri)) == first.title
        copy = replace(
            first,
            uri=seen.uri,
            title=title_from_name(seen.path) if named else first.title,
            added_at=datetime.now(UTC),
            signature=seen.signature,
            device=seen.fingerprint.device,
        )
        if item.provenance is not None:  # a copy too: the others may be edited away
            origin = item.provenance
            copy = replace(copy, uri=origin.uri or seen.uri, title=origin.title or first.title)
        self._patiently(lambda: self._client.add_copy(copy))
        self._look_back(item, seen.signature)
        self._spool.finish(item)
        self._let_go(item)
        told: State = "known" if here and here.replaced_at is None else "copy"
        message = "" if told == "known" else first.uri
        self._news.say(item, told, document=first.document_id, message=message)

    def _hand_over(self, read: list[_Read]) -> None:
        """Give documents to the daemon; when it dies meanwhile, to the next one."""
        try:
            results = self._patiently(lambda: self._send(read))
        except StorageError as error:
            for each in read:
                self._refused(each.item, error)
                self._let_go(each.item)
            return
        except MemexError as error:
            _log.warning("%d documents were refused: %s", len(read), type(error).__name__)
            self._one_by_one(read, error)
            return
        for each, result in zip(read, results, strict=True):
            self._look_back(each.item, each.arrival.copy.signature)
            self._spool.finish(each.item)
            self._checkpoint(each.item).unlink(missing_ok=True)
            if result.forgotten or result.overheard:
                self._let_go(each.item)
            self._tell(each.item, result)

    def _let_go(self, item: Item) -> None:
        """What was kept of an item's sound is not needed, unless a copy names it."""
        if self._archive.has(item):
            folder = self._archive.folder(item)
            self._swept &= self._archive.sweep(self._client, self._spool, folder)

    def _one_by_one(self, read: list[_Read], error: MemexError) -> None:
        """One of a batch is refused: the others are not to suffer for it."""
        if len(read) == 1:
            self._fail(read[0].item, str(error))
            self._let_go(read[0].item)
            return
        for each in read:
            self._hand_over([each])

    def _look_back(self, item: Item, remembered: str) -> None:
        """What happened to a file before it was in the library, no scan could compare."""
        if item.provenance is not None:
            return
        try:
            now = signature(Path(item.path))
        except OSError:
            now = ""
        if now != remembered:
            self._outdated()

    def _send(self, read: list[_Read]) -> list[Remembered]:
        results = []
        for event in self._client.remember(*(each.arrival for each in read)):
            if isinstance(event, Remembered):
                results.append(event)
            else:
                self._step(read[0].item, event)
        if len(results) < len(read):
            raise DaemonUnavailable("memexd went away.", "")
        return results

    def _tell(self, item: Item, result: Remembered) -> None:
        if result.forgotten:
            self._news.say(item, "forgotten")
        elif result.new:
            self._news.say(
                item, "remembered", document=result.document_id, passages=result.passages
            )
        else:
            document = self._patiently(lambda: self._client.document(result.document_id))
            self._news.say(item, "copy", document=result.document_id, message=str(document["uri"]))

    def _patiently(self, call: Callable[[], T]) -> T:
        """Call the daemon; while it is away, wait for it."""
        while True:
            try:
                return call()
            except DaemonUnavailable as error:
                _log.info("waiting for memexd: %s", error)
            self._check_stopped()
            self._stopped.wait(RETRY_EVERY)

    def _reading(self, item: Item) -> Reading:
        return Reading(
            transcriber=self._transcriber,
            checkpoint=self._checkpoint(item),
            progress=lambda step: self._step(item, step, preemptible=True),
        )

    def _checkpoint(self, item: Item) -> Path:
        return self._work / f"{item.id}.jsonl"

    def _step(self, item: Item, step: Step, *, preemptible: bool = False) -> None:
        """Tell how far an item is. Raises `Stopped`, and `Preempted` where that is possible."""
        between = preemptible and step.stage == "transcribing"
        if between:
            self._holds.give_way(item.lane, self._stopped.wait)
        self._check_stopped()
        if between and self._must_wait(item):
            raise Preempted
        self._news.step(item, step)

    def _must_wait(self, item: Item) -> bool:
        """Whether something more urgent waits, or this may not go on now."""
        if self._holds.reason(item.lane):
            return True
        before = {lane for lane in Lane if lane < item.lane and not self._holds.reason(lane)}
        return any(other.lane in before for other in self._spool.waiting())

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise Stopped


def _named(item: Item) -> str:
    """What an item is called: a thing in the spool has no name of its own."""
    origin = item.provenance
    return printable((origin and (origin.title or origin.source)) or item.path)


def _goes_together(item: Item) -> bool:
    """Whether an item is a text that may go with others: nobody has died over it."""
    path = Path(item.path)
    return (
        not item.attempts
        and not item.deaths
        and path.suffix.lower() not in MEDIA_SUFFIXES
        and not path.is_dir()
    )


def _trace(error: Exception) -> str:
    """Where it went wrong, without the values: they may hold what was read."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([*lines, type(error).__name__])

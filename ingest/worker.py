"""The worker carries what waits in the spool into the memory.

An item leaves the spool only when the daemon has the document in its library;
whatever dies before that is done again, from its checkpoint. Small texts go
together, recordings one by one, and what was heard live goes before a backlog.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
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
from ingest.delivery import Delivery, Read
from ingest.fingerprint import Fingerprint, fingerprint
from ingest.holds import Holds
from ingest.news import News
from ingest.patience import Patience, Stopped
from ingest.provenance import stamp
from ingest.readers import read
from ingest.readers.assembly import title_from_name
from ingest.readers.transcripts import MEDIA_SUFFIXES
from ingest.reading import Reading
from ingest.setbacks import Setbacks
from ingest.signature import signature
from ingest.voices.speakers import Speaking, unspoken
from ingest.watch.disks import local_path
from memex.client import Client
from memex.errors import (
    MemexError,
    ModelCrashed,
    NoTextFound,
    StorageError,
    UnreadableFile,
)
from memex.items import Item, Lane, printable
from memex.progress import State
from memex.protocols import Step, Transcriber
from memex.spool import Spool
from memex.types import Arrival, Copy

BATCH: Final = 512
"""Texts handed over together, at most."""
BATCH_BYTES: Final = 2_000_000
"""Bytes of such texts, at most (but one always goes)."""
AHEAD: Final = 2
"""Batches that are being delivered while the next is read: while one is written into the
index, the other is embedded."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


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
        speakers: Speaking = unspoken,
    ) -> None:
        """`work` is the directory of checkpoints; `transcriber` loads the recogniser;
        `outdated` is called when a file has gone on while it was being remembered;
        `speakers` tells who speaks in a recording.
        """
        self._client = client
        self._spool = spool
        self._transcriber = transcriber
        self._holds = holds
        self._archive = archive
        self._speakers = speakers
        self._news = News(client)
        self._patience = Patience()
        self._setbacks = Setbacks(spool, work, holds, self._news)
        self._delivery = Delivery(
            client, spool, archive, self._setbacks, self._news, self._patience, outdated, self._step
        )
        self.doing = ""
        """What is under way, for whoever asks."""

    def stop(self) -> None:
        """Stop at the next step of what is under way."""
        self._patience.stop()

    def recover(self, trace: str) -> None:
        """Take up again what was under way when this process last ended.

        `trace` is where it crashed; empty when it was killed, or ended in peace.
        """
        self._setbacks.recover(trace)

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
        self._spool.rest()
        self._delivery.sweep()

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
        """Read one batch while those before it are delivered, in their order."""
        with ThreadPoolExecutor(AHEAD, "delivering") as pool:
            under_way: deque[Future[None]] = deque()
            last: threading.Event | None = None
            while (batch := self._next()) or under_way:
                self._patience.check()
                read = self._carried(batch)
                if under_way and (len(under_way) == AHEAD or not batch):
                    under_way.popleft().result()
                if read:
                    before, last = last, threading.Event()
                    under_way.append(pool.submit(self._delivery.deliver, read, before, last))

    def _carried(self, batch: list[Item]) -> list[Read]:
        """Take a batch and read it; what cannot be read is set aside."""
        seen: list[_Seen] = []
        size = 0
        for item in batch:
            self._spool.take(item)
            found = self._guarded(item, partial(self._look, item))
            if found:
                seen.append(found)
                size += found.fingerprint.size
            if size > BATCH_BYTES:
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
            self._setbacks.refused(item, error)
        except NoTextFound as error:
            if item.lane == Lane.LIVE:
                self._delivery.nothing_said(item)
            else:
                self._setbacks.unreadable(item, error)
        except ModelCrashed as error:
            self._setbacks.broke_off(item, error)
        except MemexError as error:
            self._setbacks.unreadable(item, error)
        except MemoryError:
            _log.warning("%s: not enough memory", printable(item.path))
            reason = "There is not enough memory to read it. Close other programs."
            self._setbacks.fail(item, reason)
        except Exception as error:  # noqa: BLE001 (one bad file must not stop the others)
            self._setbacks.try_again(item, error)
        return None

    def _look(self, item: Item) -> _Seen | None:
        """An item's file, hashed; None when there is nothing to read."""
        self.doing = _named(item)
        path = Path(item.path)
        if item.explicit and path.is_dir():
            self._open_folder(item)
            return None
        if not item.explicit and not path.is_file():
            self._spool.finish(item)  # gone since it was found: the next scan sees to that
            return None
        if not self._archive.welcome(item):
            self._spool.finish(item)
            self._news.say(item, "forgotten", message="Retention never keeps this.")
            return None
        before = self._signature(path)
        return _Seen(item, path, before, fingerprint(path, lambda step: self._step(item, step)))

    def _read(self, seen: _Seen) -> Read | None:
        """The document; None when the file changed meanwhile."""
        item, path = seen.item, seen.path
        self.doing = _named(item)
        document = read(path, self._reading(item))
        if self._signature(path) != seen.signature:
            self._changed(item)
            return None
        document, voices = self._speakers(document, path, lambda step: self._step(item, step))
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
        return Read(item, replace(arrival, voices=voices))

    def _signature(self, path: Path) -> str:
        try:
            return signature(path)
        except OSError as error:
            raise UnreadableFile(
                f"{printable(path)} cannot be read: {error.strerror}.", "Check the path."
            ) from error

    def _changed(self, item: Item) -> None:
        """It was written to while it was read: read it again as it is now."""
        self._setbacks.checkpoint(item).unlink(missing_ok=True)
        if item.lane >= Lane.FOUND:
            self._spool.finish(item)  # the next scan finds it when it is still
        else:
            self._spool.postpone(replace(item, added_at=datetime.now(UTC)))

    def _open_folder(self, item: Item) -> None:
        """Put what a folder holds into the spool, each for itself."""
        children = []
        for path in folders.files(Path(item.path)):
            self._patience.check()
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
            answers = self._patience.call(lambda: self._client.recognise(questions)) if seen else []
        except StorageError as error:
            for each in seen:
                self._setbacks.refused(each.item, error)
            return []
        unknown = []
        for each, known in zip(seen, answers, strict=True):
            if known.forgotten:
                self._spool.finish(each.item)
                self._delivery.let_go(each.item)
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
        self._patience.call(lambda: self._client.add_copy(copy))
        self._delivery.look_back(item, seen.signature)
        self._spool.finish(item)
        self._delivery.let_go(item)
        told: State = "known" if here and here.replaced_at is None else "copy"
        message = "" if told == "known" else first.uri
        self._news.say(item, told, document=first.document_id, message=message)

    def _reading(self, item: Item) -> Reading:
        return Reading(
            transcriber=self._transcriber,
            checkpoint=self._setbacks.checkpoint(item),
            progress=lambda step: self._step(item, step, preemptible=True),
        )

    def _step(self, item: Item, step: Step, *, preemptible: bool = False) -> None:
        """Tell how far an item is. Raises `Stopped`, and `Preempted` where that is possible."""
        between = preemptible and step.stage == "transcribing"
        if between:
            self._holds.give_way(item.lane, self._patience.wait)
        self._patience.check()
        if between and self._must_wait(item):
            raise Preempted
        self._news.step(item, step)

    def _must_wait(self, item: Item) -> bool:
        """Whether something more urgent waits, or this may not go on now."""
        if self._holds.reason(item.lane):
            return True
        before = {lane for lane in Lane if lane < item.lane and not self._holds.reason(lane)}
        return any(other.lane in before for other in self._spool.waiting())


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
        and not (item.explicit and path.is_dir())
    )

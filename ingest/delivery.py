"""Delivery: documents that were read are given to memexd, and their items leave the spool."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.archive import Archive
from ingest.news import News
from ingest.patience import Patience
from ingest.setbacks import Setbacks
from ingest.signature import signature
from memex.client import Client
from memex.errors import DaemonUnavailable, MemexError, NotFound, StorageError
from memex.items import Item
from memex.protocols import Remembered, Step
from memex.spool import Spool
from memex.types import Arrival, heard_id

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Read:
    """An item that was read, on its way to the daemon."""

    item: Item
    arrival: Arrival


class Delivery:
    """Gives what was read to the daemon; when that dies meanwhile, to the next one."""

    def __init__(
        self,
        client: Client,
        spool: Spool,
        archive: Archive,
        setbacks: Setbacks,
        news: News,
        patience: Patience,
        outdated: Callable[[], None],
        step: Callable[[Item, Step], None],
    ) -> None:
        """`outdated` is called when a file has gone on while it was being remembered,
        `step` with the progress of an item.
        """
        self._client = client
        self._spool = spool
        self._archive = archive
        self._setbacks = setbacks
        self._news = news
        self._patience = patience
        self._outdated = outdated
        self._step = step
        self.swept = False
        """Whether all that is kept of sound is needed."""

    def deliver(
        self, read: Sequence[Read], after: threading.Event | None, stored: threading.Event
    ) -> None:
        """Deliver a batch once the one before is `stored` in the library: of two versions of
        a file the later comes later. Its own passages may be embedded beside. Raises `Stopped`.
        """
        try:
            if after is not None:
                after.wait()
            self._deliver(read, stored.set)
        finally:
            stored.set()

    def _deliver(self, read: Sequence[Read], stored: Callable[[], None]) -> None:
        try:
            results = self._patience.call(lambda: self._send(read, stored))
        except StorageError as error:
            for each in read:
                self._setbacks.refused(each.item, error)
                self.let_go(each.item)
            return
        except MemexError as error:
            _log.warning("%d documents were refused: %s", len(read), type(error).__name__)
            self._one_by_one(read, error)
            return
        for each, result in zip(read, results, strict=True):
            self.look_back(each.item, each.arrival.copy.signature)
            self._spool.finish(each.item)
            self._setbacks.checkpoint(each.item).unlink(missing_ok=True)
            if result.forgotten or result.overheard:
                self.let_go(each.item)
            if result.repeats:
                self.swept = False  # what was kept of their sound is not needed
            self._tell(each.item, result)

    def nothing_said(self, item: Item) -> None:
        """A live recording turned out to hold no speech: what was found of it while it was
        heard is not to be found any more.
        """
        origin = item.provenance
        if origin is not None and origin.started_at is not None:
            id_ = heard_id(origin.source, origin.device, origin.started_at)
            with suppress(NotFound):
                self._patience.call(lambda: self._client.forget(id_, tombstone=False))
        self._spool.finish(item)
        self._setbacks.checkpoint(item).unlink(missing_ok=True)
        self._news.say(item, "forgotten", message="Nothing was said in it.")

    def let_go(self, item: Item) -> None:
        """What was kept of an item's sound is not needed, unless a copy names it."""
        if self._archive.has(item):
            folder = self._archive.folder(item)
            self.swept &= self._archive.sweep(self._client, self._spool, folder)

    def sweep(self) -> None:
        """Let go of all sound that is not needed, once after a start, and where that failed."""
        if not self.swept:
            folders = self._archive.folders()
            self.swept = self._archive.sweep(self._client, self._spool, *folders)

    def look_back(self, item: Item, remembered: str) -> None:
        """What happened to a file before it was in the library, no scan could compare."""
        if item.provenance is not None:
            return
        try:
            now = signature(Path(item.path))
        except OSError:
            now = ""
        if now != remembered:
            self._outdated()

    def _one_by_one(self, read: Sequence[Read], error: MemexError) -> None:
        """One of a batch is refused: the others are not to suffer for it."""
        if len(read) == 1:
            self._setbacks.fail(read[0].item, str(error))
            self.let_go(read[0].item)
            return
        for each in read:
            self._deliver([each], lambda: None)

    def _send(self, read: Sequence[Read], stored: Callable[[], None]) -> list[Remembered]:
        results = []
        for event in self._client.remember(*(each.arrival for each in read)):
            stored()
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
            document = self._patience.call(lambda: self._client.document(result.document_id))
            self._news.say(item, "copy", document=result.document_id, message=str(document["uri"]))

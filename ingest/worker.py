"""The worker carries what waits in the spool into the memory, one thing at a time.

An item leaves the spool only when the daemon has the document in its library;
whatever dies before that is done again, from its checkpoint.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from ingest import folders
from ingest.readers import read
from ingest.readers.transcripts import companion
from ingest.reading import Reading
from memex.client import Client
from memex.errors import DaemonUnavailable, MemexError, NoTextFound, UnreadableFile
from memex.progress import Event, State
from memex.protocols import Remembered, Step, Transcriber
from memex.spool import Item, Spool, printable
from memex.types import Document

BLOCK: Final = 1 << 20
"""Bytes read at a time for a file's hash."""
REPORT_EVERY: Final = 0.2
"""Seconds between two reports on the same stage of an item."""
RETRY_EVERY: Final = 1.0
"""Seconds between two tries to reach the daemon."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The process was asked to end; the item goes on from its checkpoint next time."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What makes a file the same file."""

    sha256: str
    """Of its bytes, and of the transcript beside it."""
    size: int
    """Bytes."""


class Worker:
    """Takes items from the spool until it is told to stop."""

    def __init__(
        self, client: Client, spool: Spool, work: Path, transcriber: Callable[[], Transcriber]
    ) -> None:
        """`work` is the directory of checkpoints; `transcriber` loads the recogniser."""
        self._client = client
        self._spool = spool
        self._work = work
        self._transcriber = transcriber
        self._stopped = threading.Event()
        self._reported = (0.0, "")

    def stop(self) -> None:
        """Stop at the next step of what is under way."""
        self._stopped.set()

    def drain(self) -> None:
        """Do all that waits, oldest first. Raises `Stopped`."""
        while waiting := self._spool.waiting():
            for item in waiting:
                self._check_stopped()
                self._spool.take(item)
                self._carry(item)

    def _carry(self, item: Item) -> None:
        """Remember one item, or set it aside with its reason."""
        try:
            if Path(item.path).is_dir():
                self._open_folder(item)
            else:
                self._remember(item)
        except Stopped:
            raise
        except MemexError as error:
            self._fail(item, str(error))
        except MemoryError:
            self._fail(item, "There is not enough memory to read it. Close other programs.")
        except Exception as error:  # noqa: BLE001 (one bad file must not stop the others)
            _log.exception("%s", printable(item.path))
            self._fail(item, f"It could not be read ({type(error).__name__}); the log has more.")

    def _fail(self, item: Item, reason: str) -> None:
        _log.warning("%s: %s", printable(item.path), reason)
        self._spool.fail(item, reason)
        self._checkpoint(item).unlink(missing_ok=True)
        self._say(item, "failed", message=reason)

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
            self._say(child, "waiting")
            children.append(child.id)
        if not children and item.explicit:
            raise NoTextFound(
                f"There is nothing in {printable(item.path)} that can be read.",
                "`memex add --help` lists what can.",
            )
        self._spool.finish(item)
        self._say(item, "folder", children=tuple(children))

    def _remember(self, item: Item) -> None:
        path = Path(item.path)
        fingerprint = self._fingerprint(item, path)
        if self._is_known(item, path, fingerprint):
            return
        document = read(path, self._reading(item))
        result = self._hand_over(item, document, fingerprint)
        self._spool.finish(item)
        self._checkpoint(item).unlink(missing_ok=True)
        self._say(
            item,
            "remembered" if result.new else "copy",
            document=result.document_id,
            passages=result.passages,
            message="" if result.new else self._first_copy(result.document_id),
        )

    def _is_known(self, item: Item, path: Path, fingerprint: Fingerprint) -> bool:
        """Whether these bytes are remembered; a new place of theirs is noted as a copy."""
        copies = self._patiently(lambda: self._client.copies(fingerprint.sha256))
        if not copies:
            return False
        uri = path.resolve().as_uri()
        known = next((copy for copy in copies if copy.uri == uri), None)
        if known is None:
            copy = replace(copies[0], uri=uri, added_at=datetime.now(UTC))
            self._patiently(lambda: self._client.add_copy(copy))
        self._spool.finish(item)
        self._say(
            item,
            "known" if known else "copy",
            document=copies[0].document_id,
            message="" if known else copies[0].uri,
        )
        return True

    def _first_copy(self, document_id: str) -> str:
        return str(self._patiently(lambda: self._client.document(document_id))["uri"])

    def _hand_over(self, item: Item, document: Document, fingerprint: Fingerprint) -> Remembered:
        """Give the document to the daemon; when it dies meanwhile, to the next one."""

        def send() -> Remembered:
            for event in self._client.remember(
                document, sha256=fingerprint.sha256, size=fingerprint.size
            ):
                if isinstance(event, Remembered):
                    return event
                self._step(item, event)
            raise DaemonUnavailable("memexd went away.", "")

        return self._patiently(send)

    def _patiently(self, call: Callable[[], T]) -> T:
        """Call the daemon; while it is away, wait for it."""
        while True:
            try:
                return call()
            except DaemonUnavailable as error:
                _log.info("waiting for memexd: %s", error)
            self._check_stopped()
            self._stopped.wait(RETRY_EVERY)

    def _fingerprint(self, item: Item, path: Path) -> Fingerprint:
        digest = hashlib.sha256()
        size = 0
        beside = companion(path)
        for part in (path, beside) if beside else (path,):
            size += self._hash(item, part, digest.update)
        return Fingerprint(digest.hexdigest(), size)

    def _hash(self, item: Item, path: Path, update: Callable[[bytes], None]) -> int:
        try:
            total = path.stat().st_size
            with path.open("rb") as file:
                done = 0
                while block := file.read(BLOCK):
                    update(block)
                    done += len(block)
                    self._step(item, Step("looking", done, total, "bytes"))
        except OSError as error:
            raise UnreadableFile(
                f"{printable(path)} cannot be read: {error.strerror}.", "Check the path."
            ) from error
        return done

    def _reading(self, item: Item) -> Reading:
        return Reading(
            transcriber=self._transcriber,
            checkpoint=self._checkpoint(item),
            progress=lambda step: self._step(item, step),
        )

    def _checkpoint(self, item: Item) -> Path:
        return self._work / f"{item.id}.jsonl"

    def _step(self, item: Item, step: Step) -> None:
        """Tell how far an item is, not too often. Raises `Stopped`."""
        self._check_stopped()
        at, stage = self._reported
        now = time.monotonic()
        if step.stage == stage and now - at < REPORT_EVERY and step.done != step.total:
            return
        self._reported = (now, step.stage)
        event = Event(
            item=item.id,
            path=printable(item.path),
            state="working",
            stage=step.stage,
            done=step.done,
            total=step.total,
            unit=step.unit,
        )
        self._report(event)

    def _say(
        self,
        item: Item,
        state: State,
        *,
        message: str = "",
        document: str = "",
        passages: int = 0,
        children: tuple[str, ...] = (),
    ) -> None:
        self._report(
            Event(
                item=item.id,
                path=printable(item.path),
                state=state,
                message=message,
                document=document,
                passages=passages,
                children=children,
            )
        )

    def _report(self, event: Event) -> None:
        """News for whoever follows; when the daemon is away nobody does."""
        try:
            self._client.report(event)
        except DaemonUnavailable as error:
            _log.info("not reported: %s", error)

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise Stopped

"""A watched folder: what is known of it, and what is to be done about it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ingest.folders import Ignore
from ingest.signature import signature
from ingest.watch.disks import Presence, is_network
from ingest.watch.scan import Back, Blind, Found, Fresh, Lost, Same, compare, walk
from ingest.watch.stability import Stability
from memex.client import Client
from memex.config import WatchedFolder
from memex.errors import NotFound
from memex.items import Lane, item_id, printable
from memex.spool import Spool
from memex.wire import Json

POLL_NETWORK: Final = 60.0
"""Seconds between two looks at a network disk."""
LOOK_AGAIN: Final = 3600.0
"""Seconds between two looks at a folder whose changes are told."""
ENOUGH: Final = 2_000
"""Files of a folder that wait in the spool after which no more are handed in yet."""
LATER: Final = 0.5
"""Seconds until it is looked again whether more can be handed in."""
TOLD: Final = 1_000
"""Changes told to the daemon together."""

_log = logging.getLogger(__name__)


class Folder:
    """One folder that is watched. Not for several threads."""

    def __init__(self, settings: WatchedFolder, still: float, client: Client, spool: Spool) -> None:
        """Nothing is looked at yet."""
        self.settings = settings
        self.root = settings.path.resolve()
        self._client = client
        self._spool = spool
        self._ignored = Ignore(settings.ignore)
        self._own = spool.directory.parent
        self._still = Stability(still)
        self._files = 0
        self._scanned: datetime | None = None
        self._trouble = ""
        self._crowded = False
        self._waiting: set[str] = set()
        """What was handed in and is not taken yet."""
        self._not_before = 0.0
        """Monotonic; the spool has enough until then."""
        self.deaf = False
        """Whether nobody tells of changes here."""

    @property
    def interval(self) -> float:
        """Seconds between two looks when nothing wakes it."""
        if self.settings.poll is not None:
            return self.settings.poll
        return POLL_NETWORK if self.deaf or is_network(self.root) else LOOK_AGAIN

    def status(self) -> Json:
        """As `memex status` shows it."""
        return {
            "path": printable(self.settings.path),
            "files": self._files,
            "settling": len(self._still),
            "scanned_at": self._scanned.isoformat() if self._scanned else None,
            "trouble": self._trouble,
        }

    def scan(self, stopping: Callable[[], bool]) -> None:
        """Compare the folder with what is known of it. Raises `DaemonUnavailable`."""
        try:
            disk = walk(self.root, self._left_out, recursive=self.settings.recursive)
            first = next(disk, None)
        except OSError as error:  # an unmounted disk: nothing in it is lost
            self._trouble = f"cannot be looked into: {error.strerror}"
            _log.warning("%s %s", printable(self.root), self._trouble)
            return
        self._trouble = ""
        self._compare(_again(first, disk), stopping)
        self._drop_outdated_failures()
        self._forget_deleted()
        if self._still or self._crowded:
            _log.info("%s: %d new or changed", printable(self.root), len(self._still))

    def _compare(self, disk: Iterator[Found | Blind], stopping: Callable[[], bool]) -> None:
        own = tuple(f"{home.as_uri()}/" for home in (self._own, self._own.resolve()))
        files_ = self._client.known_files(self.root.as_uri())
        known = (file for file in files_ if not file.uri.startswith(own))
        lost: list[str] = []
        back: list[str] = []
        files = 0
        self._crowded = False
        now = time.monotonic()
        for change in compare(disk, known, Presence(self.root)):
            if stopping():
                return
            match change:
                case Fresh(found):
                    self._crowded |= not self._fresh(found, now)
                case Lost(uri):
                    lost.append(uri)
                case Back(uri):
                    back.append(uri)
                case Same():
                    pass
            files += not isinstance(change, Lost)
            if len(lost) + len(back) >= TOLD:
                self._client.note_files(lost, back)
                lost.clear()
                back.clear()
        if lost or back:
            self._client.note_files(lost, back)
        self._files = files
        self._scanned = datetime.now(UTC)

    def _left_out(self, relative: str, *, folder: bool = False) -> bool:
        """Whether a path below the root is none to be remembered: Memex's own data neither."""
        if folder and self.root / relative == self._own.resolve():
            return True
        return self._ignored(relative, folder=folder)

    def _fresh(self, found: Found, now: float) -> bool:
        """Watch a file until it is still, unless it waits already, or failed as it is."""
        id_ = item_id(found.path, found.signature)
        if any(self._spool.has(state, id_) for state in ("failed", "new", "cur")):
            return True
        return self._still.see(found, now)

    def _drop_outdated_failures(self) -> None:
        """A file that failed and was edited, moved or deleted since has not failed as it is."""
        for item in self._spool.items("failed"):
            path = Path(item.path)
            if item.lane != Lane.FOUND or not path.is_relative_to(self.root):
                continue
            now = _look(path)
            if now is None or item_id(path, now) != item.id:
                with suppress(NotFound):  # somebody else was quicker
                    self._spool.drop(item.id)

    def _forget_deleted(self) -> None:
        """Where that is the user's choice, what was deleted long enough ago is forgotten."""
        if self.settings.deleted != "forget":
            return
        before = datetime.now(UTC) - timedelta(days=self.settings.grace)
        for document in self._client.missing_documents(self.root.as_uri(), before):
            try:
                self._client.forget(document, tombstone=False)
            except NotFound:
                continue  # forgotten by somebody else meanwhile
            _log.info("a document was forgotten: its file was deleted")

    def settle(self) -> None:
        """Hand in some of what has been still for long enough, unless enough waits. Raises
        `DaemonUnavailable`.
        """
        self._waiting &= self._spool.ids("new")
        if len(self._waiting) >= ENOUGH:
            self._not_before = time.monotonic() + LATER
            return
        still = self._still.settled(time.monotonic(), _look)
        forgotten: set[str] = set()
        if still:
            forgotten = self._client.forgotten_files([(f.uri, f.signature) for f in still])
        for found in still:
            if found.uri not in forgotten:
                item = self._spool.put(
                    found.path,
                    explicit=False,
                    lane=Lane.FOUND,
                    signature=found.signature,
                    durable=False,
                )
                self._waiting.add(item.id)

    def due(self) -> float | None:
        """When `settle` is worth calling (monotonic); None: not before the next scan."""
        due = self._still.due()
        return None if due is None else max(due, self._not_before)

    @property
    def crowded(self) -> bool:
        """Whether more was found than could be watched, and there is room now: scan again."""
        return self._crowded and not self._still


def _look(path: Path) -> str | None:
    try:
        return signature(path, path.lstat())
    except OSError:
        return None


def _again(first: Found | Blind | None, rest: Iterator[Found | Blind]) -> Iterator[Found | Blind]:
    if first is not None:
        yield first
        yield from rest

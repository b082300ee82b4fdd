"""What becomes of an item that cannot be carried on: it waits, is tried again, or is set
aside with its reason.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ingest.holds import Holds
from ingest.news import News
from memex.errors import DiskFull, MemexError, ModelCrashed, StorageError
from memex.items import Item, Lane, printable
from memex.spool import Spool

TRIES: Final = 3
"""Times that an item may fail by our own fault before it is set aside."""
DEATHS: Final = 10
"""Times that the process may be killed over an item that gets no further."""

_log = logging.getLogger(__name__)


class Setbacks:
    """Sees to the items of one spool."""

    def __init__(self, spool: Spool, work: Path, holds: Holds, news: News) -> None:
        """`work` is the directory of checkpoints."""
        self._spool = spool
        self._work = work
        self._holds = holds
        self._news = news

    def checkpoint(self, item: Item) -> Path:
        """Where it is noted how far its recognition is."""
        return self._work / f"{item.id}.jsonl"

    def recover(self, trace: str) -> None:
        """Take up again what was under way when this process last ended.

        `trace` is where it crashed; empty when it was killed, or ended in peace.
        """
        for item in self._spool.recover():
            self._go_on(item, "memex-ingest died over it again and again.", trace)

    def broke_off(self, item: Item, error: ModelCrashed) -> None:
        """The recogniser's process ended over it. It goes on from its checkpoint."""
        _log.warning("%s: %s", printable(item.path), error.message)
        self._go_on(item, str(error), "\n".join(_notes(error)))

    def _go_on(self, item: Item, reason: str, trace: str) -> None:
        """Take an item up again, unless it was the end of too many."""
        again = self._blamed(item, trace)
        if again.attempts >= TRIES or again.deaths >= DEATHS:
            self.fail(again, reason, trace)
        else:
            self._spool.postpone(again)

    def _blamed(self, item: Item, trace: str) -> Item:
        """An item with one more death to its name, unless it has got further since."""
        checkpoint = self.checkpoint(item)
        reached = checkpoint.stat().st_size if checkpoint.exists() else 0
        if reached > item.reached:
            return replace(item, attempts=0, deaths=1, reached=reached)
        if trace:
            return replace(item, attempts=item.attempts + 1)
        return replace(item, deaths=item.deaths + 1)

    def refused(self, item: Item, error: StorageError) -> None:
        """The disk refuses. Who asked for it is told; what was found by itself waits."""
        if item.lane == Lane.NAMED:
            self.fail(item, str(error))
        else:
            if not self._holds.reason(item.lane):  # it was said of another just now
                _log.warning("%s", error)
            self._holds.refused(full=isinstance(error, DiskFull))
            self._spool.postpone(item)

    def unreadable(self, item: Item, error: MemexError) -> None:
        """Set it aside, unless it was deleted or moved just now."""
        if not item.explicit and not Path(item.path).exists():
            self._spool.finish(item)  # the next scan sees to that
        else:
            _log.warning("%s: %s", printable(item.path), type(error).__name__)
            self.fail(item, str(error))

    def try_again(self, item: Item, error: Exception) -> None:
        """A fault of ours, or of a library: it may pass."""
        trace = _trace(error)
        _log.warning("%s: %s\n%s", printable(item.path), type(error).__name__, trace)
        tried = replace(item, attempts=item.attempts + 1)
        if tried.attempts < TRIES:
            self._spool.postpone(tried)
        else:
            kind = type(error).__name__
            self.fail(tried, f"It could not be read ({kind}), {TRIES} times.", trace)

    def fail(self, item: Item, reason: str, trace: str = "") -> None:
        """Set an item aside. The reason is for its owner: no log has it, for it may quote."""
        self._spool.fail(item, reason, trace)
        self.checkpoint(item).unlink(missing_ok=True)
        self._news.say(item, "failed", message=reason)


def _trace(error: Exception) -> str:
    """Where it went wrong, without the values: they may hold what was read."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([*lines, type(error).__name__, *_notes(error)])


def _notes(error: Exception) -> Sequence[str]:
    """What was noted of an error: where it was met, in another process."""
    notes: Sequence[str] = getattr(error, "__notes__", ())
    return notes

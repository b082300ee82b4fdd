"""What memex-ingest tells of its work, to whoever follows."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from memex.client import Client
from memex.errors import MemexError
from memex.items import Item, Lane, printable
from memex.progress import Event, State
from memex.protocols import Step

EVERY: Final = 0.2
"""Seconds between two reports on the same stage of an item."""
SELDOM: Final = 1.0
"""Seconds between two reports on what nobody waits for."""
HELD: Final = 200
"""Events on what nobody waits for that are sent together."""

_log = logging.getLogger(__name__)


class News:
    """Events for the daemon's board, from any thread. While the daemon is away nobody follows."""

    def __init__(self, client: Client) -> None:
        """Nothing is connected yet."""
        self._client = client
        self._reported = (0.0, "")
        self._held: list[Event] = []
        self._lock = threading.RLock()

    def step(self, item: Item, step: Step) -> None:
        """How far an item is, not too often, and only where somebody may look."""
        with self._lock:
            at, stage = self._reported
            now = time.monotonic()
            if step.stage == stage and now - at < EVERY and step.done != step.total:
                return
            if item.lane >= Lane.FOUND and now - at < SELDOM:
                return
            self._reported = (now, step.stage)
        self._send(
            Event(
                item=item.id,
                path=printable(item.path),
                state="working",
                stage=step.stage,
                done=step.done,
                total=step.total,
                unit=step.unit,
            )
        )

    def say(
        self,
        item: Item,
        state: State,
        *,
        message: str = "",
        document: str = "",
        passages: int = 0,
        children: tuple[str, ...] = (),
    ) -> None:
        """What has become of an item."""
        event = Event(
            item=item.id,
            path=printable(item.path),
            state=state,
            message=message,
            document=document,
            passages=passages,
            children=children,
        )
        with self._lock:
            self._held.append(event)
            if item.lane < Lane.FOUND or len(self._held) >= HELD:
                self.flush()

    def flush(self) -> None:
        """Send what was held back."""
        with self._lock:
            if self._held:
                self._send(*self._held)
                self._held.clear()

    def _send(self, *events: Event) -> None:
        try:
            self._client.report(*events)
        except MemexError as error:
            _log.info("not reported: %s", error)

"""What becomes of the items in the spool, told to whoever follows.

memex-ingest reports events, the daemon keeps each item's latest and wakes the
followers. Nothing here is lost by a restart that matters: the spool is the
truth, this is the news.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from memex.errors import DaemonUnavailable

State = Literal[
    "waiting", "working", "remembered", "known", "copy", "forgotten", "failed", "folder"
]
FINAL: Final = frozenset({"remembered", "known", "copy", "forgotten", "failed", "folder"})
"""States after which nothing more is said of an item."""
KEPT: Final = 10_000
"""Items whose latest event is kept."""


@dataclass(frozen=True, slots=True)
class Event:
    """The news of one item."""

    item: str
    """Its id in the spool."""
    path: str
    state: State
    stage: str = ""
    """While working: "transcribing", "embedding", …"""
    done: float = 0.0
    total: float | None = None
    unit: str = ""
    message: str = ""
    """Of a failure; of a copy, what it is a copy of."""
    document: str = ""
    """Once it is remembered: the document's id."""
    passages: int = 0
    children: tuple[str, ...] = field(default=())
    """Of a folder: the items it was found to hold."""


class Board:
    """The latest event of each item."""

    def __init__(self) -> None:
        """Empty."""
        self._news = threading.Condition()
        self._latest: OrderedDict[str, tuple[int, Event]] = OrderedDict()
        self._clock = 0
        self._closed = False

    def post(self, *events: Event) -> None:
        """Note events and wake the followers."""
        with self._news:
            for event in events:
                self._clock += 1
                self._latest[event.item] = (self._clock, event)
                self._latest.move_to_end(event.item)
            while len(self._latest) > KEPT:
                self._latest.popitem(last=False)
            self._news.notify_all()

    @property
    def clock(self) -> int:
        """Counts the events; what comes after a reading of it is news."""
        with self._news:
            return self._clock

    def close(self) -> None:
        """End all following."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def follow(
        self, items: Sequence[str], since: int = 0, idle: float = 1.0
    ) -> Iterator[Event | None]:
        """Events after `since` of the items and of what folders among them hold,
        until all are final. Raises `DaemonUnavailable` when the daemon stops before.

        Yields None when nothing happened for `idle` seconds, so that the
        follower can see whether anybody still listens.
        """
        seen = dict.fromkeys(items, since)
        while seen:
            with self._news:
                news = self._newer(seen)
                if not news and not self._closed:
                    self._news.wait(idle)
                    news = self._newer(seen)
                if self._closed:
                    raise DaemonUnavailable(
                        "Memex is shutting down.", "What waits goes on when it starts again."
                    )
            if not news:
                yield None
            for at, event in news:
                seen[event.item] = at
                seen.update({child: since for child in event.children if child not in seen})
                if event.state in FINAL:
                    del seen[event.item]
                yield event

    def _newer(self, seen: dict[str, int]) -> list[tuple[int, Event]]:
        found = (self._latest.get(item) for item in seen)
        news = [entry for entry in found if entry and entry[0] > seen[entry[1].item]]
        return sorted(news, key=lambda entry: entry[0])

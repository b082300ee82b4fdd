"""Handing documents that grow over to memexd, while more is heard: always the latest."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from memex.client import Client
from memex.errors import DaemonUnavailable, MemexError, StorageError
from memex.protocols import Remembered
from memex.types import Arrival

RETRY_EVERY: Final = 2.0
"""Seconds until memexd is tried again."""
SHARE: Final = 3.0
"""Times what handing a document over took until it is handed over again: embedding what
is said is not to take more than talking leaves.
"""

_log = logging.getLogger(__name__)


class HandOver:
    """A thread that hands over what is offered."""

    def __init__(self, client: Client) -> None:
        """Nothing is offered yet."""
        self._client = client
        self._change = threading.Condition()
        self._offered: dict[str, Arrival] = {}
        self._growing: set[str] = set()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="handing over what is said")
        self.found: set[str] = set()
        """Documents that are there."""
        self.unwelcome: set[str] = set()
        """Documents that were forgotten, or refused."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not handed over yet comes with its recording."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
        self._thread.join()

    def offer(self, arrival: Arrival) -> None:
        """Hand it over soon, in the place of what was offered of this document before."""
        with self._change:
            self._offered[arrival.document.id] = arrival
            self._growing.add(arrival.document.id)
            self._change.notify_all()

    def drop(self, document: str) -> None:
        """Its recording has ended: the whole of it comes by another way."""
        with self._change:
            self._offered.pop(document, None)
            self._growing.discard(document)
            self.found.discard(document)
            self.unwelcome.discard(document)

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            began = time.monotonic()
            away = self._hand_over(taken)
            took = time.monotonic() - began
            self._pause(RETRY_EVERY if away else SHARE * took)

    def _take(self) -> dict[str, Arrival] | None:
        """All that is offered, as soon as something is; None at the end."""
        with self._change:
            self._change.wait_for(lambda: self._offered or self._stopped)
            taken, self._offered = self._offered, {}
            return None if self._stopped else taken

    def _pause(self, seconds: float) -> None:
        with self._change:
            self._change.wait_for(lambda: self._stopped, seconds)

    def _hand_over(self, arrivals: dict[str, Arrival]) -> bool:
        """Whether they have to wait: memexd is away, or its disk refuses."""
        try:
            for event in self._client.remember(*arrivals.values()):
                if isinstance(event, Remembered):
                    told = self.unwelcome if event.forgotten else self.found
                    told.add(event.document_id)
        except (DaemonUnavailable, StorageError) as error:
            _log.info("what is said is found later: %s", error)
            with self._change:  # without those that have ended, or are known better by now
                again = {id_: arrivals[id_] for id_ in self._growing & arrivals.keys()}
                self._offered = again | self._offered
            return True
        except MemexError as error:
            _log.warning("what is said is found later: %s", type(error).__name__)
            self.unwelcome.update(arrivals)
        return False

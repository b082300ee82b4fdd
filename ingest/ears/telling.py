"""How the ears are, told: to memexd for whoever follows, and in a file for `memex status`."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from memex.client import Client
from memex.config import Paths
from memex.durable import private
from memex.errors import MemexError
from memex.locks import holder
from memex.wire import Json

if TYPE_CHECKING:
    from ingest.ears.recorder import Counts

EVERY: Final = 5.0
"""Seconds after which a level is told though nobody followed the last time."""
SHORT: Final = 200
"""Characters of a name or a reason that are told."""
PASSING: Final = ("level", "at")
"""What changes all the time, and is told only to whoever follows."""

_log = logging.getLogger(__name__)


class Telling:
    """Posts what changed. memexd being away disturbs nothing."""

    def __init__(self, paths: Paths, client: Client) -> None:
        """Nothing was told yet."""
        self._paths = paths
        self._client = client
        self._told: tuple[int | None, list[Json]] = (None, [])
        """To which memexd, and what."""
        self._at = 0.0
        self._followed = 0

    def look(self, events: Sequence[Json]) -> None:
        """How the devices are now; to be called about once a second."""
        try:
            memexd = holder(self._paths.run / "memexd.pid")
        except MemexError:
            memexd = None
        news = memexd, [_lasting(event) for event in events]
        now = time.monotonic()
        hearing = any(event["level"] is not None for event in events)
        again = hearing and (self._followed > 0 or now - self._at >= EVERY)
        if memexd is None or (news == self._told and not again):
            return
        gone = [
            {**before, "state": "off", "reason": "", "recording": None} | _passing()
            for before in self._told[1]
            if all(_key(before) != _key(event) for event in events)
        ]
        try:
            self._followed = self._client.say_live([_short(each) for each in (*gone, *events)])
        except MemexError as error:
            _log.debug("memexd is not told: %s", error)
            return
        self._told, self._at = news, now


class StateFile:
    """`run/ears.json`, written when something changes that lasts."""

    def __init__(self, path: Path) -> None:
        """Nothing is written yet."""
        self._path = path
        self._written: list[Json] | None = None
        self._since = ""

    def look(self, events: Sequence[Json], counts: Counts | None) -> None:
        """How the devices are now; the first is the microphone. A disk that refuses is tried
        again the next time.
        """
        lasting = [_lasting(event) for event in events]
        if lasting == self._written or not lasting:
            return
        before = self._written[0]["state"] if self._written else ""
        if lasting[0]["state"] != before:
            self._since = datetime.now().astimezone().isoformat(timespec="seconds")
        first, *others = lasting
        fields = {
            "process": os.getpid(),
            **{name: first[name] for name in ("state", "reason", "device", "recording")},
            "since": self._since,
            "counts": asdict(counts) if counts else None,
            "others": others,
        }
        draft = self._path.with_suffix(".draft")
        try:
            with open(draft, "w", encoding="utf-8", opener=private) as file:
                json.dump(fields, file)
            draft.rename(self._path)
        except OSError as error:
            _log.debug("the state is not written: %s", error)
            return
        self._written = lasting

    def remove(self) -> None:
        """The process ends."""
        self._path.unlink(missing_ok=True)


def _short(event: Json) -> Json:
    return event | {name: event[name][:SHORT] for name in ("device", "reason")}


def _lasting(event: Json) -> Json:
    return {name: value for name, value in event.items() if name not in PASSING}


def _passing() -> Json:
    return {"level": None, "at": datetime.now().astimezone().isoformat()}


def _key(event: Json) -> tuple[str, str]:
    return event["source"], event["device"]

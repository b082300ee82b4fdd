"""When nothing was to be heard: what a wearable stored then is not taken in.

A wearable that nobody is connected to hears on by itself. memex-ears notes each stretch in
which it was quiet (private, paused, or not asked to listen), also over its own restarts.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ingest.ears.consent import UNASKED
from memex.durable import private
from memex.errors import StorageError

KEPT: Final = 1000
"""Stretches, the latest."""
UNWANTED: Final = frozenset({"private", "paused", UNASKED})
"""Reasons to be quiet that are the user's will. (A full disk is none: what a wearable stores
meanwhile is taken in later.)
"""
MARGIN: Final = timedelta(seconds=2)
"""How far off a wearable's clock may be."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hush:
    """A stretch in which nothing was to be heard."""

    since: datetime
    until: datetime | None = None
    """None while it lasts."""


class Hushes:
    """The stretches of a data directory, in a small file. One process, any thread at a time."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a file that says nothing is a hush that lasts since ever."""
        self._path = path
        self._hushes = _read(path)
        self._unwritten = False

    def note(self, quiet: str | None) -> None:
        """Why it is quiet now, None where it is not; may be called again and again. What the
        disk refuses is tried again the next time.
        """
        try:
            self.begin() if quiet in UNWANTED else self.end()
            if self._unwritten:
                self._write()
        except StorageError as error:
            if not self._unwritten:
                _log.error("what wearables store now may be taken in later: %s", error)
            self._unwritten = True
        else:
            self._unwritten = False

    def begin(self, now: datetime | None = None) -> None:
        """Nothing is to be heard from now on. Raises `StorageError`; it holds nevertheless."""
        if self._hushes and self._hushes[-1].until is None:
            return
        self._hushes = [*self._hushes, Hush(now or datetime.now(UTC))][-KEPT:]
        self._write()

    def end(self, now: datetime | None = None) -> None:
        """It is heard again. Raises `StorageError`; it holds nevertheless."""
        if not self._hushes or self._hushes[-1].until is not None:
            return
        self._hushes[-1] = replace(self._hushes[-1], until=now or datetime.now(UTC))
        self._write()

    def covers(self, since: datetime, until: datetime) -> bool:
        """Whether something of a stretch was not to be heard."""
        for hush in reversed(self._hushes):
            if hush.until is not None and hush.until + MARGIN < since:
                return False
            if hush.since - MARGIN <= until:
                return True
        return False

    def _write(self) -> None:
        rows = [
            {"since": each.since.isoformat(), "until": each.until and each.until.isoformat()}
            for each in self._hushes
        ]
        draft = self._path.with_suffix(".draft")
        try:
            with open(draft, "w", encoding="utf-8", opener=private) as file:
                json.dump({"hushes": rows}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._path)
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be written: {error.strerror}.", "Mend its permissions."
            ) from error


def _read(path: Path) -> list[Hush]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["hushes"]
        return [Hush(_time(row["since"]), row["until"] and _time(row["until"])) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, LookupError):
        return [Hush(datetime.min.replace(tzinfo=UTC) + 2 * MARGIN, datetime.now(UTC))]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

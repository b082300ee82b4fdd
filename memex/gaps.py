"""Gaps: stretches in which nothing could be heard or read, and why.

memex-ingest, and memex-ears too, give a sign of life every few seconds: the time of a small
file, which holds the gaps. What lies between its last sign and its next start is a gap; so
are a pause, a disk without room and a time without memexd. While nothing is due (nobody asks
memex-ears to listen), there is none.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from memex.durable import private
from memex.errors import StorageError

INGEST: Final = "memex-ingest"
EARS: Final = "memex-ears"
_STOPPED: Final = "{} was stopped"
_KILLED: Final = "{} was killed or crashed, or the machine went off"
_ASLEEP: Final = "the machine slept, or left {} no time"
STOPPED: Final = _STOPPED.format(INGEST)
KILLED: Final = _KILLED.format(INGEST)
ASLEEP: Final = _ASLEEP.format(INGEST)
KEPT: Final = 100
"""Gaps, the latest."""
SIGN_EVERY: Final = 10.0
"""Seconds between two signs of life, and how far off the beginning of a gap may be."""
LATE: Final = 60.0
"""Seconds between two looks after which a process that lives was not running meanwhile."""
NEAR: Final = timedelta(seconds=30)
"""Two gaps of one reason that are no further apart are one."""
_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that also runs while the machine sleeps, and that nobody sets."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nothing could be heard or read."""

    since: datetime
    until: datetime | None
    """None while it lasts."""
    reason: str


class Gaps:
    """The gaps of a process of a data directory. That one writes, any may read."""

    def __init__(self, path: Path, who: str = INGEST) -> None:
        """Nothing is made yet. `who` is the process, as it is called."""
        self._path = path
        self._who = who
        self._looked = self._signed = time.clock_gettime(_BOOT)
        """When this process last looked, and gave its last sign of life."""
        self._begun = False
        """Whether it is written that this process runs."""
        self._open = ""
        """The reason of the gap that lasts; "" where there is none."""
        self._due = True
        """Whether something was to be heard or read when it last looked."""

    def look(self, reason: str, *, due: bool = True) -> None:
        """The process runs: give a sign of life. `reason` is why nothing can be heard or
        read, "" where it can; without `due` nothing is to be. Raises `StorageError`.
        """
        reason = reason if due else ""
        now, clock = datetime.now(UTC), time.clock_gettime(_BOOT)
        away, self._looked = clock - self._looked, clock
        if not self._begun:
            gaps = _closed(self.told(running=False), now)
        elif away > LATE:
            since = now - timedelta(seconds=away)
            gaps = _closed(self._read(), since)
            if self._due:
                gaps.append(Gap(since, now, _ASLEEP.format(self._who)))
        elif reason != self._open or due != self._due:
            gaps = _closed(self._read(), now)
        else:
            if clock - self._signed >= SIGN_EVERY:
                self._sign()
            return
        self._write(_opened(gaps, now, reason) if reason else gaps, due=due)
        self._begun, self._open, self._due = True, reason, due

    def end(self) -> None:
        """The process stops, as it was asked to. Raises `StorageError`."""
        now = datetime.now(UTC)
        gaps = _closed(self._read(), now)
        if self._due:
            gaps = _opened(gaps, now, _STOPPED.format(self._who))
        self._write(gaps, due=self._due)

    def told(self, *, running: bool) -> list[Gap]:
        """The gaps that are known, the latest last; `running` says whether the process runs.
        Raises `StorageError`.
        """
        seen, gaps = self.seen(), self._read()
        last = gaps[-1] if gaps and gaps[-1].until is None else None
        stopped = last is not None and last.reason == _STOPPED.format(self._who)
        if seen is None or running or stopped or not self._was_due():
            return gaps
        seen = min(datetime.now(UTC), seen)
        return _opened(_closed(gaps, seen), seen, _KILLED.format(self._who))

    def seen(self) -> datetime | None:
        """The last sign of life; None where there never was one."""
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(self._path, error) from error

    def _read(self) -> list[Gap]:
        """Those of a damaged file are lost."""
        try:
            return [_gap(row) for row in self._table()["gaps"]]
        except (ValueError, TypeError, LookupError):
            return []

    def _was_due(self) -> bool:
        """Whether something was to be heard or read when the process last ran."""
        try:
            return self._table().get("due", True) is not False
        except (ValueError, AttributeError):
            return True

    def _table(self) -> Any:  # noqa: ANN401 (JSON, or whatever stands there)
        """The file. Raises `ValueError` for a damaged one."""
        try:
            return json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"gaps": []}
        except OSError as error:
            raise _failed(self._path, error) from error

    def _sign(self) -> None:
        try:
            os.utime(self._path)
        except OSError as error:
            raise _failed(self._path, error) from error
        self._signed = time.clock_gettime(_BOOT)

    def _write(self, gaps: Sequence[Gap], *, due: bool) -> None:
        draft = self._path.with_suffix(".draft")
        text = json.dumps({"gaps": [gap_to_json(gap) for gap in gaps[-KEPT:]], "due": due})
        try:
            with open(draft, "w", encoding="utf-8", opener=private) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._path)
        except OSError as error:
            raise _failed(self._path, error) from error
        self._signed = time.clock_gettime(_BOOT)


def gap_to_json(gap: Gap) -> dict[str, str | None]:
    """A gap as `status --json` prints it."""
    until = gap.until.isoformat() if gap.until else None
    return {"since": gap.since.isoformat(), "until": until, "reason": gap.reason}


def _gap(row: Any) -> Gap:  # noqa: ANN401 (JSON)
    until = datetime.fromisoformat(row["until"]) if row["until"] else None
    return Gap(datetime.fromisoformat(row["since"]), until, str(row["reason"]))


def _closed(gaps: Sequence[Gap], at: datetime) -> list[Gap]:
    """The gaps, the last ended. (A clock that was set back makes none end before it began.)"""
    if gaps and gaps[-1].until is None:
        return [*gaps[:-1], replace(gaps[-1], until=max(at, gaps[-1].since))]
    return list(gaps)


def _opened(gaps: Sequence[Gap], at: datetime, reason: str) -> list[Gap]:
    """The gaps with one that lasts: the last again, where it ended just now for the same reason."""
    last = gaps[-1] if gaps else None
    if last and last.until and last.reason == reason and abs(at - last.until) < NEAR:
        return [*gaps[:-1], replace(last, until=None)]
    return [*gaps, Gap(at, None, reason)]


def _failed(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be used: {error.strerror}.", "Mend its permissions.")

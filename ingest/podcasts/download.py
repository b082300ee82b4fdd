"""Fetches an episode's sound so that a broken connection costs only what had not come.

Beside the partial file lies a small one with what the server said of it, so that
the next attempt, of this process or of a later one, goes on only where the file on
the server is still the same: advertisements change it from one hour to the next.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final

from ingest.podcasts.addresses import Deadline
from ingest.podcasts.errors import BrokenOff, Malformed, TooLarge
from ingest.podcasts.urls import shown
from ingest.podcasts.web import MEBIBYTE, Reply, Web
from ingest.reading import ignore
from memex.errors import DiskFull, StorageError
from memex.protocols import Step

_SOUND: Final = "audio/*, video/*;q=0.9, */*;q=0.5"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_WATCH: Final = 4 * MEBIBYTE
"""Bytes after which the disk is looked at again."""
_MAX_STATE: Final = 16_384
"""Bytes of the file beside the partial one."""
_RANGE: Final = re.compile(r"bytes\s+(?:(\d{1,15})-\d{1,15}|\*)/(\d{1,15}|\*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a download may cost."""

    size: int = 2048 * MEBIBYTE
    """Bytes of the file."""
    floor: int = 1024 * MEBIBYTE
    """Bytes that stay free on the disk."""
    window: float = 60.0
    """Seconds within which each further `least` bytes must come."""
    least: int = 64 * 1024
    """Bytes."""
    turn: float = 3600.0
    """Seconds after which others have their turn; what came is kept."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that is whole, and on the disk for good."""

    path: Path
    size: int
    """Bytes."""
    content_type: str | None
    """As the server has it."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the server said of the partial file."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    total: int | None = None
    """Bytes of the whole file."""
    content_type: str | None = None

    @property
    def condition(self) -> str | None:
        """For If-Range, which takes no weak ETag."""
        strong = self.etag and not self.etag.startswith("W/")
        return self.etag if strong else self.last_modified


def download(
    web: Web,
    url: str,
    part: Path,
    *,
    typed: str | None = None,
    bounds: Bounds | None = None,
    progress: Callable[[Step], None] = ignore,
) -> Downloaded:
    """Fetch a file into `part`, going on where an earlier attempt stopped.

    `typed` is the feed's address as in `Web.get`. `progress` is called with every
    block, in bytes, and may raise to interrupt; what came stays. Raises
    `PodcastError` (`BrokenOff` where the length is not the promised one; what came
    stays), `DiskFull`, `StorageError`.
    """
    bounds = bounds or Bounds()
    job = _Download(web, url, part, typed, bounds, progress, time.monotonic() + bounds.turn)
    with _disk(part):
        return web.patience.keep_trying(job.attempt)


def _beside(part: Path) -> Path:
    return part.with_name(f"{part.name}.state")


@dataclass(frozen=True, slots=True)
class _Download:
    web: Web
    url: str
    part: Path
    typed: str | None
    bounds: Bounds
    progress: Callable[[Step], None]
    ends: float
    """When its turn is over, in seconds of the monotonic clock."""

    def attempt(self) -> Downloaded:
        """One connection. Raises `BrokenOff` unless the file is whole afterwards."""
        state = self._state()
        present = self._present() if state.total is not None or state.condition else 0
        if present and present == state.total:
            return self._finish(state)
        headers = {"Accept": _SOUND, "Accept-Encoding": "identity"}
        if present:
            headers["Range"] = f"bytes={present}-"
            if state.condition:
                headers["If-Range"] = state.condition
        deadline = Deadline(self.bounds.window)
        with self.web.open(self.url, headers, typed=self.typed, deadline=deadline) as reply:
            if reply.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and present:
                return self._nothing_left(reply, state, present)
            start, state = self._begin(reply, state, present)
            self._check_room(state, start)
            state = self._receive(reply, state, start, deadline)
        return self._finish(state)

    def _begin(self, reply: Reply, state: _State, present: int) -> tuple[int, _State]:
        """From which byte on the body goes, and what is known of the file now."""
        if reply.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Malformed(f"{shown(self.url)} comes packed, which was not asked for.")
        if reply.status == HTTPStatus.PARTIAL_CONTENT and present:
            start, total = _content_range(reply)
            etag = reply.validators.etag
            same = state.total is None or total is None or state.total == total
            same = same and (etag is None or state.etag is None or etag == state.etag)
            if start != present or not same or (not state.condition and total is None):
                raise self._start_over("the server has another file now")
            return present, replace(state, total=total or state.total)
        if reply.status != HTTPStatus.OK:
            raise reply.refusal()
        return 0, _State(
            self.url, reply.validators.etag, reply.validators.last_modified,
            reply.length, reply.content_type,
        )  # fmt: skip

    def _receive(self, reply: Reply, state: _State, start: int, deadline: Deadline) -> _State:
        """Write the body; the file is on the disk whatever happens."""
        self.part.touch(mode=0o600)
        with self.part.open("ab") as out:
            if not start:
                out.truncate(0)
                self._keep(state)
            try:
                done = self._write(reply, state, out, start, deadline)
            finally:
                out.flush()
                os.fsync(out.fileno())
        if not done or (state.total is not None and done != state.total):
            promised = f" of {state.total:,}" if state.total is not None else ""
            raise BrokenOff(
                f"{shown(self.url)} ended after {done:,}{promised} bytes.",
                "What came is kept; it is tried again later.",
            )
        return replace(state, total=done)

    def _write(
        self, reply: Reply, state: _State, out: BinaryIO, start: int, deadline: Deadline
    ) -> int:
        """Returns the bytes that are there in the end."""
        done, renewed, watched = start, start, start
        self._tell(done, state)
        for block in reply.blocks:
            if not done and _is_page(reply, block):
                raise Malformed(
                    f"{shown(self.url)} brings a web page, not sound.",
                    "Open the address in a browser; the podcast may ask you to sign in.",
                )
            done += len(block)
            if done > self.bounds.size or (state.total is not None and done > state.total):
                raise self._too_much(state)
            out.write(block)
            if time.monotonic() > self.ends and done != state.total:
                raise BrokenOff(
                    f"{shown(self.url)} is slow: {done:,} bytes came so far.",
                    "What came is kept; it goes on later.",
                    passing=False,
                )
            if done - renewed >= self.bounds.least:
                deadline.renew()
                renewed = done
            if done - watched >= _WATCH:
                self._check_room(state, done)
                watched = done
            self._tell(done, state)
        return done

    def _tell(self, done: int, state: _State) -> None:
        self.progress(Step("downloading", done, state.total, "bytes"))

    def _too_much(self, state: _State) -> TooLarge | BrokenOff:
        if state.total is not None and state.total <= self.bounds.size:
            return self._start_over("more came than was promised")
        return TooLarge(
            f"{shown(self.url)} is larger than {self.bounds.size / MEBIBYTE:,.0f} MiB.",
            "Raise the limit if you want it.",
        )

    def _check_room(self, state: _State, done: int) -> None:
        """Raises `TooLarge`, `DiskFull`."""
        if (state.total or 0) > self.bounds.size:
            raise self._too_much(state)
        left = max(0, (state.total or done) - done)
        free = shutil.disk_usage(self.part.parent).free
        if free - left < self.bounds.floor:
            raise DiskFull(
                f"{shown(self.url)} is not fetched: the disk would have less than"
                f" {self.bounds.floor / MEBIBYTE:,.0f} MiB free.",
                "Free some space, or lower the floor.",
            )

    def _nothing_left(self, reply: Reply, state: _State, present: int) -> Downloaded:
        """After a 416: the file is whole already, or another one."""
        _, total = _content_range(reply)
        if total != present:
            raise self._start_over("the server's file is shorter than what is here")
        return self._finish(replace(state, total=total))

    def _start_over(self, why: str) -> BrokenOff:
        """Forget what is there, which is of no use."""
        self.part.unlink(missing_ok=True)
        return BrokenOff(f"{shown(self.url)}: {why}.", "It is fetched from the beginning.")

    def _finish(self, state: _State) -> Downloaded:
        size = self._present()
        if not size:
            raise BrokenOff(
                f"{shown(self.url)} was removed while it came.",
                "It is fetched again where it is wanted.",
                passing=False,
            )
        with contextlib.suppress(FileNotFoundError):
            _beside(self.part).unlink()
        return Downloaded(self.part, size, state.content_type)

    def _present(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _state(self) -> _State:
        """What is known of the partial file; nothing where it is of another URL."""
        try:
            with _beside(self.part).open("rb") as file:
                table = json.loads(file.read(_MAX_STATE))
            state = _State(**table)
        except (FileNotFoundError, ValueError, TypeError):
            return _State(self.url)
        return state if state.url == self.url else _State(self.url)

    def _keep(self, state: _State) -> None:
        beside = _beside(self.part)
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(asdict(state)), encoding="utf-8")


def _is_page(reply: Reply, block: bytes) -> bool:
    kind = (reply.content_type or "").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} and block.lstrip().startswith(b"<")


def _content_range(reply: Reply) -> tuple[int | None, int | None]:
    """First byte and length of the whole file, where the header has them."""
    match = _RANGE.fullmatch((reply.headers.get("content-range") or "").strip())
    if match is None:
        return None, None
    start, total = match.groups()
    return int(start) if start else None, int(total) if total != "*" else None


@contextmanager
def _disk(part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(
                f"There is no room left for {part.name}.", "Free some space; what came is kept."
            ) from error
        raise StorageError(
            f"{part} cannot be written: {error.strerror or error}.",
            "Mend the permissions of its folder.",
        ) from error

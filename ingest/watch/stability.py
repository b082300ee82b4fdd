"""Which files are still: a file is taken when it has not changed for a while.

Plain values and a clock that is handed in; no threads. (The clock is monotonic,
so that nothing depends on the time of day: files may come from the future.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.watch.scan import Found

MOST: Final = 20_000
"""Files that are watched for stillness at a time; others wait for the next scan."""
TOGETHER: Final = 500
"""Files that are taken together, at most: the first are read while the others are handed in."""


@dataclass(slots=True)
class _Seen:
    found: Found
    since: float


class Stability:
    """Files that were found, until they are still or gone."""

    def __init__(self, still: float) -> None:
        """`still` is in seconds."""
        self._still = still
        self._seen: dict[str, _Seen] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, found: Found, now: float) -> bool:
        """A scan came upon a file; False when there is no room to watch it now."""
        seen = self._seen.get(found.uri)
        if seen is None and len(self._seen) >= MOST:
            return False
        if seen is None or seen.found.signature != found.signature:
            self._seen[found.uri] = _Seen(found, now)
        return True

    def due(self) -> float | None:
        """When to look again; None when nothing is watched."""
        if not self._seen:
            return None
        return min(seen.since for seen in self._seen.values()) + self._still

    def settled(self, now: float, look: Callable[[Path], str | None]) -> list[Found]:
        """Files that were still for long enough, some `TOGETHER`; they are watched no longer.

        `look` tells a file's signature now, None when it is gone.
        """
        done: list[Found] = []
        for uri, seen in list(self._seen.items()):
            if len(done) == TOGETHER:
                break
            if now - seen.since < self._still:
                continue
            signature = look(seen.found.path)
            if signature is None:
                del self._seen[uri]
            elif signature != seen.found.signature:
                self._seen[uri] = _Seen(Found(uri, seen.found.path, signature), now)
            else:
                del self._seen[uri]
                done.append(seen.found)
        return done

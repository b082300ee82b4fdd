"""The terminal UI over a memory that answers at once, so that what is measured is the UI:
`python -m evals.bench.scripted DOCUMENTS SEGMENTS UTTERANCES`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from memex.protocols import NO_FILTERS, Filters
from tui.app import MemexApp

if TYPE_CHECKING:
    from memex.wire import Json
    from tui.memory import Reach

BEGAN: Final = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
SECONDS: Final = 4.0
"""Of a segment: 9,000 of them are ten hours."""
CAPTIONS: Final = 5
"""Of an utterance, until it has settled."""
PACE: Final = 0.004
"""Seconds between two captions."""
SPEAKERS: Final = ("Ada", "Ben")
WORDS: Final = "we come to what was said of hypertext and of the tools that we remember with"


def segment(n: int) -> Json:
    """One of the talk."""
    none = dict.fromkeys(("page", "heading", "line"))
    start, said = n * SECONDS, f"part {n} of it: {WORDS}"
    each = (SECONDS - 0.5) / len(said.split())
    words = [
        [word, start + at * each, start + (at + 1) * each, 0.9]
        for at, word in enumerate(said.split())
    ]
    times = {"start": start, "end": start + SECONDS - 0.5, "speaker": SPEAKERS[n // 4 % 2]}
    return {"text": said, **times, **none, "words": words}


class Scripted:
    """What is asked of a memory here: many documents, one of which is a long talk; and somebody
    who talks on and on.
    """

    def __init__(self, documents: int, segments: int, utterances: int) -> None:
        """So many of each."""
        self._documents = [_row(n) for n in range(documents)]
        self._segments = segments
        self._utterances = utterances

    def status(self) -> Json:
        """All is well."""
        daemons = {"memexd": 1, "memex_ingest": 1}
        return {"documents": {"audio": len(self._documents)}, **daemons, "changes": 0}

    def documents(self, kind: str | None = None, *, hidden: bool = False) -> list[Json]:
        """All."""
        return list(self._documents)

    def people(self) -> list[Json]:
        """Nobody is known."""
        return []

    def feeds(self) -> list[Json]:
        """None."""
        return []

    def traces(self, limit: int) -> list[Json]:
        """None."""
        return []

    def saved_searches(self) -> list[Json]:
        """None."""
        return []

    def search(
        self,
        query: str,
        limit: int,
        filters: Filters = NO_FILTERS,
        *,
        segments: bool = False,
        trace: bool = True,
    ) -> Json:
        """The beginning of the talk."""
        found = segment(0)
        names = ("text", "start", "end", "speaker", "page", "heading")
        snippet = {"text": found["text"], "matches": [], "start": 0.0, "end": found["end"]}
        hit = {
            "id": "talk:0", "document": "talk", "title": "A long day", "kind": "audio",
            "uri": "file:///nowhere", "said_at": BEGAN.isoformat(), "score": 1.0, "ranks": {},
            "snippet": snippet, **{name: found[name] for name in names},
        }  # fmt: skip
        facets: Json = {name: {} for name in ("kinds", "people", "months", "origins", "documents")}
        return {
            "query": query, "hits": [hit], "segments": [[0, 0]], "facets": facets,
            "ms": 1.0, "trace": None,
        }  # fmt: skip

    def segments(self, document_id: str, first: int, last: int) -> Json:
        """A window of the talk."""
        window = [segment(n) for n in range(first, min(last + 1, self._segments))]
        return {"first": first, "count": self._segments, "segments": window}

    def follow_live(self) -> Iterator[Json]:
        """All utterances as they settle, then nothing."""
        for n in range(self._utterances):
            for part in range(1, CAPTIONS + 1):
                yield _caption(n, part)
                time.sleep(PACE)
        while True:
            yield {}
            time.sleep(1)


class Way:
    """The way to it, as far as it is gone here."""

    def __init__(self, memory: Scripted) -> None:
        """It is there already."""
        self._memory = memory

    def memory(self, *, start: bool) -> Scripted:
        """It."""
        return self._memory

    def running(self) -> bool:
        """It does."""
        return True

    def folders(self) -> list[Json]:
        """None is watched."""
        return []

    def hearing(self) -> Mapping[str, Any]:
        """A microphone is heard."""
        ears = {"state": "listening", "reason": "", "device": "microphone", "others": []}
        return {"ears": ears, "private": None, "paused": None}


def _row(n: int) -> Json:
    made = (BEGAN - timedelta(hours=n)).isoformat()
    return {
        "id": f"{n:08}", "kind": "audio", "title": f"Document {n} of the list", "uri": "file:///x",
        "copies": 1, "created_at": made, "author": "Ada", "duration": 60.0 * n, "segments": n,
    }  # fmt: skip


def _caption(n: int, part: int) -> Json:
    words = f"number {n}: {WORDS}.".split()
    settled = words[: len(words) * part // CAPTIONS]
    return {
        "kind": "caption", "recording": f"r{n // 100}", "utterance": n % 100,
        "source": "microphone", "device": "microphone",
        "at": (BEGAN + timedelta(seconds=6 * n)).isoformat(), "settled": " ".join(settled),
        "open": "" if part == CAPTIONS else "and so on", "final": part == CAPTIONS,
        "speaker": SPEAKERS[n // 4 % 2], "document": None,
    }  # fmt: skip


if __name__ == "__main__":
    MemexApp(cast("Reach", Way(Scripted(*map(int, sys.argv[1:]))))).run()

"""A scene for the ears: a virtual microphone, the three daemons, and somebody who watches."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from evals.bench.process import MeasurementFailed
from evals.bench.virtual_microphone import VirtualMicrophone
from memex.client import Client
from memex.condition import condition
from memex.config import Paths
from memex.errors import MemexError
from memex.pause import Pause
from memex.recordings import Phrase, growing
from memex.wire import Json

DAEMONS: Final[Mapping[str, str]] = {
    "memexd": "memex.server",
    "memex-ingest": "ingest.daemon",
    "memex-ears": "ingest.ears.daemon",
}
CONFIG: Final = "[listen]\nalways = true\nchime = false\npause = 10\n"
READY_SECONDS: Final = 120.0
"""What the daemons may take until the microphone is open."""
SETTLED_SECONDS: Final = 1800.0
"""What recognition may take to come to an end, on a busy machine too."""
GLANCE: Final = 0.2
"""Seconds between two looks at what is found: how exact the time is."""
AMONG: Final = 50
"""Hits among which what was said last counts as found: "But she said" stands in many passages."""


@dataclass(slots=True)
class Seen:
    """What was seen of one recording while it grew; times by `time.time`."""

    phrases: list[Phrase] = field(default_factory=list)
    ended_at: list[float] = field(default_factory=list)
    """When each phrase was over, as memex-ears said."""
    found_at: list[float] = field(default_factory=list)
    """When it could be found."""
    live: Json = field(default_factory=dict)
    """The document as it was last seen while it grew."""


class Scene:
    """The daemons of one data directory, and what is told of what they hear."""

    def __init__(self, home: Path, microphone: VirtualMicrophone) -> None:
        """Nothing runs yet."""
        self.microphone = microphone
        self.paths = Paths(home=home, config=home / "config.toml")
        self.client = Client(self.paths)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.captions: list[tuple[float, Json]] = []
        self.seen: dict[str, Seen] = {}
        """By the recording's id."""
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._follow, self._watch)
        ]

    def start(self) -> None:
        """Start the daemons, and watch. Raises `MeasurementFailed`."""
        self.paths.create()
        self.paths.config.write_text(CONFIG, encoding="utf-8")
        environment = self.microphone.environment | {
            "MEMEX_HOME": str(self.paths.home),
            "MEMEX_MODELS": os.environ.get("MEMEX_MODELS", ""),
        }
        for role, module in DAEMONS.items():
            command = [sys.executable, "-m", module, "--quiet"]
            self.processes[role] = subprocess.Popen(command, env=environment)
        self._await()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End everything."""
        self._stopped.set()
        for process in reversed(self.processes.values()):
            process.terminate()
            process.wait()

    def pid(self, role: str) -> int:
        """The process of a daemon."""
        return self.processes[role].pid

    def settle(self) -> None:
        """Wait until what was heard is recognised for good. Raises `MeasurementFailed`."""
        self._until(
            lambda: not any(growing(self.paths.spool / "live")) and self._idle(), SETTLED_SECONDS
        )

    def documents(self) -> list[Json]:
        """All that was heard, whole, in its order."""
        rows = [self.client.document(row["id"]) for row in self.client.documents()]
        return sorted(rows, key=lambda row: str(row["created_at"]))

    def counts(self) -> tuple[float, Mapping[str, int]]:
        """Close the microphone; when that was, and what became of its samples."""
        Pause(self.paths.private).begin()
        self._until(lambda: (self._ears() or {}).get("state") == "private")
        ears = self._ears()
        assert ears
        return time.time(), ears["counts"]

    def _idle(self) -> bool:
        queue = self.client.status()["queue"]
        return not queue["waiting"] and not queue["working"]

    def _ears(self) -> Json | None:
        found: Json | None = condition(self.paths)["ears"]
        return found

    def _await(self) -> None:
        self._until(lambda: bool(self.client.status()))
        self._until(lambda: (self._ears() or {}).get("state") == "listening")

    def _until(self, true: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(MemexError):
                if true():
                    return
            time.sleep(GLANCE)
        raise MeasurementFailed(f"The daemons do not get on: {self._ears()}.")

    def _follow(self) -> None:
        """Look at captions, so that they are made."""
        with contextlib.suppress(MemexError):  # at the end
            for event in self.client.follow_live():
                if event.get("kind") == "caption":
                    self.captions.append((time.time(), event))
                if self._stopped.is_set():
                    return

    def _watch(self) -> None:
        """Look at what grows, and at what of it is found."""
        while not self._stopped.wait(GLANCE):
            now = time.time()
            for recording in growing(self.paths.spool / "live"):
                seen = self.seen.setdefault(recording.id, Seen())
                new = recording.phrases[len(seen.phrases) :]
                seen.phrases += new
                seen.ended_at += [now] * len(new)
                with contextlib.suppress(MemexError):
                    self._look(seen, str(recording.path.as_uri()))

    def _look(self, seen: Seen, uri: str) -> None:
        row = next((row for row in self.client.documents() if row["uri"] == uri), None)
        if row is None:
            return
        seen.live = self.client.document(row["id"])
        last = seen.live["segments"][-1]
        hits = self.client.search(last["text"], AMONG)["hits"]
        ends = [hit["end"] for hit in hits if hit["document"] == row["id"]]
        if ends and max(ends) >= last["end"] - 0.01:
            there = sum(phrase.start / 16_000 < max(ends) for phrase in seen.phrases)
            seen.found_at += [time.time()] * (there - len(seen.found_at))


@contextmanager
def scene(home: Path) -> Iterator[Scene]:
    """A scene that has begun."""
    with VirtualMicrophone("desk") as microphone:
        made = Scene(home, microphone)
        try:
            made.start()
            yield made
        finally:
            made.stop()

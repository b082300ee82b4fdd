"""The devices besides the microphone, as the configuration has them: wearables, satellites."""

from __future__ import annotations

import threading

from ingest.ears.hushes import Hushes
from ingest.ears.satellites import Satellites
from ingest.ears.source import EarFor, Refusal, Source, granted
from ingest.ears.wearables import Wearables
from memex.config import Listening, Paths
from memex.wire import Json


class Devices:
    """A `Source` made of the others; it follows the configuration."""

    def __init__(
        self,
        paths: Paths,
        listen: Listening,
        ear_for: EarFor,
        hushes: Hushes,
        *,
        refusal: Refusal = granted,
    ) -> None:
        """Nothing is opened yet."""
        self._paths = paths
        self._ear_for = ear_for
        self._refusal = refusal
        self._hushes = hushes
        self._lock = threading.Lock()
        self._listen = listen
        self._sources: list[Source] = []
        self._quiet: str | None = None
        self._started = False

    def start(self) -> None:
        """Begin."""
        with self._lock:
            self._started = True
            self._begin()

    def stop(self) -> None:
        """End for good."""
        with self._lock:
            self._started = False
            self._end()

    def quiet(self, reason: str | None) -> None:
        """Hear nothing, or hear again."""
        with self._lock:
            self._quiet = reason
            for source in self._sources:
                source.quiet(reason)

    def use(self, listen: Listening) -> None:
        """Hear as the configuration says now."""
        with self._lock:
            changed = _parts(listen) != _parts(self._listen)
            self._listen = listen
            if changed and self._started:
                self._end()
                self._begin()

    def status(self) -> list[Json]:
        """How each device is."""
        with self._lock:
            return [event for source in self._sources for event in source.status()]

    def _begin(self) -> None:
        listen = self._listen
        self._sources = []
        if listen.wearables:
            self._sources.append(
                Wearables(
                    listen.wearables,
                    self._hushes,
                    self._ear_for,
                    pause=listen.pause,
                    refusal=self._refusal,
                )
            )
        if listen.wyoming:
            self._sources.append(
                Satellites(
                    listen.wyoming,
                    self._paths.satellites,
                    self._ear_for,
                    pause=listen.pause,
                    refusal=self._refusal,
                )
            )
        for source in self._sources:
            source.quiet(self._quiet)
            source.start()

    def _end(self) -> None:
        for source in self._sources:
            source.stop()
        self._sources = []


def _parts(listen: Listening) -> tuple[object, ...]:
    """What of the configuration is theirs."""
    return listen.wearables, listen.wyoming, listen.pause

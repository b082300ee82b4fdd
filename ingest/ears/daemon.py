"""memex-ears: the process that hears. It owns microphones, wearables and satellites.

While nobody asks to listen it has opened no device and imported nothing heavy. It decides
several times a second whether it may be listened (`Consent`); the sources do the rest.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.ears.consent import Consent
from ingest.ears.hushes import Hushes
from ingest.ears.telling import StateFile, Telling
from ingest.signals import when_asked_to_end
from memex.client import Client
from memex.config import Config, load_config
from memex.errors import MemexError, StorageError
from memex.gaps import EARS, Gaps
from memex.locks import RoleLock
from memex.logs import in_journal, setup_logging
from memex.spool import Spool
from memex.wire import Json

if TYPE_CHECKING:
    from ingest.ears.desk import Desk
    from ingest.ears.devices import Devices
    from ingest.ears.recorder import Recorder

LOOK_EVERY: Final = 0.25
"""Seconds between two looks at whether it may be listened, while it is asked to."""
IDLE_EVERY: Final = 1.0
"""The same while nobody asks."""
TELL_EVERY: Final = 1.0
"""Seconds between two looks at whether there is something to tell."""
RETRY_EVERY: Final = 5.0
"""Seconds until what a crash left is tried again, where the disk refused it."""

_log = logging.getLogger(EARS)


class Ears:
    """The daemon's parts, wired together."""

    def __init__(self, config: Config, desk: Callable[[Ears], Desk] | None = None) -> None:
        """Take the role. `desk` makes the microphone's source. Raises `AlreadyRunning`,
        `StorageError`.
        """
        paths = config.paths
        paths.create()
        self._lock = RoleLock(paths.run / "memex-ears.pid")
        self.config = config
        self.consent = Consent(config)
        self._spool = Spool(paths.spool)
        self._gaps = Gaps(paths.deaf, EARS)
        self._telling = Telling(paths, Client(paths))
        self._file = StateFile(paths.ears)
        self._make = desk or _desk
        self._desk: Desk | None = None
        self._devices: Devices | None = None
        """Wearables and satellites, where there are any."""
        self._hushes = Hushes(paths.hushes)
        self._recover_at: float | None = 0.0
        """When what a crash left is to be handed in; None when that is done."""
        self._stopping = threading.Event()
        self._read_at = _changed_at(paths.config)

    def run(self) -> None:
        """Hear until SIGTERM."""
        when_asked_to_end(self._stopping.set)
        telling = threading.Thread(target=self._tell, name="telling")
        telling.start()
        _log.info("memex-ears hears for %s", self._spool.directory)
        try:
            while not self._stopping.is_set():
                self._recover()
                self._look_at_config()
                asked = self._decide()
                self._stopping.wait(LOOK_EVERY if asked else IDLE_EVERY)
        finally:
            ended = self._stopping.is_set()
            self._stopping.set()
            telling.join()
            for source in (self._desk, self._devices):
                if source:
                    source.stop()
            if ended:
                self._end()
            self._lock.release()
            _log.info("memex-ears stopped")

    def ear_for(
        self, source: str, device: str, clock: Callable[[], datetime] | None = None
    ) -> Recorder:
        """A recorder for a device."""
        from ingest.ears.moments import local_now  # noqa: PLC0415 (heavy: see the module)
        from ingest.ears.recorder import Recorder  # noqa: PLC0415

        listen = self.config.listen
        return Recorder(self._spool, source, device, listen=listen, clock=clock or local_now)

    def _decide(self) -> bool:
        """Let it be listened, or not; whether anybody asks. Raises `MemexError` where the
        microphone's thread has died: the next start is better than to be deaf.
        """
        asked, refusal = self.consent.asked(), self.consent.refusal()
        if refusal is None:
            self._hush(quiet=False)
            self._begin()
        for source in (self._desk, self._devices):
            if source:
                source.quiet(refusal)
        if refusal is not None:
            self._hush(quiet=True)
        if self._desk and not self._desk.alive:
            raise MemexError("The microphone's thread broke off.", "The log says where.")
        return asked

    def _begin(self) -> None:
        """Have what listens, from the first time on that it is to be listened."""
        if self._desk is None:
            self._desk = self._make(self)
            self._desk.start()
        listen = self.config.listen
        if self._devices is None and (listen.wearables or listen.wyoming):
            from ingest.ears.devices import Devices  # noqa: PLC0415 (heavy: see the module)

            self._devices = Devices(
                self.config.paths,
                listen,
                self.ear_for,
                self._hushes,
                refusal=self.consent.refusal,
            )
            self._devices.start()

    def _hush(self, *, quiet: bool) -> None:
        """Note it for the wearables, which hear on by themselves."""
        try:
            self._hushes.begin() if quiet else self._hushes.end()
        except StorageError as error:
            _log.warning("it is not noted that nothing is to be heard: %s", error)

    def _recover(self) -> None:
        """Hand in what a crash left."""
        if self._recover_at is None or time.monotonic() < self._recover_at:
            return
        self._recover_at = None
        if not any(self._spool.live.iterdir()):
            return
        from ingest.ears.handing import hand_in  # noqa: PLC0415 (heavy: see the module)

        for item in hand_in(self._spool):
            if isinstance(item, StorageError):
                self._recover_at = time.monotonic() + RETRY_EVERY
            else:
                _log.info("the recording %s was left by a crash", item.id)

    def _look_at_config(self) -> None:
        """Listen as the configuration says now."""
        file = self.config.paths.config
        changed_at = _changed_at(file)
        if changed_at == self._read_at:
            return
        self._read_at = changed_at
        try:
            self.config = load_config(self.config.paths)
        except MemexError as error:
            _log.warning("the configuration stays as it was: %s", error)
            return
        self.consent.config = self.config
        for source in (self._desk, self._devices):
            if source:
                source.use(self.config.listen)

    def _tell(self) -> None:
        """Say how this is, when it changes and now and then; note gaps."""
        while True:
            self._note_gap()
            events = self._events()
            self._file.look(events, self._desk.counts if self._desk else None)
            self._telling.look(events)
            if self._stopping.wait(TELL_EVERY):
                return

    def _events(self) -> list[Json]:
        """How each device is; before anything was opened, why."""
        if self._desk:
            others = self._devices.status() if self._devices else []
            return [*self._desk.status(), *others]
        refusal = self.consent.refusal() or "it is being opened"
        quiet = refusal in {"private", "paused"}
        return [
            {
                "kind": "state",
                "source": "microphone",
                "device": self.config.listen.device or "default microphone",
                "state": refusal if quiet else "off",
                "reason": "" if quiet else refusal,
                "level": None,
                "recording": None,
                "at": datetime.now().astimezone().isoformat(),
            }
        ]

    def _note_gap(self) -> None:
        """Note whether anything can be heard; what the disk refuses is noted later."""
        reason = self.consent.refusal() or (self._desk.trouble if self._desk else "")
        try:
            self._gaps.look(reason, due=self.consent.asked())
        except StorageError as error:
            _log.warning("gaps are not noted: %s", error)

    def _end(self) -> None:
        try:
            self._gaps.end()
            self._file.remove()
        except (StorageError, OSError) as error:
            _log.warning("the end is not noted: %s", error)


def _desk(ears: Ears) -> Desk:
    from ingest.ears.chime import chime  # noqa: PLC0415 (heavy: see the module)
    from ingest.ears.desk import Desk  # noqa: PLC0415

    def soft(kind: str) -> None:
        if ears.config.listen.chime:
            chime(kind)

    listen, refusal = ears.config.listen, ears.consent.refusal
    return Desk(listen, ears.ear_for, refusal=refusal, chime=soft)


def _devices(ears: Ears, hushes: Hushes) -> Devices:
    from ingest.ears.devices import Devices  # noqa: PLC0415 (heavy: see the module)

    config = ears.config
    return Devices(config.paths, config.listen, ears.ear_for, hushes, refusal=ears.consent.refusal)


def _changed_at(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `memex-ears`; errors as messages."""
    parser = argparse.ArgumentParser("memex-ears", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="log to the file only")
    options = parser.parse_args(arguments)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the detector's products are small
    try:
        config = load_config()
        setup_logging(config.paths, EARS, foreground=not options.quiet)
        Ears(config).run()
    except MemexError as error:
        _log.error("%s", error)
        if not in_journal():
            print(f"memex-ears: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The microphone of this machine as a source: opened, pumped and closed by a thread of its own.

Before anything is taken from the device it is asked whether it still may: what is said after
`memex private on` has returned reaches no file.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from ingest.ears.levels import Silence
from ingest.ears.microphone import Microphone, State
from ingest.ears.recorder import Counts, Recorder
from ingest.ears.source import resting, state
from memex.config import Listening
from memex.errors import MemexError
from memex.wire import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

SOURCE: Final = "microphone"
PUMP_EVERY: Final = 0.05
"""Seconds between two looks at what came, while somebody speaks."""
SELDOM: Final = 0.15
"""The same while nobody does: several windows at a time cost the detector hardly more."""
RETRY_EVERY: Final = 10.0
"""Seconds until it is tried again where there is no sound system."""

_log = logging.getLogger(__name__)


class Device(Protocol):
    """What is needed of a `Microphone`."""

    def open(self) -> None:
        """Begin. Raises `MemexError` where there is no sound system."""

    def close(self) -> None:
        """End."""

    def pump(self) -> None:
        """Hand over what came."""

    @property
    def state(self) -> State:
        """How it is."""

    @property
    def reason(self) -> str:
        """Why it is lost."""

    @property
    def device(self) -> str:
        """Its name; "" before it is known."""


Open = Callable[[str, Callable[["Samples", int], None]], Device]
"""Makes a device of which a name is a part, and that hands on what it hears."""
EarFor = Callable[[str, str], Recorder]


class Desk:
    """A `Source`."""

    def __init__(
        self,
        listen: Listening,
        ear_for: EarFor,
        *,
        refusal: Callable[[], str | None] = lambda: None,
        chime: Callable[[str], None] = lambda _: None,
        microphone: Open = Microphone,
    ) -> None:
        """Nothing is opened yet. `refusal` says why nothing more may be heard; `chime` sounds
        when listening has "begun" or "ended".
        """
        self._listen = listen
        self._ear_for = ear_for
        self._refusal = refusal
        self._chime = chime
        self._make = microphone
        self._quiet: str | None = None
        self._stopping = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="microphone")
        self._device: Device | None = None
        """The one that is open."""
        self._opened = listen
        """The configuration with which it was."""
        self._deaf = False
        """Whether what still comes is to be dropped."""
        self._ear: Recorder | None = None
        self._name = ""
        self._silence = Silence(listen.silent * 60)
        self._trouble = ""
        """Why it could not even be tried."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Close the device, hand in what was recorded, and end."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def quiet(self, reason: str | None) -> None:
        """Close the device, or open it."""
        if reason != self._quiet:
            self._quiet = reason
            self._wake.set()

    def use(self, listen: Listening) -> None:
        """Another configuration."""
        self._listen = listen
        self._wake.set()

    @property
    def alive(self) -> bool:
        """Whether its thread runs; it ends only by `stop`, or by a fault of ours."""
        return self._thread.is_alive()

    @property
    def counts(self) -> Counts:
        """What became of all that was heard since the device is this one."""
        return self._ear.counts if self._ear else Counts()

    @property
    def trouble(self) -> str:
        """Why nothing is heard though it should be; "" where all is well."""
        name, reason = self._state()
        return reason if name == "lost" else ""

    def status(self) -> list[Json]:
        """How the microphone is."""
        name, reason = self._state()
        ear = self._ear if self._device else None
        return [state(SOURCE, self._name or self._fallback, name, reason, ear=ear)]

    @property
    def _fallback(self) -> str:
        return self._listen.device or "default microphone"

    def _state(self) -> tuple[str, str]:
        quiet, device, ear = self._quiet, self._device, self._ear
        if quiet is not None:
            return resting(quiet)
        if self._trouble:
            return "lost", self._trouble
        if device is None or device.state == "off":
            return "off", "it is being opened"
        if device.state == "lost":
            return "lost", f"the microphone is lost: {device.reason}"
        if ear and ear.trouble:
            return "lost", ear.trouble
        return ("silent", self._silence.reason) if self._silence.reason else ("listening", "")

    def _run(self) -> None:
        try:
            while not self._stopping:
                refusal = self._quiet or (self._refusal() if self._device else None)
                if refusal is not None:
                    self._close(refusal)
                    self._quiet = refusal
                    self._wake.wait()
                    self._wake.clear()
                else:
                    self._listen_on()
        finally:
            self._close("it ends")

    def _listen_on(self) -> None:
        """Have the device open, and take what came."""
        if self._device and self._opened.device != self._listen.device:
            self._close("another microphone")
        if not self._device and not self._open():
            self._wake.wait(RETRY_EVERY)
            self._wake.clear()
            return
        assert self._device
        self._device.pump()
        if self._device.state == "lost" and self._ear:
            self._ear.stop("the microphone is lost")
        self._look()
        time.sleep(PUMP_EVERY if self._ear and self._ear.speaking else SELDOM)

    def _open(self) -> bool:
        listen = self._listen
        device = self._make(listen.device, self._hear)
        try:
            device.open()
        except MemexError as error:
            self._trouble = str(error)
            return False
        self._trouble, self._device, self._opened, self._deaf = "", device, listen, False
        self._silence = Silence(listen.silent * 60)
        _log.info("listening begins")
        self._chime("begun")
        return True

    def _close(self, reason: str) -> None:
        device, self._device = self._device, None
        if device is None:
            return
        self._deaf = True  # what it hands over now came after that
        if self._ear:
            self._ear.stop(reason)
        try:
            device.close()
        finally:
            _log.info("listening ends: %s", reason)
            self._chime("ended")

    def _hear(self, samples: Samples, lost: int) -> None:
        if self._deaf:
            return
        name = self._device.device if self._device else ""
        if self._ear is None or name != self._name:
            if self._ear:
                self._ear.stop("another microphone")
            self._name, self._ear = name, self._ear_for(SOURCE, name)
        self._ear.listen = self._listen
        self._ear.hear(samples, lost)

    def _look(self) -> None:
        """Whether what comes is of use."""
        assert self._device
        sounding = self._device.state == "listening" and self._ear is not None
        level = self._ear.level if sounding and self._ear else None
        speech = self._ear.speaking if self._ear else False
        self._silence.look(self._name, level, speech=speech)

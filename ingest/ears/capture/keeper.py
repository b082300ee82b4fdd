"""Keeping a microphone open: the thread that opens it, sees that it is gone, and tries again.

PortAudio's calls may take long, or for ever where a sound server hangs; here they keep nobody
waiting but this thread.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import threading
import time
from collections import deque
from typing import Final

from ingest.ears.capture.stream import Stream
from memex.errors import MemexError
from memex.microphones import Device, NoMicrophone, candidates, devices, named_so

RETRY_EVERY: Final = 2.0
"""Seconds until a device that could not be opened is tried again."""
CHECK_EVERY: Final = 0.25
"""Seconds between two looks at whether sound still comes."""
LOOK_EVERY: Final = 30.0
"""Seconds between two looks for the device that is wanted, while another one is heard."""
LOOK_SELDOM: Final = 600.0
"""The same, when it was seen and could not be opened."""
LOOK_SECONDS: Final = 20.0
"""How long such a look may take."""
ANSWER: Final = 10.0
"""Seconds after which it is said that the sound system does not answer."""

_log = logging.getLogger(__name__)


class Keeper:
    """Keeps one microphone open from `start` to `stop`."""

    def __init__(self, wanted: str) -> None:
        """`wanted` is a part of the device's name; "" the system's default."""
        self.streams: deque[Stream] = deque()
        """Those that were opened, in their order. Whoever reads takes away what it has read."""
        self.device = ""
        """The name of the device in use, or of the last one."""
        self.why = ""
        """Why that one."""
        self.sounding = False
        """Whether sound comes, or came until the device was changed a moment ago."""
        self._wanted = wanted
        self._trouble = ""
        self._seen_beside = ""
        """The device that was closed because a better one was seen."""
        self._futile = False
        """Whether it had to be opened again, for the better one refused."""
        self._asked_at: float | None = None
        """Since when PortAudio has been opening a device; None when it is not."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Close the device; False when that took longer: then it is closed later."""
        self._stop.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def trouble(self) -> str:
        """Why nothing is heard; "" when it is, or was not tried long enough."""
        asked_at = self._asked_at  # the other thread forgets it at any moment
        if asked_at is not None and time.monotonic() - asked_at > ANSWER:
            return "the sound system does not answer"
        if self._thread.ident and not self._thread.is_alive() and not self._stop.is_set():
            return "Memex failed at opening it: its log says how"
        return self._trouble

    def _run(self) -> None:
        again = False
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                stream = self._opened(again=again)
            except MemexError as error:
                self._lost(error.message.rstrip("."))
            else:
                self._keep(stream)
            again = True
            if self._trouble and time.monotonic() - began < RETRY_EVERY:
                self._stop.wait(RETRY_EVERY)

    def _opened(self, *, again: bool) -> Stream:
        """Open the device that is wanted, or the one in its place. Raises `MemexError`."""
        self._asked_at = time.monotonic()
        refused: list[NoMicrophone] = []
        try:
            for device, why in candidates(devices(again=again), self._wanted):
                try:
                    stream = Stream(device)
                except NoMicrophone as error:
                    refused.append(error)
                    continue
                self._futile, self._seen_beside = device.name == self._seen_beside, ""
                self.device, self.why = device.name, why
                self.streams.append(stream)
                return stream
        finally:
            self._asked_at = None
        raise refused[0] if refused else NoMicrophone("there is no microphone")

    def _keep(self, stream: Stream) -> None:
        """Have an eye on an open device until it is to be closed, and close it."""
        lookout = _Lookout(self._wanted, LOOK_SELDOM if self._futile else LOOK_EVERY)
        try:
            while not self._stop.wait(CHECK_EVERY):
                trouble = stream.trouble
                if trouble:
                    self._lost(trouble)
                    return
                if stream.arrivals.began is not None and (self._trouble or not self.sounding):
                    self._trouble, self.sounding = "", True
                    _log.info("%s is heard: %s", self.device, self.why)
                if lookout.sees_another(stream.device):
                    _log.info("another microphone is there instead of %s", self.device)
                    self._seen_beside = stream.device.name
                    return
        finally:
            lookout.close()
            stream.close()

    def _lost(self, trouble: str) -> None:
        if trouble != self._trouble:
            _log.warning("nothing is heard: %s", trouble)
        self._trouble, self.sounding = trouble, False


class _Lookout:
    """Whether another device is to be heard by now: the one that is wanted has come, or the
    system has another default. Another process looks, for PortAudio sees no news in this one.
    """

    def __init__(self, wanted: str, every: float) -> None:
        self._wanted = wanted
        self._every = every
        self._looked_at = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None

    def sees_another(self, device: Device) -> bool:
        """Look now and then; never waits."""
        now = time.monotonic()
        if self._process is None:
            if now - self._looked_at >= self._every and self._worth_a_look(device):
                command = (sys.executable, "-m", "memex.microphones", self._wanted)
                self._looked_at = now
                try:
                    self._process = subprocess.Popen(
                        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                    )
                except OSError as error:
                    _log.warning("nobody looks for %s: %s", self._wanted, error.strerror)
            return False
        if self._process.poll() is None:
            if now - self._looked_at > LOOK_SECONDS:
                self.close()
            return False
        name = self._process.communicate()[0].decode(errors="replace").strip()
        self._process = None
        return bool(name) and name != device.name

    def close(self) -> None:
        """Look no more."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.communicate()
            self._process = None

    def _worth_a_look(self, device: Device) -> bool:
        """Linux's sound servers change a default themselves, under the same name."""
        return not named_so(device, self._wanted) or (
            not self._wanted.strip() and device.host == "Core Audio"
        )

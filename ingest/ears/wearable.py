"""A wearable: connected to, heard, and looked for again when it was away."""

from __future__ import annotations

import asyncio
import logging
import struct
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ingest.ears.codecs import Block, Sound
from ingest.ears.hushes import Hushes
from ingest.ears.intermittent import Intermittent
from ingest.ears.omi import (
    AUDIO,
    BATTERY,
    CLOCK,
    CODEC,
    MANUFACTURER,
    Codec,
    UnsupportedDevice,
    codec_of,
    is_omi,
)
from ingest.ears.radio import Link, LinkLost, LinkTo, NoRadio
from ingest.ears.ring import STORE
from ingest.ears.source import QUIET, EarFor, Refusal, granted, resting, state
from ingest.ears.stored import Fetching, Stored
from memex.errors import StorageError
from memex.wire import Json

SOURCE: Final = "wearable"
FIRST: Final = 1.0
"""Seconds until a wearable that went away is looked for; doubled each time it is not found."""
LONGEST: Final = 60.0
"""Seconds between two looks at the most."""
TICK: Final = 0.5
"""Seconds between two looks at a wearable that is connected."""
SILENT: Final = 2.0
"""Seconds without a notification after which it does not send: it hears nothing."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a wearable is waited for."""

    first: float = FIRST
    longest: float = LONGEST
    silent: float = SILENT


USUAL: Final = Patience()


class Wearable:
    """One wearable. All but `quiet` and `status` belongs to the loop that runs `live`."""

    def __init__(
        self,
        address: str,
        name: str,
        link_to: LinkTo,
        ear_for: EarFor,
        hushes: Hushes,
        *,
        pause: float,
        refusal: Refusal = granted,
        patience: Patience = USUAL,
    ) -> None:
        """`name`: what it is called here; "" for its address."""
        self.device = name or address
        self._address = address
        self._link_to = link_to
        self._ear_for = ear_for
        self._hushes = hushes
        self._pause = pause
        self._patience = patience
        ear = ear_for(SOURCE, self.device)
        self._ear = Intermittent(ear, pause=pause, refusal=refusal)
        self._lock = threading.Lock()
        self._quiet: str | None = None
        self._how = ("lost", "it is looked for")
        self._battery: int | None = None
        self._codec: Codec | None = None
        self._sound: Sound | None = None
        """None while what comes is dropped."""
        self._stored: Stored | None = None
        self._heard_at = 0.0
        """When the last notification came, by the monotonic clock."""
        self._changed = asyncio.Event()
        """Set, by the loop, after every `quiet`."""

    def quiet(self, reason: str | None) -> None:
        """Hear nothing, or hear again, at once; `changed` has to follow, in the loop."""
        with self._lock:
            self._quiet = reason
        self._ear.quiet(reason)

    def changed(self) -> None:
        """`quiet` was called."""
        self._changed.set()

    def fail(self, reason: str) -> None:
        """`live` broke off."""
        self._is("off", reason)

    def status(self) -> Json:
        """The event that tells how it is."""
        with self._lock:
            quiet, (name, reason) = self._quiet, self._how
        if quiet is not None:
            name, reason = resting(quiet)
        elif name == "listening" and self._ear.ear.trouble:
            name, reason = "lost", self._ear.ear.trouble
        elif name == "listening" and self._battery is not None:
            reason = f"battery {self._battery} %"
        return state(SOURCE, self.device, name, reason, ear=self._ear.ear)

    async def live(self) -> None:
        """Be there for it, until it is cancelled."""
        wait = self._patience.first
        while True:
            await self._wanted()
            met = self._codec = None
            try:
                await self._connect()
                met = self._codec
            except NoRadio as error:
                self._is("off", str(error))
            except UnsupportedDevice as error:
                self._is("off", str(error))
            except LinkLost as error:
                met = self._codec
                self._is("lost", str(error))
            wait = self._patience.first if met else wait
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._patience.longest)

    async def _connect(self) -> None:
        """Connect, and hear until the connection breaks off or is not wanted any more.

        Raises `NoRadio`, `LinkLost`, `UnsupportedDevice`.
        """
        link, gone = self._link_to(self._address), asyncio.Event()
        fetching: asyncio.Task[None] | None = None
        try:
            await link.open(gone.set)
            self._codec = await self._meet(link)
            self._heard_at = time.monotonic()
            await link.notify(AUDIO, self._heard)
            self._is("listening")
            fetching = asyncio.create_task(self._fetch(link, self._codec))
            await self._attend(gone)
        finally:
            if fetching is not None:
                fetching.cancel()
                await asyncio.wait([fetching])
            if self._codec is not None:
                self._part()
            await _closed(link)

    async def _meet(self, link: Link) -> Codec:
        """See that it is one, and how it codes sound; set its clock."""
        there = link.characteristics
        maker = None
        if MANUFACTURER in there:
            maker = (await link.read(MANUFACTURER)).decode(errors="replace").strip("\0 ")
        if not is_omi(link.name, link.services, maker) or not {AUDIO, CODEC} <= there:
            raise UnsupportedDevice(
                f"{self._address} is no wearable that Memex knows.",
                "See `memex wearable scan` for those that are.",
            )
        codec = codec_of(await link.read(CODEC))
        if CLOCK in there:
            await link.write(CLOCK, struct.pack("<I", int(time.time())))
        if BATTERY in there:
            self._charge(await link.read(BATTERY))
            await link.notify(BATTERY, self._charge)
        return codec

    async def _attend(self, gone: asyncio.Event) -> None:
        """Look after the connection until it is over."""
        while not gone.is_set():
            if self._quiet is not None and self._quiet not in QUIET:
                return  # nobody listens: it need not send
            away = time.monotonic() - self._heard_at
            if away < self._patience.silent:
                self._is("listening")
            else:
                self._is("silent", "it sends nothing")
                if self._sound is not None:
                    self._hand(self._sound.finish())
                self._ear.wait()
                self._ear.rest()
            with suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), TICK)
        self._is("lost", "the connection broke off")

    async def _fetch(self, link: Link, codec: Codec) -> None:
        """Take what it stored, whenever that is to be heard."""
        if STORE not in link.characteristics or codec.kind != "opus":
            return
        if self._stored is None:
            self._stored = Stored(
                self.device, codec, self._ear_for, self._hushes, pause=self._pause
            )
        stored = self._stored
        fetching = Fetching(link, stored)
        try:
            await fetching.begin()
            while True:
                await self._wanted()
                if await fetching.run(lambda: not self._ear.hushed):
                    break
        except (LinkLost, UnsupportedDevice, StorageError) as error:
            _log.warning("%s: %s", self.device, error)
        if stored.seconds or stored.left_out:
            _log.info(
                "%s: %.0f s that it stored were taken in, %.0f s were not to be heard",
                self.device,
                stored.seconds,
                stored.left_out,
            )

    def _heard(self, notification: bytes) -> None:
        """It sends. While it is private it goes on to, so that it does not store instead; that
        is dropped undecoded.
        """
        self._heard_at = time.monotonic()
        if self._ear.hushed or self._codec is None:
            self._sound = None
            return
        if self._sound is None:
            self._sound = Sound(self._codec)
        self._hand(self._sound.feed(notification))

    def _part(self) -> None:
        """The connection is over."""
        if self._sound is not None:
            counts = self._sound.frames.counts
            self._hand(self._sound.finish())
            _log.info("the wearable %s is gone: %s", self.device, counts)
        self._sound = None
        self._ear.stop("the wearable is away")
        if self._how[0] in {"listening", "silent"}:
            self._is("lost", "it is looked for")

    def _hand(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self._ear.hear(block.samples, block.lost)

    def _charge(self, value: bytes) -> None:
        self._battery = min(value[0], 100) if value else None

    def _is(self, name: str, reason: str = "") -> None:
        with self._lock:
            if name != self._how[0]:
                _log.info("the wearable %s: %s", self.device, reason or name)
            self._how = (name, reason)

    async def _wanted(self) -> None:
        """Wait until it is to be heard."""
        while self._quiet is not None:
            self._changed.clear()
            await self._changed.wait()


async def _closed(link: Link) -> None:
    try:
        await link.close()
    except (LinkLost, NoRadio) as error:
        _log.debug("it was gone already: %s", error)

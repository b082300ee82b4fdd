"""The wearables of the configuration, in one thread."""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress

from ingest.ears.hushes import Hushes
from ingest.ears.radio import Link, LinkTo
from ingest.ears.source import EarFor, Refusal, granted
from ingest.ears.wearable import USUAL, Patience, Wearable
from memex import config
from memex.wire import Json

_log = logging.getLogger(__name__)


class Wearables:
    """A `Source`."""

    def __init__(
        self,
        paired: Sequence[config.Wearable],
        hushes: Hushes,
        ear_for: EarFor,
        *,
        pause: float,
        refusal: Refusal = granted,
        link_to: LinkTo | None = None,
        patience: Patience = USUAL,
    ) -> None:
        """`hushes`: in which it is noted when nothing was to be heard."""
        self._quiet: str | None = None
        self._hushes = hushes
        self._patience = patience
        self._wearables = [
            Wearable(
                each.address,
                each.name,
                link_to or _bluetooth,
                ear_for,
                hushes,
                pause=pause,
                refusal=refusal,
                patience=patience,
            )
            for each in paired
        ]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wearables")

    def start(self) -> None:
        """Look for them."""
        if self._wearables:
            self._thread.start()
            self._ready.wait()

    def stop(self) -> None:
        """Part from them."""
        if self._loop is not None and self._over is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # it ended by itself
                self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()

    def quiet(self, reason: str | None) -> None:
        """Hear nothing, or hear again."""
        self._hushes.note(reason)
        if reason == self._quiet:
            return
        self._quiet = reason
        for wearable in self._wearables:
            wearable.quiet(reason)
            if self._loop is not None:
                with suppress(RuntimeError):  # it ended by itself
                    self._loop.call_soon_threadsafe(wearable.changed)

    def status(self) -> list[Json]:
        """How each is."""
        return [wearable.status() for wearable in self._wearables]

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        keepers = [asyncio.create_task(self._keep(each)) for each in self._wearables]
        await self._over.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, wearable: Wearable) -> None:
        """Be there for a wearable again where what the radio's library raises is not foreseen."""
        while True:
            life = asyncio.create_task(wearable.live())
            try:
                await asyncio.wait([life])
            finally:
                life.cancel()
                await asyncio.gather(life, return_exceptions=True)
            error = life.exception()
            _log.error("%s: this should not have happened", wearable.device, exc_info=error)
            wearable.fail(f"this should not have happened: {error!r}")
            await asyncio.sleep(self._patience.longest)


def _bluetooth(address: str) -> Link:
    """The real thing, which takes memory: loaded when the first wearable is looked for."""
    link: Link = importlib.import_module("ingest.ears.bluetooth").BleakLink(address)
    return link

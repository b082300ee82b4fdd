"""Satellites: devices that stream their sound by the Wyoming protocol, over TCP.

A device connects, shows the token (`authenticate`) and streams `audio-start`, `audio-chunk`,
`audio-stop`. While nothing is to be heard it is told so (`pause-satellite`), and what it
sends nevertheless is dropped unheard.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from ingest.ears.addresses import address_of, is_loopback
from ingest.ears.satellite import Satellite
from ingest.ears.source import EarFor, Refusal, granted, resting, state
from ingest.ears.token import same, token
from ingest.ears.wyoming import MAX_LINE, Event, ProtocolError, read_event, to_bytes
from memex import __version__
from memex.errors import MemexError
from memex.wire import Json

SOURCE: Final = "satellite"
MOST: Final = 32
"""Connections at a time, and devices that are remembered."""
INTRODUCTION: Final = 10.0
"""Seconds in which a device has to show the token."""
STALLED: Final = 30.0
"""Seconds without a frame after which a device that streams is given up."""
DRAIN: Final = 5.0
"""Seconds in which a device has to take what it is told."""
START: Final = 5.0
"""Seconds in which the thread has to be there."""
NAME: Final = 64
"""Characters of a device's name."""

_log = logging.getLogger(__name__)


class Refused(Exception):
    """A connection ends: what the device is told, and the code of it."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class Satellites:
    """The server, in a thread of its own."""

    def __init__(
        self,
        address: str,
        token_file: Path,
        ear_for: EarFor,
        *,
        pause: float,
        refusal: Refusal = granted,
    ) -> None:
        """Nothing is opened yet. `pause`: seconds without sound after which a recording ends."""
        self.port = 0
        """Where it listens, once it does."""
        self._address = address
        self._token_file = token_file
        self._ear_for = ear_for
        self._pause = pause
        self._refusal = refusal
        self._lock = threading.Lock()
        self._quiet: str | None = None
        self._failure = ""
        """Why nobody is listened for."""
        self._there: dict[str, tuple[Satellite, asyncio.StreamWriter]] = {}
        self._gone: dict[str, tuple[str, str]] = {}
        """State and reason of those that were there."""
        self._open = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="satellites")
        self._ready = threading.Event()
        """It listens, or will not."""

    def start(self) -> None:
        """Listen. A port that is taken is told by `status`."""
        self._thread.start()
        self._ready.wait(START)

    def stop(self) -> None:
        """End every connection, then the thread."""
        if not self._thread.is_alive():
            return
        self._ready.wait()
        if self._loop is not None and self._over is not None:
            with suppress(RuntimeError):  # it ended by itself
                self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def quiet(self, reason: str | None) -> None:
        """Hear nothing, or hear again; devices are told."""
        with self._lock:
            if reason == self._quiet:
                return
            self._quiet = reason
            satellites = [each for each, _ in self._there.values()]
        for satellite in satellites:
            satellite.sound.quiet(reason)
        if satellites and self._loop is not None:
            told = self._tell_all()
            try:
                asyncio.run_coroutine_threadsafe(told, self._loop)
            except RuntimeError:  # it ends just now
                told.close()

    def status(self) -> list[Json]:
        """How each device is; where nobody can connect, why."""
        with self._lock:
            there = [satellite for satellite, _ in self._there.values()]
            gone = dict(self._gone)
            quiet, failure = self._quiet, self._failure
        if failure:
            return [state(SOURCE, self._address, "off", failure)]
        told = []
        for satellite in there:
            name, reason = resting(quiet) if quiet is not None else satellite.state
            told.append(state(SOURCE, satellite.device, name, reason, ear=satellite.sound.ear))
        told.extend(state(SOURCE, device, *how) for device, how in gone.items())
        return told

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        try:
            host, port = address_of(self._address)
            secret = token(self._token_file)
            server = await asyncio.start_server(
                lambda reader, writer: self._meet(reader, writer, secret),
                host,
                port,
                limit=MAX_LINE,
            )
        except (MemexError, OSError) as error:
            _log.error("no satellites at %s: %s", self._address, error)
            with self._lock:
                self._failure = str(error)
            return
        self.port = server.sockets[0].getsockname()[1]
        _log.info("satellites are listened for at %s; token: %s", self._address, self._token_file)
        if not is_loopback(host):
            _log.warning("what satellites send over the network is not encrypted")
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._over.wait()
        server.close()
        with self._lock:
            writers = [writer for _, writer in self._there.values()]
        for writer in writers:
            writer.close()
        own = asyncio.current_task()
        meetings = [task for task in asyncio.all_tasks() if task is not own]
        for task in meetings:
            task.cancel()
        await asyncio.gather(*meetings, return_exceptions=True)

    async def _meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str
    ) -> None:
        """A connection, from its first to its last byte."""
        peer = writer.get_extra_info("peername")
        self._open += 1
        try:
            async with asyncio.timeout(INTRODUCTION):
                device = await self._introduced(reader, writer, secret)
            await self._attend(device, reader, writer)
        except Refused as refusal:
            _log.warning("the satellite at %s is refused: %s", peer, refusal)
            await _end(writer, str(refusal), refusal.code)
        except ProtocolError as error:
            _log.warning("the satellite at %s is cut off: %s", peer, error)
            await _end(writer, str(error), "protocol")
        except (TimeoutError, OSError) as error:
            _log.info("the satellite at %s is gone: %s", peer, error or "it was silent")
        finally:
            self._open -= 1
            writer.close()

    async def _introduced(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str
    ) -> str:
        """The name of a device that showed the token. Raises `Refused`, `ProtocolError`."""
        if self._open > MOST:
            raise Refused("too many devices are connected", "busy")
        while True:
            event = await read_event(reader)
            if event is None:
                raise OSError("it said nothing")
            if event.type in {"ping", "describe"}:
                await _answer(event, writer)
            elif event.type == "authenticate" and same(secret, event.data.get("token")):
                await _send(writer, Event("authenticated"))
                return _name(event.data.get("device"))
            else:
                raise Refused("a device shows the token first", "unauthenticated")

    async def _attend(
        self, device: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Hear a device until it goes."""
        ear = self._ear_for(SOURCE, device)
        satellite = Satellite(device, ear, pause=self._pause, refusal=self._refusal)
        with self._lock:
            before = self._there.pop(device, None)
            self._there[device] = (satellite, writer)
            self._gone.pop(device, None)
            quiet = self._quiet
        if before is not None:
            _log.info("the satellite %s connected again", device)
            before[0].end("it connected again")
            before[1].close()
        satellite.sound.quiet(quiet)
        _log.info("the satellite %s is connected", device)
        try:
            await self._tell(writer)
            await _listen(satellite, reader, writer)
        finally:
            lost = satellite.streams
            satellite.end("the satellite is gone" if lost else "")
            with self._lock:
                if self._there.get(device, (None,))[0] is satellite:
                    del self._there[device]
                    how = ("lost", "the connection broke off") if lost else ("off", "it left")
                    self._gone[device] = how
                    while len(self._gone) > MOST:
                        del self._gone[next(iter(self._gone))]

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        with self._lock:
            quiet = self._quiet
        await _send(writer, Event("run-satellite" if quiet is None else "pause-satellite"))

    async def _tell_all(self) -> None:
        with self._lock:
            writers = [writer for _, writer in self._there.values()]
        for writer in writers:
            try:
                await self._tell(writer)
            except (OSError, TimeoutError) as error:
                _log.info("a satellite does not listen: %s", error or "it was too slow")
                writer.close()


async def _listen(
    satellite: Satellite, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Take what a device sends until it leaves. Raises `ProtocolError`, `OSError`,
    `TimeoutError`.
    """
    reading = asyncio.ensure_future(read_event(reader))
    try:
        while True:
            wait = STALLED if satellite.streams else satellite.sound.left()
            done, _ = await asyncio.wait([reading], timeout=wait)
            if not done:
                if satellite.streams:
                    raise TimeoutError
                satellite.sound.rest()
                continue
            event = reading.result()
            if event is None:
                return
            if event.type in {"ping", "describe"}:
                await _answer(event, writer)
            else:
                satellite.take(event)
            reading = asyncio.ensure_future(read_event(reader))
    finally:
        reading.cancel()


async def _answer(event: Event, writer: asyncio.StreamWriter) -> None:
    if event.type == "ping":
        await _send(writer, Event("pong", {"text": event.data.get("text")}))
        return
    nothing: list[Json] = []
    kinds = ("asr", "tts", "handle", "intent", "wake", "mic", "snd")
    await _send(writer, Event("info", dict.fromkeys(kinds, nothing) | {"memex": __version__}))


async def _send(writer: asyncio.StreamWriter, event: Event) -> None:
    """Raises `OSError`, and `TimeoutError` for a device that takes nothing."""
    writer.write(to_bytes(event))
    async with asyncio.timeout(DRAIN):
        await writer.drain()


async def _end(writer: asyncio.StreamWriter, text: str, code: str) -> None:
    """Tell a device why it is cut off, if it listens."""
    try:
        await _send(writer, Event("error", {"text": text, "code": code}))
    except (OSError, TimeoutError) as error:
        _log.debug("it is not told: %s", error)


def _name(told: object) -> str:
    """A device's name as it can be shown. Raises `Refused`."""
    text = "".join(each for each in told if each.isprintable()) if isinstance(told, str) else ""
    if not text.strip():
        raise Refused("a device tells its name", "unnamed")
    return text.strip()[:NAME]

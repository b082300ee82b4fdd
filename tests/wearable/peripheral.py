"""An Omi without a radio: its GATT table and its bytes, by what its firmware does.

Whoever is connected and subscribed gets sound as it is heard; while nobody is connected it goes
into the ring of records. Faults are those of a radio: notifications that are lost, come twice
or late, and connections that break off, in the middle of a frame too.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field

import av
import numpy as np
from numpy.typing import NDArray

from ingest.ears.radio import LinkLost

Samples = NDArray[np.int16]

BASE = "-e8f2-537e-4f6c-d104768a1214"
SERVICES = {
    "19b10000" + BASE,
    "19b10030" + BASE,
    "30295780-4301-eabd-2904-2849adfeae43",
    "0000180f-0000-1000-8000-00805f9b34fb",
    "0000180a-0000-1000-8000-00805f9b34fb",
}
AUDIO = "19b10001" + BASE
CODEC = "19b10002" + BASE
CLOCK = "19b10031" + BASE
STORE = "30295781-4301-eabd-2904-2849adfeae43"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
MAKER = "00002a29-0000-1000-8000-00805f9b34fb"


def opus(sound: Samples, milliseconds: int = 20) -> list[bytes]:
    """Frames as the firmware's encoder makes them: 32 kbit/s VBR, restricted low delay."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 16_000, "mono", "s16"
    encoder.bit_rate = 32_000
    encoder.options = {
        "application": "lowdelay",
        "frame_duration": str(milliseconds),
        "vbr": "on",
        "compression_level": "3",
    }
    size = 16 * milliseconds
    packets: list[bytes] = []
    for at in range(0, len(sound) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(sound[None, at : at + size], "s16", "mono")
        frame.sample_rate, frame.pts = 16_000, at
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    return packets[: len(sound) // size]


def pcm(sound: Samples, samples: int = 160) -> list[bytes]:
    """Frames of 16 bits."""
    return [
        sound[at : at + samples].astype("<i2").tobytes()
        for at in range(0, len(sound) - samples + 1, samples)
    ]


def notifications(frames: Iterable[bytes], mtu: int = 247, first: int = 0) -> list[bytes]:
    """As push_to_gatt of the firmware sends them: every notification has a number of its own."""
    sent: list[bytes] = []
    room = mtu - 6
    for frame in frames:
        for index, at in enumerate(range(0, len(frame), room)):
            number = (first + len(sent)) % 65_536
            sent.append(struct.pack("<HB", number, index) + frame[at : at + room])
    return sent


def records(frames: Iterable[bytes], began: float, seconds: float = 0.02) -> list[bytes]:
    """As the firmware packs what it stores: 444 bytes, the time first."""
    packed: list[bytes] = []
    record, time = b"", began
    for count, frame in enumerate(frames):
        if len(record) + 1 + len(frame) >= 440:
            packed.append(struct.pack(">I", int(time)) + record.ljust(440, b"\0"))
            record, time = b"", began + count * seconds
        record += bytes([len(frame)]) + frame
    if record:
        packed.append(struct.pack(">I", int(time)) + record.ljust(440, b"\0"))
    return packed


@dataclass
class Omi:
    """The device. What it does is set before it is connected to."""

    codec: int = 21
    name: str = "Omi"
    maker: str = "Based Hardware"
    live: list[bytes] = field(default_factory=list)
    """Notifications that it sends once it is subscribed to, as they are."""
    breaks: list[int] = field(default_factory=list)
    """After so many of them the connection breaks off, each time once."""
    stored: list[bytes] = field(default_factory=list)
    """Records."""
    services: set[str] = field(default_factory=lambda: set(SERVICES))
    mtu: int = 247
    away: int = 0
    """Times that it is not found."""
    battery: int = 80
    crc: bool = True
    """Whether it sends a checksum, as newer firmware does."""
    legacy: bool = False
    """Whether it stores as older firmware does, which knows none of the commands."""
    spoilt: int = 0
    """Transfers of stored sound that miss a piece."""
    pace: float = 0.0
    """Seconds between sixteen notifications; 0 is as fast as it goes."""
    clock: int | None = None
    first: int = 7
    """The number of the first record that it keeps."""
    connections: int = 0
    sent: int = 0
    subscribed: bool = False
    reads: list[tuple[int, int]] = field(default_factory=list)

    def link(self, address: str) -> OmiLink:
        """A connection to it."""
        assert address == "C0:FF:EE:00:00:01"
        return OmiLink(self)


class OmiLink:
    """A `Link`, in memory."""

    def __init__(self, omi: Omi) -> None:
        self._omi = omi
        self._lost: Callable[[], None] | None = None
        self._listeners: dict[str, Callable[[bytes], None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, lost: Callable[[], None]) -> None:
        await asyncio.sleep(0)
        if self._omi.away:
            self._omi.away -= 1
            raise LinkLost("The wearable does not answer: it was not found.")
        self._omi.connections += 1
        self._lost = lost

    async def close(self) -> None:
        self._omi.subscribed = False
        for task in self._tasks:
            task.cancel()
        self._lost = None

    @property
    def name(self) -> str:
        return self._omi.name

    @property
    def services(self) -> frozenset[str]:
        return frozenset(self._omi.services)

    @property
    def characteristics(self) -> frozenset[str]:
        return frozenset({AUDIO, CODEC, CLOCK, STORE, BATTERY, MAKER})

    async def read(self, characteristic: str) -> bytes:
        self._check()
        return {
            CODEC: bytes([self._omi.codec]),
            BATTERY: bytes([self._omi.battery]),
            MAKER: self._omi.maker.encode(),
        }[characteristic]

    async def write(self, characteristic: str, value: bytes) -> None:
        self._check()
        if characteristic == CLOCK:
            (self._omi.clock,) = struct.unpack("<I", value)
        else:
            assert characteristic == STORE
            self._start(self._command(value))

    async def notify(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        self._check()
        assert characteristic not in self._listeners, "bleak refuses to subscribe twice"
        self._listeners[characteristic] = heard
        if characteristic == AUDIO:
            self._omi.subscribed = True
            self._start(self._speak())

    def _check(self) -> None:
        if self._lost is None:
            raise LinkLost("The wearable is not connected.")

    def _start(self, doing: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.create_task(doing))

    async def _speak(self) -> None:
        omi = self._omi
        while omi.sent < len(omi.live) and self._lost:
            if omi.breaks and omi.sent == omi.breaks[0]:
                omi.breaks.pop(0)
                self._break_off()
                return
            omi.sent += 1
            self._listeners[AUDIO](omi.live[omi.sent - 1])
            if omi.sent % 16 == 0:
                await asyncio.sleep(omi.pace)

    def _break_off(self) -> None:
        self._omi.subscribed = False
        lost, self._lost = self._lost, None
        if lost:
            lost()

    def _say(self, answer: bytes) -> None:
        if self._lost:
            assert len(answer) <= self._omi.mtu - 3
            self._listeners[STORE](answer)

    async def _command(self, value: bytes) -> None:
        await asyncio.sleep(0)
        omi, command = self._omi, value[0]
        end = omi.first + len(omi.stored)
        if omi.legacy:
            self._say(bytes([6]))
        elif command == 0x10:
            self._say(b"\x02" + struct.pack(">QQIQH", omi.first, end, 100_000, 0, 444))
        elif command == 0x11:
            await self._transfer(*struct.unpack(">QI", value[1:]))
        elif command == 0x12:
            (first,) = struct.unpack(">Q", value[1:])
            assert omi.first <= first <= end
            del omi.stored[: first - omi.first]
            omi.first = first
            self._say(b"\x01\x00")

    async def _transfer(self, first: int, count: int) -> None:
        omi = self._omi
        omi.reads.append((first, count))
        if not omi.first <= first <= omi.first + len(omi.stored):
            self._say(b"\x01\x0a")
            return
        sent = omi.stored[first - omi.first :][:count]
        self._say(b"\x05" + struct.pack(">QI", first, len(sent)))
        data, room = b"".join(sent), omi.mtu - 4
        spoilt, omi.spoilt = omi.spoilt > 0, max(0, omi.spoilt - 1)
        for at in range(0, len(data), room):
            if not (spoilt and at == room):
                self._say(b"\x03" + data[at : at + room])
            await asyncio.sleep(omi.pace / 16)
        check = struct.pack(">I", zlib.crc32(data)) if omi.crc else b""
        self._say(b"\x04\x00" + struct.pack(">Q", first + len(sent)) + check)

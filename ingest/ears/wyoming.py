"""The Wyoming protocol's frames and sound (https://github.com/OHF-Voice/wyoming), with bounds.

A frame is a line of JSON {"type", "data", "data_length", "payload_length"}, then `data_length`
bytes of JSON that are merged over `data`, then `payload_length` bytes. (The PyPI package
`wyoming` reads as many bytes as a frame asks for; whoever may connect could fill the memory.)
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from memex.errors import MemexError
from memex.wire import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

MAX_LINE: Final = 16_384
"""Bytes of a frame's first line."""
MAX_DATA: Final = 65_536
"""Bytes of JSON behind it."""
MAX_PAYLOAD: Final = 1_048_576
"""Bytes of sound: 5 s of 48 kHz stereo."""
PATIENCE: Final = 10.0
"""Seconds in which a frame that has begun has to come whole."""
RATES: Final = range(4_000, 192_001)
CHANNELS: Final = range(1, 9)
WIDTHS: Final = range(1, 5)
"""Bytes of a sample."""


class ProtocolError(MemexError):
    """What came is no frame, or one beyond the bounds."""


@dataclass(frozen=True, slots=True)
class Event:
    """A frame."""

    type: str
    data: Mapping[str, object] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Format:
    """How a stretch of sound is coded."""

    rate: int
    """Samples a second, of each channel."""
    width: int
    """Bytes of a sample: 1 without sign, more with, little-endian."""
    channels: int


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """The next frame, however long it lets wait; None at the end of the stream.

    Raises `ProtocolError`, `OSError`, and `TimeoutError` for one that does not get on.
    """
    first = await reader.read(1)
    if not first:
        return None
    async with asyncio.timeout(PATIENCE):
        try:
            line = first if first == b"\n" else first + await reader.readuntil(b"\n")
            if len(line) > MAX_LINE:
                raise ProtocolError("a frame's first line is too long")
            head = _object(line)
            data = _inline(head)
            if length := _length(head, "data_length", MAX_DATA):
                data |= _object(await reader.readexactly(length))
            length = _length(head, "payload_length", MAX_PAYLOAD)
            payload = await reader.readexactly(length) if length else b""
        except asyncio.IncompleteReadError as error:
            raise ProtocolError("the connection broke off within a frame") from error
        except asyncio.LimitOverrunError as error:
            raise ProtocolError("a frame's first line is too long") from error
    kind = head.get("type")
    if not isinstance(kind, str):
        raise ProtocolError("a frame has no type")
    return Event(kind, data, payload)


def to_bytes(event: Event) -> bytes:
    """A frame."""
    head: Json = {"type": event.type, "data": dict(event.data)}
    if event.payload:
        head["payload_length"] = len(event.payload)
    return json.dumps(head).encode() + b"\n" + event.payload


def format_of(data: Mapping[str, object]) -> Format:
    """What `audio-start` and `audio-chunk` declare. Raises `ProtocolError`."""
    values = [data.get(name) for name in ("rate", "width", "channels")]
    for value, known in zip(values, (RATES, WIDTHS, CHANNELS), strict=True):
        if not isinstance(value, int) or isinstance(value, bool) or value not in known:
            raise ProtocolError("rate, width or channels of the sound are missing or not possible")
    rate, width, channels = (value for value in values if isinstance(value, int))
    return Format(rate, width, channels)


def mono(payload: bytes, form: Format) -> Samples:
    """Samples as 16 bits, the channels' mean. Raises `ProtocolError` for half a sample."""
    if len(payload) % (form.width * form.channels):
        raise ProtocolError("a chunk of sound ends within a sample")
    if form.width == 1:
        wide = (np.frombuffer(payload, np.uint8).astype(np.int32) - 128) << 8
    else:  # the two bytes that weigh most
        cells = np.frombuffer(payload, np.uint8).reshape(-1, form.width)[:, -2:]
        wide = np.ascontiguousarray(cells).view("<i2").reshape(-1).astype(np.int32)
    if form.channels > 1:
        wide = wide.reshape(-1, form.channels).sum(axis=1) // form.channels
    return wide.astype(np.int16)


def _object(text: bytes) -> Json:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a frame is not JSON") from error
    if not isinstance(value, dict):
        raise ProtocolError("a frame is no JSON object")
    return value


def _inline(head: Json) -> Json:
    data = head.get("data") or {}
    if not isinstance(data, dict):
        raise ProtocolError("a frame's data is no JSON object")
    return dict(data)


def _length(head: Json, name: str, most: int) -> int:
    value = head.get(name)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ProtocolError(f"a frame's {name} is not between 0 and {most}")
    return value

"""The Omi wearable's protocol: bytes as its radio sends them, and nothing of the radio.

What is supported, and where each fact is from: docs/wearables.md.

A notification is [number: u16 little-endian][index: u8][bytes]: `number` counts the
notifications and wraps at 65,536, `index` counts the parts of one frame from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from memex.errors import MemexError

SERVICE: Final = "19b10000-e8f2-537e-4f6c-d104768a1214"
"""Sound. It is also the UUID of a widespread Arduino example, so it proves nothing."""
AUDIO: Final = "19b10001-e8f2-537e-4f6c-d104768a1214"
"""Notifications: sound as it is heard."""
CODEC: Final = "19b10002-e8f2-537e-4f6c-d104768a1214"
"""Read: how sound is coded, one byte."""
CLOCK: Final = "19b10031-e8f2-537e-4f6c-d104768a1214"
"""Written: the time, seconds since 1970, u32 little-endian."""
BATTERY: Final = "00002a19-0000-1000-8000-00805f9b34fb"
"""Read, notifications: percent, one byte."""
MANUFACTURER: Final = "00002a29-0000-1000-8000-00805f9b34fb"
"""Read: who made it, UTF-8."""

NAME: Final = "omi"
"""What the advertised name begins with, in lower case."""
MAKER: Final = "Based Hardware"
HEADER: Final = 3
"""Bytes of a notification before the frame's."""
LONGEST: Final = 2048
"""Bytes that a frame has at the most; RFC 6716 allows an Opus frame 1275."""
NUMBERS: Final = 0x10000
"""Where the count of notifications wraps."""
STALE: Final = 0x8000
"""A number that is further ahead than this is one from before."""
RESTARTED: Final = 8
"""Notifications from before, one after the other, after which the count began anew."""

Kind = Literal["pcm", "mulaw", "opus"]


class UnsupportedDevice(MemexError):
    """A device that is none of those that Memex knows, or speaks as none of them does."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How a wearable codes sound, always mono."""

    kind: Kind
    rate: int
    """Samples a second."""
    samples: int
    """In a frame."""


CODECS: Final = {
    0: Codec("pcm", 16_000, 160),
    1: Codec("pcm", 8_000, 160),
    10: Codec("mulaw", 16_000, 160),
    11: Codec("mulaw", 8_000, 160),
    20: Codec("opus", 16_000, 160),
    21: Codec("opus", 16_000, 320),
}
"""By their ids. The maker's document says that 1 has samples of 16 bits; the app names it
"pcm8", but counts with 160 bytes a hundredth of a second, which is 16 bits at 8 kHz."""


def codec_of(value: bytes) -> Codec:
    """What the codec characteristic says. Raises `UnsupportedDevice`: a guess would be noise."""
    codec = CODECS.get(value[0]) if len(value) == 1 else None
    if codec is None:
        raise UnsupportedDevice(
            f"The wearable codes sound in a way that is not known (codec {value.hex() or 'none'}).",
            "Look whether a newer Memex knows it.",
        )
    return codec


def is_omi(name: str, services: frozenset[str], maker: str | None = None) -> bool:
    """Whether a device is one: by its service, and by its name or its maker.

    `maker` can only be read from a device that is connected.
    """
    named = name.strip().lower().startswith(NAME)
    return SERVICE in services and (named or maker == MAKER)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that came whole."""

    data: bytes
    lost: int
    """Frames that are missing before it."""


@dataclass(slots=True)
class Counts:
    """What came over the radio."""

    notifications: int = 0
    missing: int = 0
    """Numbers that never came, or came too late."""
    repeated: int = 0
    late: int = 0
    malformed: int = 0
    frames: int = 0
    """That came whole."""
    lost: int = 0
    """Frames that did not."""


class Frames:
    """Makes frames of notifications, and counts what is missing.

    A frame is whole when the next one begins and no number is missing between. How many
    frames were in a gap is exact while each frame has as many parts as the ones before
    (with a usual MTU, one).
    """

    def __init__(self, codec: Codec) -> None:
        """Nothing has come yet."""
        self.counts = Counts()
        self._fixed = codec.kind != "opus"
        """Whether every frame has as many bytes."""
        self._number: int | None = None
        """The last notification's."""
        self._last = b""
        self._parts: list[bytes] | None = None
        """Of the frame that is coming; None where its beginning is missing."""
        self._usual = 1
        """Parts of the last whole frame."""
        self._size = 0
        """Its bytes."""
        self._full = 0
        """Bytes of the longest part so far."""
        self._gone = 0
        """Frames lost since the last whole one."""
        self._stale = 0
        """Late notifications, one after the other."""

    def feed(self, notification: bytes) -> Iterator[Frame]:
        """A notification came: the frame that it shows to be whole."""
        self.counts.notifications += 1
        if not HEADER < len(notification) <= HEADER + LONGEST:
            self.counts.malformed += 1
            return
        number = int.from_bytes(notification[:2], "little")
        index, part = notification[2], notification[HEADER:]
        step = 1 if self._number is None else (number - self._number) % NUMBERS
        if step == 0 and not self._continues(index):
            self._count_twice(notification)
            return
        if step >= STALE and not self._begins_anew():
            return
        self._stale = 0
        self._number, self._last = number, notification
        self._full = max(self._full, len(part))
        if 1 < step < STALE:
            yield from self._gap(step - 1, index)
        yield from self._place(index, part)

    def finish(self) -> Iterator[Frame]:
        """The connection is over: the last frame, where it seems whole."""
        if self._parts and self._seems_whole():
            yield from self._whole()
        elif self._parts:
            self._lose()
        self._parts = None

    def gone(self) -> int:
        """Frames that were lost after the last whole one; the next one does not tell of them."""
        gone, self._gone = self._gone, 0
        return gone

    def _continues(self, index: int) -> bool:
        """Whether a part with the number of the one before is its frame's next."""
        return self._parts is not None and index == len(self._parts) > 0

    def _count_twice(self, notification: bytes) -> None:
        if notification == self._last:
            self.counts.repeated += 1
        else:
            self.counts.malformed += 1

    def _begins_anew(self) -> bool:
        """Whether a number from before means that the count began anew."""
        self.counts.late += 1
        self._stale += 1
        if self._stale < RESTARTED:
            return False
        if self._parts:
            self._lose()
        self._parts = None
        return True

    def _gap(self, missing: int, index: int) -> Iterator[Frame]:
        """`missing` notifications did not come before one with `index`."""
        self.counts.missing += missing
        if self._parts and index - len(self._parts) == missing:  # all of one frame
            self._lose()
            self._parts = None
            return
        if self._parts:
            if self._seems_whole():
                yield from self._whole()
            else:
                missing -= max(0, self._usual - len(self._parts))
                self._lose()
        self._parts = None
        if index:  # the beginning of a frame is among them
            missing -= index
            self._lose()
        self._lose(round(max(0, missing) / self._usual))

    def _place(self, index: int, part: bytes) -> Iterator[Frame]:
        if index == 0:
            if self._parts:
                yield from self._whole()
            self._parts = [part]
        elif self._parts is None:
            return  # of a frame that is lost already
        elif index == len(self._parts) and sum(map(len, self._parts)) + len(part) <= LONGEST:
            self._parts.append(part)
        else:
            self.counts.malformed += 1
            self._lose()
            self._parts = None

    def _seems_whole(self) -> bool:
        """Whether nothing of the frame that is coming can be missing."""
        parts = self._parts or []
        if self._fixed and self._size:
            return sum(map(len, parts)) == self._size
        alone = self._usual == 1 and len(parts) == 1
        return alone or len(parts[-1]) < self._full

    def _whole(self) -> Iterator[Frame]:
        parts = self._parts or []
        data = b"".join(parts)
        self._usual, self._size = len(parts), len(data)
        lost, self._gone = self._gone, 0
        self.counts.frames += 1
        yield Frame(data, lost)

    def _lose(self, frames: int = 1) -> None:
        self._gone += frames
        self.counts.lost += frames


def stored_frames(data: bytes) -> Iterator[bytes]:
    """The frames of stored sound: each behind its length in a byte; zeros pad.

    What a record breaks off in the middle of is left out. One that reaches its very end is
    too: firmware 3.0.20 leaves only a length there, and no firmware writes such a frame.
    """
    place = 0
    while place < len(data):
        length = data[place]
        if place + 1 + length >= len(data) and length:
            return
        if length:
            yield data[place + 1 : place + 1 + length]
        place += 1 + length

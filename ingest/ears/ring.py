"""The Omi's stored sound: a ring of records, as firmware from 3.0.20 on keeps it.

What the wearable hears while nobody is connected it keeps. A record is
[time: u32 big-endian][440 bytes of frames, each behind its length, padded by zeros]; it is
named by its sequence number. Whence these facts are: docs/wearables.md.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

STORE: Final = "30295781-4301-eabd-2904-2849adfeae43"
"""Written: commands. Notifications: their answers, one byte that says which, then its own."""
RECORD: Final = 444
"""Bytes of a record."""

STOP: Final = b"\x03"
INFO: Final = b"\x10"
ACK_ANSWER: Final = 0x01
INFO_ANSWER: Final = 0x02
DATA: Final = 0x03
DONE: Final = 0x04
BEGIN: Final = 0x05


@dataclass(frozen=True, slots=True)
class Ring:
    """What is stored: the records from `first` up to but not including `end`."""

    first: int
    end: int
    dropped: int
    """Records that were written over before anybody read them."""


@dataclass(frozen=True, slots=True)
class Record:
    """Some frames, and when they were heard."""

    time: int
    """Seconds since 1970 by the wearable's clock; anything where it was not set."""
    frames: bytes


def read_command(first: int, count: int) -> bytes:
    """Send so many records."""
    return struct.pack(">BQI", 0x11, first, count)


def advance_command(first: int) -> bytes:
    """The records before this one are not needed any more."""
    return struct.pack(">BQ", 0x12, first)


def ring_of(answer: bytes) -> Ring | None:
    """What an answer to `INFO` says; None for one that is none of this protocol."""
    if len(answer) != 31 or answer[0] != INFO_ANSWER:
        return None
    first, end, capacity, dropped, size = struct.unpack(">QQIQH", answer[1:])
    if size != RECORD or not first <= end or end - first > capacity:
        return None
    return Ring(first, end, dropped)


class Transfer:
    """The answers to `read_command`, put together and checked."""

    def __init__(self, first: int, count: int) -> None:
        """What was asked for."""
        self.failed = ""
        """Why it cannot be used; "" while it can."""
        self.done = False
        """Nothing more comes."""
        self._first = first
        self._count = count
        self._data = bytearray()

    def feed(self, answer: bytes) -> None:
        """An answer came."""
        if not answer or self.done:
            return
        match answer[0]:
            case 0x03:
                self._data += answer[1:]
                if len(self._data) > self._count * RECORD:
                    self._fail("more came than was asked for")
            case 0x05 if len(answer) == 13:
                first, count = struct.unpack(">QI", answer[1:])
                if first != self._first or count > self._count:
                    self._fail("other records came than were asked for")
                self._count = min(count, self._count)
            case 0x04 if len(answer) in (10, 14):
                self._finish(answer)
            case 0x01 if len(answer) == 2 and answer[1]:
                self._fail(f"the wearable refuses (status {answer[1]})")

    def records(self) -> list[Record]:
        """What came, once it is `done` and has not `failed`."""
        parts = (self._data[at : at + RECORD] for at in range(0, len(self._data), RECORD))
        return [Record(int.from_bytes(part[:4], "big"), bytes(part[4:])) for part in parts]

    def _finish(self, answer: bytes) -> None:
        status, following = struct.unpack(">BQ", answer[1:10])
        self.done = True
        if status:
            self._fail(f"the wearable could not read them (status {status})")
        elif following != self._first + self._count or len(self._data) != self._count * RECORD:
            self._fail("not everything came")
        elif len(answer) == 14 and int.from_bytes(answer[10:], "big") != zlib.crc32(self._data):
            self._fail("what came is damaged")

    def _fail(self, why: str) -> None:
        self.failed = self.failed or why
        self.done = True

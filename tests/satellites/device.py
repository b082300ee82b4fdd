"""A satellite as a device is: frames over a socket, by the protocol's own library."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

import numpy as np
from wyoming.event import Event, read_event, write_event

WAIT = 60.0
"""Seconds that a test waits at the most."""


class Device:
    """A connection to memex-ears."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        self._in = cast("BinaryIO", self.socket.makefile("rb"))
        self._out = cast("BinaryIO", self.socket.makefile("wb"))

    def send(self, kind: str, _payload: bytes | None = None, /, **data: object) -> None:
        write_event(Event(kind, data, _payload), self._out)

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> Event | None:
        """None when the connection was closed."""
        try:
            return read_event(self._in)
        except ConnectionError:
            return None

    def introduce(self, token: str, name: str = "kitchen") -> Event | None:
        """Show the token; what is answered."""
        self.send("authenticate", token=token, device=name)
        return self.read()

    def stream(self, sound: np.ndarray, rate: int, *, channels: int = 1, block: int = 1024) -> None:
        """Samples of 16 bits, shape (n,) or (n, channels)."""
        how = {"rate": rate, "width": 2, "channels": channels}
        self.send("audio-start", **how, timestamp=0)
        for at in range(0, len(sound), block):
            part = sound[at : at + block].astype("<i2").tobytes()
            self.send("audio-chunk", part, **how, timestamp=round(at / rate * 1000))
        self.send("audio-stop", timestamp=round(len(sound) / rate * 1000))

    def sync(self) -> list[Event]:
        """Wait until everything that was sent was taken; what was told meanwhile."""
        told = []
        self.send("ping", text="so far")
        while (event := self.read()) is not None and event.type != "pong":
            told.append(event)
        return told

    def close(self) -> None:
        self._in.close()
        with suppress(ConnectionError):
            self._out.close()
        self.socket.close()


@contextmanager
def connected(port: int) -> Iterator[Device]:
    device = Device(port)
    try:
        yield device
    finally:
        device.close()

"""What a wearable is reached by. `ingest.ears.bluetooth` is the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from memex.errors import MemexError


class NoRadio(MemexError):
    """The machine has no Bluetooth, or nobody may use it."""


class LinkLost(MemexError):
    """The wearable is away, or does not answer."""


@dataclass(frozen=True, slots=True)
class Found:
    """A device that advertises itself."""

    address: str
    name: str
    services: frozenset[str]
    """UUIDs, in lower case."""
    strength: int
    """dBm."""


class Link(Protocol):
    """A connection to one device. UUIDs are in lower case; what can fail raises `LinkLost`."""

    async def open(self, lost: Callable[[], None]) -> None:
        """Connect; `lost` is called when the connection breaks off. Raises `NoRadio` too."""

    async def close(self) -> None:
        """Disconnect; nothing happens where it is not connected."""

    @property
    def name(self) -> str:
        """What the device calls itself; "" where it does not."""

    @property
    def services(self) -> frozenset[str]:
        """Those that the device has."""

    @property
    def characteristics(self) -> frozenset[str]:
        """Those that the device has."""

    async def read(self, characteristic: str) -> bytes:
        """Its value."""

    async def write(self, characteristic: str, value: bytes) -> None:
        """Have the device take a value; it has when this returns."""

    async def notify(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        """Have `heard` called with each of its notifications, in order."""


LinkTo = Callable[[str], Link]
"""Makes one to an address."""

"""Bluetooth Low Energy, by bleak. Imported only where a wearable is paired or looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bleak import BleakClient, BleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError

from ingest.ears.radio import Found, LinkLost, NoRadio

ABSENT = frozenset({"org.freedesktop.DBus.Error.ServiceUnknown", "org.bluez.Error.NotReady"})
"""What D-Bus says where nothing serves Bluetooth, or it is switched off."""
REMEDY = (
    "On Linux it takes the package bluez, its service (`systemctl start bluetooth`) and the system "
    "bus of D-Bus; on macOS the permission in System Settings > Privacy > Bluetooth. "
    "`bluetoothctl power on` switches an adapter on."
)


@contextmanager
def _told() -> Iterator[None]:
    """Errors of bleak as ours."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise NoRadio(f"Bluetooth cannot be used: {error.args[0]}.", REMEDY) from error
    except BleakDBusError as error:
        if error.dbus_error in ABSENT:
            raise NoRadio(f"Bluetooth is not there: {error}.", REMEDY) from error
        raise LinkLost(f"The wearable does not answer: {error}.") from error
    except BleakError as error:
        raise LinkLost(f"The wearable does not answer: {error}.") from error
    except (FileNotFoundError, ConnectionRefusedError, PermissionError) as error:
        raise NoRadio(f"The system bus of D-Bus is not there: {error.strerror}.", REMEDY) from error
    except (OSError, EOFError) as error:  # asyncio's TimeoutError among them
        raise LinkLost(f"The wearable does not answer: {error or 'it took too long'}.") from error


async def scan(seconds: float) -> list[Found]:
    """The devices that advertise themselves in so many seconds. Raises `NoRadio`, `LinkLost`."""
    with _told():
        seen = await BleakScanner.discover(timeout=seconds, return_adv=True)
    return [
        Found(
            device.address,
            told.local_name or device.name or "",
            frozenset(each.lower() for each in told.service_uuids),
            told.rssi,
        )
        for device, told in seen.values()
    ]


class BleakLink:
    """A `Link`."""

    def __init__(self, address: str) -> None:
        """Nothing is opened yet."""
        self._address = address
        self._client: BleakClient | None = None

    async def open(self, lost: Callable[[], None]) -> None:
        """Connect."""
        client = BleakClient(self._address, disconnected_callback=lambda _: lost())
        with _told():
            await client.connect()
        self._client = client

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            with _told():
                await client.disconnect()

    @property
    def name(self) -> str:
        """What the device calls itself."""
        return "" if self._client is None else self._client.name

    @property
    def services(self) -> frozenset[str]:
        """Those that the device has."""
        return frozenset(each.uuid.lower() for each in self._open.services)

    @property
    def characteristics(self) -> frozenset[str]:
        """Those that the device has."""
        services = self._open.services
        return frozenset(each.uuid.lower() for each in services.characteristics.values())

    async def read(self, characteristic: str) -> bytes:
        """Its value."""
        with _told():
            return bytes(await self._open.read_gatt_char(characteristic))

    async def write(self, characteristic: str, value: bytes) -> None:
        """With response."""
        with _told():
            await self._open.write_gatt_char(characteristic, value, response=True)

    async def notify(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        """From now on."""
        with _told():
            await self._open.start_notify(characteristic, lambda _, data: heard(bytes(data)))

    @property
    def _open(self) -> BleakClient:
        if self._client is None:
            raise LinkLost("The wearable is not connected.")
        return self._client

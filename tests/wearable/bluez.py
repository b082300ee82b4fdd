"""BlueZ as bleak sees it, on a bus of its own, with one Omi near: for a process of its own.

    python -m tests.wearable.bluez SOUND.wav

What the wearable hears is the sound, ten times as fast as it was said.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.sounds import samples
from tests.wearable.peripheral import (
    AUDIO,
    BATTERY,
    CLOCK,
    CODEC,
    MAKER,
    SERVICES,
    STORE,
    Omi,
    OmiLink,
    notifications,
    opus,
    records,
)

ADDRESS: Final = "C0:FF:EE:00:00:01"
ADAPTER: Final = "/org/bluez/hci0"
DEVICE: Final = f"{ADAPTER}/dev_{ADDRESS.replace(':', '_')}"
OTHER: Final = f"{ADAPTER}/dev_00_00_00_00_00_02"
FLAGS: Final = {
    AUDIO: ["read", "notify"],
    CODEC: ["read"],
    CLOCK: ["write"],
    STORE: ["write", "notify"],
    BATTERY: ["read", "notify"],
    MAKER: ["read"],
}
STORED_AT: Final = 1_772_703_000
"""2026-03-05 09:30 UTC."""

Properties = dict[str, Variant]
Objects = dict[str, dict[str, Properties]]


class BlueZ:
    """Answers what is asked of org.bluez."""

    def __init__(self, bus: MessageBus, omi: Omi) -> None:
        self._bus = bus
        self._omi = omi
        self._link: OmiLink | None = None
        self._scanning: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._paths: dict[str, str] = {}
        self.objects = self._made()

    def _made(self) -> Objects:
        made: Objects = {
            ADAPTER: {
                "org.bluez.Adapter1": {
                    "Address": Variant("s", "00:00:00:00:00:01"),
                    "Powered": Variant("b", True),
                    "Discovering": Variant("b", False),
                    "Roles": Variant("as", ["central"]),
                }
            },
            DEVICE: {"org.bluez.Device1": _device(ADDRESS, self._omi.name, sorted(SERVICES))},
            OTHER: {"org.bluez.Device1": _device("00:00:00:00:00:02", "LED", sorted(SERVICES))},
        }
        for number, service in enumerate(sorted(SERVICES)):
            made[f"{DEVICE}/service{number:04x}"] = {
                "org.bluez.GattService1": {
                    "UUID": Variant("s", service),
                    "Primary": Variant("b", True),
                    "Device": Variant("o", DEVICE),
                }
            }
        for number, (uuid, flags) in enumerate(FLAGS.items(), 16):
            path = f"{DEVICE}/service0000/char{number:04x}"
            self._paths[path] = uuid
            made[path] = {
                "org.bluez.GattCharacteristic1": {
                    "UUID": Variant("s", uuid),
                    "Service": Variant("o", f"{DEVICE}/service0000"),
                    "Flags": Variant("as", flags),
                    "MTU": Variant("q", self._omi.mtu),
                }
            }
        return made

    def answer(self, message: Message) -> Message | bool:
        """For `MessageBus.add_message_handler`."""
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        if not (message.interface or "").startswith("org.bluez.") and (
            message.member != "GetManagedObjects"
        ):
            return False
        task = asyncio.create_task(self._answer(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _answer(self, message: Message) -> None:
        link, path = self._link, message.path or ""
        signature, body = "", list[Any]()
        match message.member:
            case "GetManagedObjects":
                signature, body = "a{oa{sa{sv}}}", [self.objects]
            case "StartDiscovery":
                self._scanning = asyncio.create_task(self._advertise())
            case "StopDiscovery":
                if self._scanning:
                    self._scanning.cancel()
            case "Connect":
                self._link = self._omi.link(ADDRESS)
                await self._link.open(lambda: self._connected(False))
                self._connected(True)
            case "Disconnect":
                if link:
                    await link.close()
                self._connected(False)
            case "ReadValue":
                assert link
                signature, body = "ay", [await link.read(self._paths[path])]
            case "WriteValue":
                assert link
                await link.write(self._paths[path], bytes(message.body[0]))
            case "StartNotify":
                assert link
                uuid = self._paths[path]
                if uuid != BATTERY:
                    await link.notify(uuid, lambda value: self._value(path, value))
        await self._bus.send(Message.new_method_return(message, signature, body))

    def _connected(self, value: bool) -> None:
        for name in ("Connected", "ServicesResolved"):
            self.objects[DEVICE]["org.bluez.Device1"][name] = Variant("b", value)
            self._change(DEVICE, "org.bluez.Device1", {name: Variant("b", value)})

    def _value(self, path: str, value: bytes) -> None:
        self._change(path, "org.bluez.GattCharacteristic1", {"Value": Variant("ay", value)})

    async def _advertise(self) -> None:
        while True:
            for path in (DEVICE, OTHER):
                self._change(path, "org.bluez.Device1", {"RSSI": Variant("n", -50)})
            await asyncio.sleep(0.2)

    def _change(self, path: str, interface: str, changed: Properties) -> None:
        signal = Message.new_signal(
            path,
            "org.freedesktop.DBus.Properties",
            "PropertiesChanged",
            "sa{sv}as",
            [interface, changed, []],
        )
        self._bus.send(signal)


def _device(address: str, name: str, services: list[str]) -> Properties:
    return {
        "Address": Variant("s", address),
        "AddressType": Variant("s", "random"),
        "Name": Variant("s", name),
        "Alias": Variant("s", name),
        "Paired": Variant("b", False),
        "Connected": Variant("b", False),
        "ServicesResolved": Variant("b", False),
        "Adapter": Variant("o", ADAPTER),
        "UUIDs": Variant("as", services),
        "RSSI": Variant("n", -50),
    }


async def main(sound: Path) -> None:
    """Serve until it is killed."""
    frames = opus(samples(sound))
    omi = Omi(live=notifications(frames), stored=records(frames, STORED_AT), pace=0.03)
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    bluez = BlueZ(bus, omi)
    bus.add_message_handler(bluez.answer)
    await bus.request_name("org.bluez")
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

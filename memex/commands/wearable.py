"""`memex wearable`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

import click
import tomlkit

from memex import terminal
from memex.commands.common import echo_json, json_option, paths
from memex.config import Paths, load_config
from memex.configfile import edit
from memex.daemons import running
from memex.errors import MemexError, NotFound
from memex.wire import Json

SECONDS: Final = 8.0
"""How long it is looked."""
PATIENCE: Final = 30.0
"""Seconds beyond that in which Bluetooth has to answer."""
OPEN: Final = (
    "What a wearable sends is not encrypted: whoever is near with the right radio can listen to it."
)
SOURCES: Final = frozenset({"wearable", "satellite"})


class ScanFailed(MemexError):
    """It could not be looked for wearables."""


@click.group()
def command() -> None:
    """Hear wearables: recorders that are worn and send by Bluetooth.

    They stand in config.toml, which may be edited by hand as well.
    """


@command.command("scan")
@click.option(
    "--seconds", type=click.FloatRange(1, 60), default=SECONDS, help="How long it is looked."
)
@click.option("--all", "everything", is_flag=True, help="Other Bluetooth devices too.")
@json_option
def scan(*, seconds: float, everything: bool, as_json: bool) -> None:
    """Look for wearables nearby."""
    found = [each for each in _scanned(seconds) if each["kind"] or everything]
    if as_json:
        echo_json({"devices": found})
        return
    for each in found:
        name = terminal.one_line(each["name"]) or "(no name)"
        kind = f", {each['kind']}" if each["kind"] else ""
        click.echo(f"{each['address']}  {name}  {each['strength']} dBm{kind}")
    if not found:
        click.echo("No wearable is near, or it is connected to something else.", err=True)


@command.command("pair")
@click.argument("address")
@click.option("--name", default="", help="What it is called here.")
def pair(*, address: str, name: str) -> None:
    """Hear the wearable with this address from now on, whenever Memex listens."""
    where = paths()
    with edit(where) as document:
        worn = document.setdefault("listen", tomlkit.table()).setdefault("wearables", tomlkit.aot())
        _remove(worn, address)
        table = tomlkit.table()
        table["address"] = address
        if name:
            table["name"] = name
        worn.append(table)
    click.echo(f"{terminal.one_line(name or address)} is heard. {OPEN}")
    if not load_config(where).listen.always:
        click.echo(
            "It is heard while `memex listen` runs, or always with `[listen] always = true`.",
            err=True,
        )


@command.command("remove")
@click.argument("device", metavar="ADDRESS|NAME")
def remove(*, device: str) -> None:
    """Hear a wearable no longer. What was heard stays."""
    with edit(paths()) as document:
        listen = document.get("listen", {})
        if not _remove(listen.get("wearables", []), device):
            raise NotFound(
                f"{terminal.one_line(device)} is no wearable of yours.",
                "See `memex wearable status`.",
            )
        if not listen["wearables"]:  # what tomlkit leaves of it takes no table any more
            del listen["wearables"]
    click.echo(f"{terminal.one_line(device)} is heard no longer.")


@command.command("status")
@json_option
def status(*, as_json: bool) -> None:
    """Say how wearables and satellites are."""
    where = paths()
    told = _told(where)
    rows = [each for each in told if each["source"] in SOURCES]
    known = {each["device"] for each in rows}
    worn = [each.name or each.address for each in load_config(where).listen.wearables]
    rows += [_untold(device) for device in worn if device not in known]
    if as_json:
        echo_json({"devices": rows})
        return
    for row in rows:
        reason = f": {terminal.one_line(row['reason'])}" if row["reason"] else ""
        click.echo(f"{terminal.one_line(row['device'])}  {row['source']}, {row['state']}{reason}")
    if not rows:
        click.echo("There is none. `memex wearable scan` looks for wearables.", err=True)


def _scanned(seconds: float) -> list[Json]:
    """What is near. Bluetooth is another process's, so that the command stays light.

    Raises `ScanFailed`.
    """
    looking = [sys.executable, "-m", "ingest.ears.scan", "--json", "--seconds", str(seconds)]
    try:
        done = subprocess.run(
            looking, capture_output=True, text=True, check=False, timeout=seconds + PATIENCE
        )
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise ScanFailed("Bluetooth does not answer.", "Switch it off and on again.") from error
    except ValueError as error:
        last = (done.stderr.strip() or "no answer").splitlines()[-1]
        raise ScanFailed(f"The scan broke off: {terminal.one_line(last)}") from error
    if "error" in told:
        raise ScanFailed(told["error"], told["remedy"])
    devices: list[Json] = told["devices"]
    return devices


def _told(where: Paths) -> list[Json]:
    """How memex-ears says that its devices are; nothing where it does not run."""
    if running(where, "memex-ears") is None:
        return []
    try:
        told = json.loads(where.ears.read_text(encoding="utf-8"))
        others: list[Json] = told["others"]
    except (OSError, ValueError, LookupError):
        return []
    return others


def _untold(device: str) -> Json:
    return {
        "source": "wearable",
        "device": device,
        "state": "off",
        "reason": "nobody listens just now",
        "recording": None,
    }


def _remove(worn: list[Any], device: str) -> bool:
    """Take a wearable out of the list, by address or name; False when it is not in it."""
    for position, table in enumerate(worn):
        if device.lower() in (str(table["address"]).lower(), str(table.get("name", "")).lower()):
            del worn[position]
            return True
    return False

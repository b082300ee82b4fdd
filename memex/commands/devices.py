"""`memex devices`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from memex import terminal
from memex.commands.common import echo_json, json_option
from memex.config import load_config
from memex.levels import full
from memex.microphones import Device, NoMicrophone, choose, devices, measure
from memex.wire import Json

SECONDS: Final = 0.5
"""How long each microphone is listened to."""
BAR: Final = 20
"""Characters of a full bar."""
LOWEST: Final = -80.0
"""dBFS of an empty one."""
MUTE: Final = -90.0
"""dBFS at or below which there is not even the noise of a quiet room."""


@click.command()
@click.option("--levels/--no-levels", default=True, help="Listen to each for half a second.")
@json_option
def command(*, levels: bool, as_json: bool) -> None:
    """List microphones and loudspeakers: how loud each is, and which is used.

    `[listen] device` in the configuration names another one, by a part of its name.
    """
    wanted = load_config().listen.device
    found = devices()
    used, why = choose(found, wanted)
    microphones = [
        _described(device, device.inputs, default=device.default_input)
        | {"used": device == used}
        | _level(device, levels=levels)
        for device in found
        if device.inputs
    ]
    loudspeakers = [
        _described(device, device.outputs, default=device.default_output)
        for device in found
        if device.outputs
    ]
    if as_json:
        echo_json(
            {
                "wanted": wanted,
                "used": used.name if used else None,
                "why": why,
                "microphones": microphones,
                "loudspeakers": loudspeakers,
            }
        )
        return
    _show("Microphones", microphones)
    _show("Loudspeakers", loudspeakers)
    if used is None:
        raise NoMicrophone(
            "There is no microphone.",
            "Plug one in, or check the sound settings of this machine.",
        )
    said = f"Memex listens to {terminal.one_line(used.name)}: {terminal.one_line(why)}."
    refuses = any(row["used"] and row["trouble"] for row in microphones)
    click.echo(f"{said} It cannot be opened just now." if refuses else said)


def _described(device: Device, channels: int, *, default: bool) -> Json:
    return {
        "name": device.name,
        "host": device.host,
        "channels": channels,
        "rate": device.rate,
        "default": default,
    }


def _level(device: Device, *, levels: bool) -> Json:
    """What is heard now, in dBFS, or why nothing is."""
    if not levels:
        return {"level": None, "trouble": ""}
    try:
        return {"level": round(measure(device, SECONDS), 1), "trouble": ""}
    except NoMicrophone as error:
        return {"level": None, "trouble": error.message}


def _show(title: str, rows: Sequence[Json]) -> None:
    click.echo(title)
    if not rows:
        click.echo("  none")
    names = [terminal.one_line(row["name"]) for row in rows]
    width = max(map(len, names), default=0)
    for row, name in zip(rows, names, strict=True):
        mark = "→" if row.get("used") else " "
        about = f"{row['host']}, {row['channels']} channels, {row['rate'] / 1000:g} kHz"
        default = ", the system's default" if row["default"] else ""
        click.echo(f"{mark} {name.ljust(width)}  {about}{default}{_heard(row)}")


def _heard(row: Json) -> str:
    if row.get("trouble"):
        return f"\n    {terminal.one_line(row['trouble'])}"
    level = row.get("level")
    if level is None:
        return ""
    loud = full(level, BAR, LOWEST)
    said = "nothing at all: is it muted?" if level <= MUTE else f"{level:.0f} dBFS"
    return f"\n    {'█' * loud}{'░' * (BAR - loud)} {said}"

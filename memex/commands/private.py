"""`memex private`."""

from __future__ import annotations

from datetime import timedelta

import click

from memex import terminal
from memex.commands.common import paths
from memex.commands.pause import Length
from memex.pause import Pause


@click.group()
def command() -> None:
    """Close every microphone for a while, or until you say so.

    Nothing is heard, not even whether somebody speaks; reading, searching and asking go on.
    """


@command.command()
@click.option("--for", "length", type=Length(), help="Listen again by itself after 30m, 2h, 1d.")
def on(*, length: timedelta | None) -> None:
    """Hear nothing from now on."""
    where = paths()
    where.create()
    private = Pause(where.private)
    private.begin(length)
    until = private.until()
    click.echo(f"Private until {terminal.local(until)}." if until else "Private.")


@command.command()
def off() -> None:
    """Hear again what was to be heard."""
    ended = Pause(paths().private).end()
    click.echo("No longer private." if ended else "It was not private.")

"""`memex resume`."""

from __future__ import annotations

import click

from memex.commands.common import paths
from memex.pause import Pause


@click.command()
def command() -> None:
    """Go on hearing and reading after `memex pause`."""
    click.echo("Going on." if Pause(paths().pause).end() else "Nothing was paused.")

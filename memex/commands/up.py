"""`memex up`."""

from __future__ import annotations

import os
import sys

import click

from memex.commands.common import paths
from memex.daemons import ROLES, start


@click.command()
@click.option("--foreground", is_flag=True, help="Run memexd here, logging to the terminal.")
def command(*, foreground: bool) -> None:
    """Start memexd (library, index, models), memex-ingest (readers, recogniser) and memex-ears.

    memex-ears opens a microphone only when it is asked to: by `memex listen`, or always where
    the configuration says so.
    """
    if foreground:
        os.execv(sys.executable, [sys.executable, "-m", ROLES["memexd"]])  # noqa: S606
    for role in ROLES:
        started = start(paths(), role)
        click.echo(f"{role} {'started' if started else 'runs already'}.")

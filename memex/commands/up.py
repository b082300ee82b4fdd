"""`memex up`."""

from __future__ import annotations

import os
import sys

import click

from memex.client import ROLES, start
from memex.commands.common import paths


@click.command()
@click.option("--foreground", is_flag=True, help="Run memexd here, logging to the terminal.")
def command(*, foreground: bool) -> None:
    """Start memexd (library, index, models) and memex-ingest (readers, recogniser)."""
    if foreground:
        os.execv(sys.executable, [sys.executable, "-m", ROLES["memexd"]])  # noqa: S606
    for role in ROLES:
        started = start(paths(), role)
        click.echo(f"{role} {'started' if started else 'runs already'}.")

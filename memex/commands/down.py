"""`memex down`."""

from __future__ import annotations

import click

from memex.commands.common import paths
from memex.daemons import ROLES, stop


@click.command()
def command() -> None:
    """Stop the daemons; what is under way goes on at the next start."""
    for role in reversed(list(ROLES)):
        stopped = stop(paths(), role)
        click.echo(f"{role} {'stopped' if stopped else 'did not run'}.")

"""`memex reindex`."""

from __future__ import annotations

import sys

import click

from memex.commands.common import connect


@click.command()
@click.pass_context
def command(context: click.Context) -> None:
    """Build the index again from the library; searches go on meanwhile."""
    client = connect(context)
    count = 0.0
    with click.progressbar(length=1, label="Indexing", file=sys.stderr) as bar:
        for step in client.reindex():
            count = step.total or 0.0
            bar.length = int(count) or 1
            bar.update(int(step.done) - bar.pos)
    click.echo(f"{int(count)} documents indexed.")

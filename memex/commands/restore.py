"""`memex restore`."""

from __future__ import annotations

from pathlib import Path

import click

from memex import terminal
from memex.commands.common import echo_json, json_option, paths
from memex.commands.stages import progress
from memex.daemons import ROLES
from memex.restore import restore


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Move what is remembered here aside.")
@json_option
def command(*, file: Path, force: bool, as_json: bool) -> None:
    """Put a backup in place, in an empty data directory.

    The daemons must not run. The whole file is checked before anything is put in place;
    the index is made again when memexd starts. Files that were remembered keep the
    addresses that they had on the machine of the backup.
    """
    with progress() as tell:
        done = restore(file, paths(), ROLES, tell, force=force)
    if as_json:
        aside = str(done.aside) if done.aside else None
        head = done.head
        values = {"documents": head.documents, "created_at": head.created_at, "aside": aside}
        echo_json(values)
        return
    click.echo(
        f"{done.head.documents} documents are restored, as they were on"
        f" {terminal.day(done.head.created_at)}. `memex up` makes the index again."
    )
    if done.aside:
        click.echo(
            f"What was here before lies in {terminal.one_line(str(done.aside))}; forgetting does"
            " not reach it. Remove it when you do not need it.",
            err=True,
        )

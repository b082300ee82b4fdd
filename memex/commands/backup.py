"""`memex backup`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from memex import terminal
from memex.backup import back_up
from memex.commands.common import echo_json, json_option, paths
from memex.commands.stages import progress


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def command(*, file: Path, as_json: bool) -> None:
    """Write everything into one file, while the daemons run or without them.

    The library, what waits in the spool, what is being recorded as far as it is, stored
    sound and the configuration; not the index, which is made again, nor models. The file can
    be read by its owner only, and is not encrypted.
    """
    with progress() as tell:
        made = back_up(paths(), file, tell)
    if as_json:
        echo_json({**asdict(made), "file": str(made.file)})
    else:
        name = terminal.one_line(str(made.file))
        click.echo(f"{made.documents} documents are in {name} ({made.size / 1e6:,.1f} MB).")

"""`memex tui`."""

from __future__ import annotations

import os
import sys

import click


@click.command()
@click.pass_context
def command(context: click.Context) -> None:
    """Search, read, hear and ask on the whole terminal; plain `memex` does the same.

    Keys stand on the last line; `?` shows all of them.
    """
    start = () if context.obj["start"] else ("--no-start",)
    # It takes the place of this process: a client that is up all day is one process, and
    # nothing here imports it. -P: a folder `tui` of the user's is not taken for it.
    program = [sys.executable, "-P", "-m", "tui", *start]
    os.execv(sys.executable, program)  # noqa: S606 (there is no shell in it)

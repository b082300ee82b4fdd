"""`memex tui`."""

from __future__ import annotations

import os
import sys

import click


@click.command()
@click.option("--plain", is_flag=True, help="Line by line, in words: for screen readers.")
@click.option("--serve", is_flag=True, help="In a browser on this machine.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    help="Where it is served; otherwise a port that is free.",
)
@click.pass_context
def command(context: click.Context, *, plain: bool, serve: bool, port: int | None) -> None:
    """Search, read, hear and ask on the whole terminal; plain `memex` does the same.

    Keys stand on the last line; `?` shows all of them. A terminal that cannot draw (TERM=dumb)
    gets --plain. --serve prints an address that opens it in a browser of this machine, and of
    no other; what it plays is heard where it is served.
    """
    if plain and serve:
        raise click.UsageError("--plain needs no browser: say one of the two.")
    if port is not None and not serve:
        raise click.UsageError("--port goes with --serve.")
    plain = plain or (not serve and os.environ.get("TERM") == "dumb")
    chosen = (
        ("--no-start", not context.obj["start"]),
        ("--plain", plain),
        ("--serve", serve),
        (f"--port={port}", port is not None),
    )
    # It takes the place of this process: a client that is up all day is one process, and
    # nothing here imports it. -P: a folder `tui` of the user's is not taken for it.
    options = (option for option, given in chosen if given)
    program = [sys.executable, "-P", "-m", "tui", *options]
    os.execv(sys.executable, program)  # noqa: S606 (there is no shell in it)

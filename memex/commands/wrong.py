"""`memex wrong`."""

from __future__ import annotations

import click

from memex.commands.trace import mark, note_option


@click.command()
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1), metavar="[N]...")
@note_option
@click.pass_context
def command(context: click.Context, *, numbers: tuple[int, ...], note: str) -> None:
    """Say that results N of the last search or answer are wrong.

    Without a number it is the whole answer, or all that was found.
    """
    mark(context, "wrong", numbers, note)

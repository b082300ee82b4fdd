"""`memex digest`."""

from __future__ import annotations

from typing import Final

import click

from memex import terminal
from memex.commands.about import cited, shown
from memex.commands.common import connect, echo_json, json_option, paths
from memex.commands.shown import keep
from memex.wire import Json

GROUPS: Final = ("decided", "promised", "said", "read")
"""As the daemon names them, in the order in which they are shown."""


@click.command()
@click.argument("of", nargs=-1, required=True, metavar="today|yesterday|week|NAME")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(0, 100),
    default=8,
    show_default=True,
    help="Lines of each sort, at most.",
)
@json_option
@click.pass_context
def command(context: click.Context, *, of: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Say what was decided, promised, said and read, each line with its source.

    The week is today and the six days before it. What is decided and promised is told by the
    words it is said with ("we decided", "I'll send"), in English; no model writes anything.
    """
    digest = connect(context).digest(" ".join(of), limit)
    if as_json:
        echo_json(digest)
        return
    lines = [line for group in GROUPS for line in _group(group, digest)]
    if not digest["found"]:
        _nothing(digest)
    keep(paths(), [shown(line) for line in lines], None)


def _group(group: str, digest: Json) -> list[Json]:
    """Show the lines of a sort; those that are shown."""
    lines: list[Json] = digest[group]
    if lines:
        click.echo(click.style(group.capitalize(), bold=True))
    for line in lines:
        click.echo(terminal.wrapped(f"• “{line['spelled']}”", "  "))
        click.echo(f"    [{line['n']}] {cited(line)}")
    if more := digest["more"][group]:
        click.echo(click.style(f"{group}: {more} more (-n)", dim=True), err=True)
    return lines


def _nothing(digest: Json) -> None:
    if digest["name"] is None:
        click.echo("Nothing was heard or read then.")
        return
    click.echo(f"I know nothing about {terminal.one_line(digest['name'])}.")
    if digest["near"]:
        near = " or ".join(terminal.one_line(each) for each in digest["near"])
        click.echo(f"Did you mean {near}?", err=True)

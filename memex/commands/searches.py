"""`memex searches`."""

from __future__ import annotations

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option
from memex.errors import NotFound


@click.group()
def command() -> None:
    """Searches that you saved, as they are typed: with chips such as kind:podcast.

    They lie in the library, and stay when traces go. Ctrl+S saves one in `memex tui`, Ctrl+R
    picks one.
    """


@command.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """List them, the newest first."""
    searches = connect(context).saved_searches()
    if as_json:
        echo_json({"searches": searches})
        return
    for each in searches:
        click.echo(f"{each['id']:>4}  {terminal.one_line(each['query'])}")
    if not searches:
        click.echo("None is saved: `memex searches save QUERY`.", err=True)


@command.command("save")
@click.argument("query", nargs=-1, required=True)
@click.pass_context
def save(context: click.Context, *, query: tuple[str, ...]) -> None:
    """Save a query."""
    number = connect(context).save_search(" ".join(query))
    click.echo(f"Saved as {number}.", err=True)


@command.command("remove")
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID...")
@click.pass_context
def remove(context: click.Context, *, ids: tuple[int, ...]) -> None:
    """Remove some for good."""
    count = connect(context).remove_searches(*ids)
    if not count:
        raise NotFound("There is no such saved search.", "See `memex searches list`.")
    click.echo(f"{count} removed.", err=True)

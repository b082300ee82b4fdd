"""`memex failed`."""

from __future__ import annotations

import click

from memex import terminal
from memex.commands.add import follow
from memex.commands.common import connect, echo_json, json_option


@click.group()
def command() -> None:
    """List, retry or give up what could not be read."""


@command.command("list")
@json_option
@click.option("--trace", is_flag=True, help="Show where Memex itself failed.")
@click.pass_context
def list_(context: click.Context, *, as_json: bool, trace: bool) -> None:
    """List what could not be read, and why."""
    failed = connect(context).failed()
    if as_json:
        echo_json({"failed": failed})
        return
    for failure in failed:
        path, reason = failure["path"], terminal.one_line(failure["reason"])
        click.echo(f"{failure['id'][:8]}  {path}: {reason}")
        if trace and failure["trace"]:
            click.echo(f"{failure['trace']}\n")
    if not failed:
        click.echo("Nothing failed.", err=True)


@command.command("retry")
@click.argument("id_", metavar="ID|all", default="all")
@json_option
@click.pass_context
def retry(context: click.Context, *, id_: str, as_json: bool) -> None:
    """Try again: one, by the beginning of its id, or all."""
    client = connect(context, "memex-ingest")
    follow(context, client, client.retry(id_), as_json=as_json)


@command.command("drop")
@click.argument("id_", metavar="ID|all")
@click.pass_context
def drop(context: click.Context, *, id_: str) -> None:
    """Give up: one, by the beginning of its id, or all.

    A file of yours stays where it is. Of a recording that Memex made or fetched
    itself the sound is gone then.
    """
    for path in connect(context).drop(id_):
        click.echo(f"{path} is given up.")

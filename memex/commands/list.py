"""`memex list`."""

from __future__ import annotations

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option
from memex.types import KINDS
from memex.wire import Json


@click.command()
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@json_option
@click.pass_context
def command(context: click.Context, *, kind: str | None, as_json: bool) -> None:
    """List what is remembered, newest first."""
    documents = connect(context).documents(kind)
    if as_json:
        echo_json({"documents": documents})
        return
    for document in documents:
        click.echo(_line(document))
    if not documents:
        click.echo("Nothing is remembered yet. `memex add` remembers files and folders.", err=True)


def _line(document: Json) -> str:
    length = (
        terminal.clock(document["duration"])
        if document["duration"] is not None
        else f"{document['segments']} segments"
    )
    copies = f", {document['copies']} copies" if document["copies"] > 1 else ""
    day = terminal.day(document["created_at"]) or " " * 10
    title = click.style(terminal.one_line(document["title"]), fg="cyan")
    return f"{document['id'][:8]}  {document['kind']:<9} {day}  {title} ({length}{copies})"

"""`memex about`."""

from __future__ import annotations

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option, paths
from memex.commands.search import heading
from memex.commands.shown import Shown, keep
from memex.wire import Json


@click.command()
@click.argument("name", nargs=-1, required=True)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(0, 100),
    default=8,
    show_default=True,
    help="Quotes, at most.",
)
@json_option
@click.pass_context
def command(context: click.Context, *, name: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Say what is remembered of a person or topic: when, with whom, in which words.

    All of it is as it was said or written; no model writes anything. `memex play 1` plays the
    first quote, where it was spoken, and `memex show` the document whose id stands behind it.
    """
    page = connect(context).about(" ".join(name), limit)
    if as_json:
        echo_json(page)
        return
    if not page["found"]:
        _nothing(page)
        return
    click.echo(click.style(terminal.one_line(page["name"]), bold=True))
    for what in ("spoke", "wrote", "mentioned"):
        if page[what]:
            _times(what, page[what])
    _others(page)
    for quote in page["quotes"]:
        number = click.style(f"[{quote['n']}]", bold=True)
        click.echo(f"\n{number} {cited(quote)}")
        click.echo(terminal.wrapped(f"“{quote['spelled']}”"))
    keep(paths(), [shown(quote) for quote in page["quotes"]], None)


def cited(moment: Json) -> str:
    """Where something stands, with the id that `memex show` takes."""
    return f"{heading(moment, moment['start'])} ({moment['document'][:8]})"


def shown(moment: Json) -> Shown:
    """What `memex play` plays of it."""
    return Shown(moment["title"], moment["uri"], moment["start"], moment["end"])


def _nothing(page: Json) -> None:
    click.echo(f"I know nothing about {terminal.one_line(page['name'])}.")
    if page["near"]:
        near = " or ".join(terminal.one_line(each) for each in page["near"])
        click.echo(f"Did you mean {near}?", err=True)


def _times(what: str, times: Json) -> None:
    """How often, the first time and the last."""
    documents, segments = times["documents"], times["segments"]
    places = f"{segments} passage{'s' * (segments != 1)}"
    click.echo(f"{what:>10}  {places} in {documents} document{'s' * (documents != 1)}")
    click.echo(f"{'first':>10}  {cited(times['first'])}")
    if segments > 1:
        click.echo(f"{'last':>10}  {cited(times['last'])}")


def _others(page: Json) -> None:
    others = [f"{terminal.one_line(each['name'])} ({each['documents']})" for each in page["with"]]
    if others:
        click.echo(f"{'with' if page['spoke'] else 'told by':>10}  {', '.join(others)}")
    if page["several"]:
        names = ", ".join(terminal.one_line(each) for each in page["several"])
        click.echo(f"{'several':>10}  {names}: name one of them whole")

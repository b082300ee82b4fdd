"""`memex feeds`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option
from memex.commands.status import following
from memex.durable import private
from memex.errors import InvalidRequest, StorageError, UnreadableFile
from memex.feeds import BACK
from memex.opml import Subscription, read_opml, write_opml
from memex.wire import Json

AT_ONCE: Final = 500
"""Feeds of a list that are handed over together."""


@click.group()
def command() -> None:
    """Follow podcasts: their episodes are fetched, heard and remembered.

    Nothing is asked of the network before a feed is added.
    """


_back = click.option(
    "--back",
    type=click.IntRange(min=0),
    help=f"How many of the episodes that are there already are fetched.  [default: {BACK}]",
)
_audio = click.option(
    "--audio/--no-audio",
    default=None,
    help="With --no-audio no sound is kept, nor fetched where there is a transcript.",
)


@command.command("add")
@click.argument("urls", metavar="URL", nargs=-1, required=True)
@_back
@_audio
@click.pass_context
def add(
    context: click.Context, *, urls: tuple[str, ...], back: int | None, audio: bool | None
) -> None:
    """Follow podcasts by the addresses of their feeds."""
    _follow(context, [{"url": url, "back": back, "keep_audio": audio} for url in urls])


@command.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_back
@_audio
@click.pass_context
def import_(context: click.Context, *, file: Path, back: int | None, audio: bool | None) -> None:
    """Follow the podcasts of a list that another program exported (OPML)."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror}.", "Check it.") from error
    feeds = [
        {"url": each.url, "title": each.title, "back": back, "keep_audio": audio}
        for each in read_opml(data)
    ]
    if not feeds:
        raise InvalidRequest("There is no feed in this list.", "Export it again.")
    _follow(context, feeds)


@command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.pass_context
def export(context: click.Context, *, file: Path) -> None:
    """Write the podcasts as OPML for other programs; "-" prints it.

    The list has the names and passwords of private feeds.
    """
    feeds = connect(context).whole_feeds()
    data = write_opml(Subscription(feed.url, feed.title) for feed in feeds)
    if str(file) == "-":
        click.echo(data, nl=False)
        return
    try:
        with open(file, "wb", opener=private) as out:
            out.write(data)
    except OSError as error:
        raise StorageError(
            f"{file} cannot be written: {error.strerror}.", "Name another."
        ) from error
    click.echo(f"{len(feeds)} podcasts are in {terminal.one_line(str(file))}.")


@command.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """List the podcasts that are followed, and how each is."""
    feeds = connect(context).feeds()
    if as_json:
        echo_json({"feeds": feeds})
        return
    for feed in feeds:
        title = click.style(terminal.one_line(feed["title"] or "(no title yet)"), fg="cyan")
        click.echo(f"{feed['id']:>4}  {title}  {terminal.one_line(feed['url'])}")
        click.echo(f"      {following(feed)}{_next(feed)}")
    if not feeds:
        click.echo("No podcast is followed. `memex feeds add URL` follows one.", err=True)


@command.command("refresh")
@click.argument("names", metavar="[URL|NUMBER]...", nargs=-1)
@click.pass_context
def refresh(context: click.Context, *, names: tuple[str, ...]) -> None:
    """Look for new episodes now: of some podcasts, or of all."""
    feeds = connect(context, "memex-ingest").refresh_feeds(*names)
    click.echo(f"{len(feeds)} podcasts are looked at; `memex status` shows what comes.")


@command.command("remove")
@click.argument("names", metavar="URL|NUMBER", nargs=-1, required=True)
@click.pass_context
def remove(context: click.Context, *, names: tuple[str, ...]) -> None:
    """Follow podcasts no longer. What was remembered of them stays."""
    client = connect(context)
    for name in names:
        click.echo(f"{_name(client.remove_feed(name))} is followed no longer.")


def _follow(context: click.Context, feeds: list[Json]) -> None:
    """Hand feeds over, and say what became of each."""
    client = connect(context, "memex-ingest")
    new = 0
    refused = False
    for first in range(0, len(feeds), AT_ONCE):
        reply = client.add_feeds(feeds[first : first + AT_ONCE])
        for feed in reply["feeds"]:
            new += feed["new"]
            how = "is followed" if feed["new"] else "was followed already"
            click.echo(f"{_name(feed)} {how}.")
        for error in reply["errors"]:
            refused = True
            message = f"{error['message']} {error['remedy']}"
            click.echo(f"memex: {terminal.one_line(message)}", err=True)
    if new:
        click.echo("Episodes come in the background; `memex status` shows it.", err=True)
    if refused:
        context.exit(1)


def _name(feed: Json) -> str:
    return terminal.one_line(feed["title"] or feed["url"])


def _next(feed: Json) -> str:
    if not feed["next_at"]:
        return ", next look now"
    return f", next look {terminal.local(datetime.fromisoformat(feed['next_at']))}"

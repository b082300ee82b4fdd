"""`memex forget`."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from memex import terminal
from memex.client import Client
from memex.commands.common import connect, echo_json, json_option
from memex.errors import DaemonUnavailable, MemexError, NotFound
from memex.wire import Json

_AGAIN: Final = "`memex up` finishes what was begun; what `memex list` still shows, forget again."
_FORMS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class _End(click.DateTime):
    """The end of a time; that of a day is when the day is over."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 (click's)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """A day's end; any other time as it stands."""
        time: datetime = super().convert(value, param, ctx)
        return time + timedelta(days=1) if len(str(value)) == len("2026-05-04") else time


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--source", help="What came from this folder, file, address, or kind of source.")
@click.option(
    "--between",
    type=(click.DateTime(_FORMS), _End(_FORMS)),
    metavar="FROM TO",
    help="Said or written then, local time; TO may be a day, which counts.",
)
@click.option("--matching", metavar="TEXT", help="What has this text in it, in any case.")
@click.option("--dry-run", is_flag=True, help="Only list what would be forgotten.")
@click.option("--verify", is_flag=True, help="Search the bytes of all data, before and after.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    ids: tuple[str, ...],
    source: str | None,
    between: tuple[datetime, datetime] | None,
    matching: str | None,
    dry_run: bool,
    verify: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Forget documents for good: text, index, kept sound, queue, lists.

    Several choices narrow each other. Older and newer versions of a file go with
    it; the file itself, which is yours, stays where it is, and is not read again
    as it is unless you name it (`memex add`): once you edit it, it is a new one.
    Backups, exports and the system's journal are out of Memex's reach.
    """
    selection = {
        "documents": list(ids),
        "source": _source(source) if source else None,
        "since": between[0].astimezone().isoformat() if between else None,
        "until": between[1].astimezone().isoformat() if between else None,
        "matching": matching,
    }
    if not any(selection.values()):
        raise click.UsageError("Say what: an ID, --source, --between or --matching.")
    client = connect(context)
    found = client.selected(selection)
    if not found["documents"] and not found["echoes"]:
        raise NotFound("Nothing fits.", "See `memex list`.")
    if not as_json:
        for row in found["documents"]:
            click.echo(f"{row['id'][:8]}  {row['kind']:8}  {terminal.one_line(row['title'])}")
    if dry_run:
        if as_json:
            echo_json({**found, "forgotten": False})
        else:
            click.echo(f"{_told(found)} would be forgotten.", err=True)
        return
    if not yes:
        click.confirm(f"Forget {_told(found)} for good?", abort=True, err=True)
    done = _forget(client, [row["id"] for row in found["documents"]], selection, verify=verify)
    if as_json:
        echo_json({**found, "forgotten": True, **_reports(done)})
    else:
        click.echo(f"{_told(found)} forgotten.", err=True)
        if count := done["searches"]:
            searches = "search" if count == 1 else "searches"
            click.echo(f"{count} saved {searches} with their words went, too.", err=True)
    if verify:
        _judge(done, as_json=as_json)


def _told(found: Json) -> str:
    """How much it is."""
    echoes = f" and {found['echoes']} links to what was overheard" if found["echoes"] else ""
    return f"{len(found['documents'])}{echoes}"


def _source(text: str) -> str:
    """A folder or file as its URI; anything else as it stands."""
    path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 (links stay)
    return path.resolve().as_uri() if os.sep in text or path.exists() else text


def _forget(client: Client, ids: list[str], selection: Json, *, verify: bool) -> Json:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24))
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        try:
            for fields in client.forgetting(ids, verify=verify, heard=selection):
                if fields["type"] == "forgotten":
                    return fields
                progress.update(
                    task,
                    description=fields["stage"],
                    completed=fields["done"],
                    total=fields["total"],
                )
        except DaemonUnavailable as error:
            raise DaemonUnavailable(error.message, _AGAIN) from error
    raise DaemonUnavailable("memexd went away in the middle of this.", _AGAIN)


def _reports(done: Json) -> Json:
    return {name: done[name] for name in ("before", "after", "searches")}


def _judge(done: Json, *, as_json: bool) -> None:
    """Say what the search of the bytes found. Raises `MemexError` where something is left."""
    before, after = done["before"], done["after"]
    if not before or not before["findings"]:
        raise MemexError(
            "Nothing in these documents is theirs alone, so the search can prove nothing.",
            "They are forgotten all the same.",
        )
    left = {finding["file"] for finding in after["findings"]}
    if not as_json:
        click.echo(
            f"{before['probes']} probes were found in"
            f" {len({finding['file'] for finding in before['findings']})} files before;"
            f" {after['files']} files ({after['size'] / 1e6:,.1f} MB) were searched after.",
            err=True,
        )
        for unread in after["unread"]:
            click.echo(f"not looked into: {unread['file']}: {unread['reason']}", err=True)
    if left:
        raise MemexError(
            f"Forgotten, but something of it is still there: {', '.join(sorted(left))}.",
            "Remove what you put there yourself; `memex reindex` makes the index again.",
        )
    if not as_json:
        click.echo("Nothing of it was found.", err=True)

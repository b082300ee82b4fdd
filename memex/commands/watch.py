"""`memex watch`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from memex import terminal
from memex.client import Client
from memex.commands.common import echo_json, json_option, paths
from memex.commands.status import watching
from memex.config import Deleted, WatchedFolder, load_config
from memex.configfile import unwatch, watch
from memex.daemons import running
from memex.wire import Json


@click.group()
def command() -> None:
    """Remember the files of folders as they come, change and go.

    What is edited is found as it is now; what was renamed stays the same document.
    The folders stand in config.toml, which may be edited by hand as well.
    """


@command.command("add")
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--recursive/--flat", default=True, help="With the folders inside (the default).")
@click.option("--ignore", multiple=True, metavar="PATTERN", help="Leave out, as in .gitignore.")
@click.option(
    "--deleted",
    type=click.Choice(get_args(Deleted)),
    default="keep",
    help="What a deleted file said: keep it (the default), or forget it after --grace days.",
)
@click.option("--grace", type=click.FloatRange(min=0), default=30.0, help="Days.")
@click.option("--poll", type=click.FloatRange(min=1), help="Look every so many seconds.")
def add(
    *,
    folders: tuple[Path, ...],
    recursive: bool,
    ignore: tuple[str, ...],
    deleted: Deleted,
    grace: float,
    poll: float | None,
) -> None:
    """Watch folders from now on. One that is watched already gets these options."""
    chosen = (WatchedFolder(folder, recursive, ignore, deleted, grace, poll) for folder in folders)
    watch(paths(), *chosen)
    for folder in folders:
        click.echo(f"{terminal.one_line(str(folder))} is watched.")
    _remind()


@command.command("remove")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
def remove(*, folders: tuple[Path, ...]) -> None:
    """Watch folders no longer. What was remembered from them stays."""
    unwatch(paths(), *folders)
    for folder in folders:
        click.echo(f"{terminal.one_line(str(folder))} is watched no longer.")


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the watched folders, and how each is."""
    where = paths()
    config = load_config(where)
    status = Client(where).status() if running(where, "memexd") else {}
    told = {row["path"]: row for row in (status.get("ingest") or {}).get("watching", [])}
    rows = [_row(folder, told.get(str(folder.path), {})) for folder in config.watch.folders]
    if as_json:
        echo_json({"folders": rows})
        return
    for row in rows:
        click.echo(f"{terminal.one_line(row['path'])}  {watching(row)}")
    if not rows:
        click.echo("No folder is watched. `memex watch add FOLDER` watches one.", err=True)


def _row(folder: WatchedFolder, told: Json) -> Json:
    return {
        "path": str(folder.path),
        "recursive": folder.recursive,
        "ignore": list(folder.ignore),
        "deleted": folder.deleted,
        "grace": folder.grace,
        "poll": folder.poll,
        "files": told.get("files"),
        "settling": told.get("settling"),
        "scanned_at": told.get("scanned_at"),
        "trouble": told.get("trouble"),
    }


def _remind() -> None:
    if running(paths(), "memex-ingest") is None:
        click.echo("Nothing is read before `memex up` starts the daemons.", err=True)

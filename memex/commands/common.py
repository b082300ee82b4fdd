"""What commands share: reaching the daemon, filters, JSON."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import click

from memex.client import Client
from memex.config import Paths, default_paths
from memex.daemons import running, start, wait
from memex.errors import DaemonUnavailable
from memex.protocols import Filters
from memex.types import KINDS

Command = Callable[..., Any]

_ID: Final = re.compile("[0-9a-f]{32}")


def connect(context: click.Context, *roles: str) -> Client:
    """A client of the daemon, which is started (and said so) when it does not run.

    `roles` are other daemons that are needed too.
    """
    paths = default_paths()
    for role in ("memexd", *roles):
        if running(paths, role) is None:
            if not context.obj["start"]:
                raise DaemonUnavailable(f"{role} is not running.", "Start it with `memex up`.")
            click.echo(f"Starting {role} …", err=True)
            start(paths, role)
        elif role == "memexd":
            wait(paths)
    return Client(paths)


def paths() -> Paths:
    """The data directory's layout."""
    return default_paths()


def echo_json(value: Mapping[str, Any]) -> None:
    """Print JSON, indented for a person where a person looks."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(value, ensure_ascii=False, indent=indent))


def json_option(command: Command) -> Command:
    """The option `--json`."""
    return click.option("as_json", "--json", is_flag=True, help="Print JSON.")(command)


def filter_options(command: Command) -> Command:
    """The options that narrow a search; the command gets them as one `Filters`."""
    time = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    options = (
        click.option(
            "--kind",
            "kinds",
            type=click.Choice(KINDS),
            multiple=True,
            help="Only this; repeatable.",
        ),
        click.option("--since", type=time, help="Said or written from this local time on."),
        click.option("--until", type=time, help="Said or written before this local time."),
        click.option("--speaker", help="Only where this person speaks."),
        click.option(
            "--in",
            "within",
            metavar="ID|NAME",
            help="Only in this document; or by title, or the podcast or device that it is of.",
        ),
    )

    @functools.wraps(command)
    def with_filters(
        *arguments: object,
        kinds: tuple[str, ...],
        since: datetime | None,
        until: datetime | None,
        speaker: str | None,
        within: str | None,
        **others: object,
    ) -> Any:  # noqa: ANN401 (whatever the command returns)
        document = within if within and _ID.fullmatch(within) else None
        filters = Filters(
            kinds=kinds,
            since=since.astimezone() if since else None,
            until=until.astimezone() if until else None,
            speaker=speaker,
            document_id=document,
            origin=None if document else within,
        )
        return command(*arguments, filters=filters, **others)

    wrapped: Command = with_filters
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped

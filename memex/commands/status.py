"""`memex status`."""

from __future__ import annotations

import click

from memex import terminal
from memex.client import Client, running
from memex.commands.common import echo_json, json_option, paths
from memex.wire import Json


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """Say what Memex holds and what it is doing. Starts nothing."""
    where = paths()
    if running(where, "memexd") is None:
        if as_json:
            echo_json({"home": str(where.home), "memexd": None})
        else:
            click.echo(f"memexd is not running (data: {where.home}). `memex up` starts it.")
        return
    status = Client(where).status()
    if as_json:
        echo_json(status)
    else:
        _show(status)


def _show(status: Json) -> None:
    kinds = ", ".join(f"{count} {kind}" for kind, count in status["documents"].items())
    ingest = status["memex_ingest"]
    lines = {
        "data": terminal.one_line(status["home"]),
        "memexd": f"{status['version']}, process {status['memexd']}",
        "memex-ingest": f"process {ingest}" if ingest else "not running",
        "documents": kinds or "none yet",
        "passages": f"{status['passages']:,}",
        "models": ", ".join(f"{role} {name}" for role, name in status["models"].items()),
        "queue": f"{status['queue']['waiting']} waiting, {status['queue']['working']} under way",
    }
    if status["indexing"]:
        lines["indexing"] = f"{status['indexing']['done']} of {status['indexing']['total']}"
    for name, value in lines.items():
        click.echo(f"{name:>13}  {value}")
    for failure in status["failed"]:
        click.echo(f"{'failed':>13}  {failure['path']}: {terminal.one_line(failure['reason'])}")

"""`memex search`."""

from __future__ import annotations

import click

from memex import terminal
from memex.commands.common import connect, echo_json, filter_options, json_option, paths
from memex.commands.shown import Shown, keep
from memex.protocols import Filters
from memex.wire import Json


@click.command()
@click.argument("query", nargs=-1, required=True)
@click.option("-n", "--limit", default=10, show_default=True, help="Hits, at most.")
@filter_options
@json_option
@click.pass_context
def command(
    context: click.Context, *, query: tuple[str, ...], limit: int, filters: Filters, as_json: bool
) -> None:
    """Find passages by their words and their sense."""
    found = connect(context).search(" ".join(query), limit, filters, moments=not as_json)
    if as_json:
        echo_json({name: value for name, value in found.items() if name != "trace"})
        return
    moments = found["moments"]
    for number, (hit, moment) in enumerate(zip(found["hits"], moments, strict=True), start=1):
        _show(number, hit, moment, found["query"])
    keep(
        paths(),
        [
            Shown(hit["title"], hit["uri"], moment["start"], hit["end"])
            for hit, moment in zip(found["hits"], moments, strict=True)
        ],
        found["trace"],
    )
    count = len(found["hits"])
    click.echo(f"{count or 'Nothing'} found in {found['ms']:.0f} ms", err=True)
    hint(found["trace"], count)


def hint(trace: int | None, count: int) -> None:
    """Say what was left, and how to mark it; nothing where there is no trace."""
    if trace is not None:
        each = "`memex right 1`, `memex wrong 1`" if count else "`memex wrong`"
        click.echo(click.style(f"Trace {trace}: {each}", dim=True), err=True)


def _show(number: int, hit: Json, moment: Json, query: str) -> None:
    click.echo(f"{click.style(f'{number:2}', bold=True)} {heading(hit, moment['start'])}")
    click.echo(terminal.lit(terminal.wrapped(moment["text"]), query))


def heading(hit: Json, start: float | None) -> str:
    """Where a hit stands: title, time or page, speaker, date, kind."""
    where = [click.style(terminal.one_line(hit["title"]), fg="cyan")]
    if start is not None:
        where.append(click.style(terminal.clock(start), fg="green"))
    if hit["page"] is not None:
        where.append(f"page {hit['page']}")
    if hit["heading"] and hit["heading"] != hit["title"]:
        where.append(terminal.one_line(hit["heading"]))
    if hit["speaker"]:
        where.append(terminal.one_line(hit["speaker"]))
    if hit["said_at"]:
        where.append(terminal.day(hit["said_at"]))
    where.append(hit["kind"])
    return ", ".join(where)

"""`memex search`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Final

import click

from memex import terminal
from memex.chips import chip
from memex.commands.common import connect, echo_json, filter_options, json_option, paths
from memex.commands.shown import Shown, keep
from memex.protocols import Filters
from memex.wire import Json

MOST: Final = 3
"""Chips of each facet that are shown under the hits."""


@click.command()
@click.argument("query", nargs=-1, required=True)
@click.option("-n", "--limit", default=10, show_default=True, help="Hits, at most.")
@filter_options
@json_option
@click.pass_context
def command(
    context: click.Context, *, query: tuple[str, ...], limit: int, filters: Filters, as_json: bool
) -> None:
    """Find passages by their words and their sense.

    Of each is shown why it was found; --json has all of it.
    """
    found = connect(context).search(" ".join(query), limit, filters)
    if as_json:
        echo_json({name: value for name, value in found.items() if name != "trace"})
        return
    shown = [show_hit(number, hit) for number, hit in enumerate(found["hits"], start=1)]
    keep(paths(), shown, found["trace"])
    count = len(found["hits"])
    if narrower := list(chips(found["facets"])):
        click.echo(click.style(" · ".join(narrower), dim=True), err=True)
    click.echo(f"{count or 'Nothing'} found in {found['ms']:.0f} ms", err=True)
    hint(found["trace"], count)


def hint(trace: int | None, count: int) -> None:
    """Say what was left, and how to mark it; nothing where there is no trace."""
    if trace is not None:
        each = "`memex right 1`, `memex wrong 1`" if count else "`memex wrong`"
        click.echo(click.style(f"Trace {trace}: {each}", dim=True), err=True)


def show_hit(number: int, hit: Json) -> Shown:
    """Show a hit by what it was found by; what `memex play` plays of it."""
    snippet = hit["snippet"]
    click.echo(f"{click.style(f'{number:2}', bold=True)} {heading(hit, snippet['start'])}")
    click.echo(terminal.lit(snippet["text"], snippet["matches"]))
    return Shown(hit["title"], hit["uri"], snippet["start"], hit["end"])


def chips(facets: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """What can be added to the query to narrow it, each with its count: the most frequent, of
    what is not the same everywhere.
    """
    written: dict[str, Callable[[str], str]] = {
        "kinds": partial(_chip, "kind"),
        "people": partial(_chip, "from"),
        "months": _month,
        "origins": partial(_chip, "in"),
    }
    for name, write in written.items():
        values = facets.get(name, {})  # a memexd of before an update has fewer
        if len(values) > 1:
            for value, count in islice(values.items(), MOST):
                narrows = name != "origins" or count > 1  # one hit of a document is seen anyway
                if narrows and (words := write(value)):
                    yield f"{words} {count}"


def _chip(name: str, value: str) -> str:
    return chip(name, terminal.one_line(value))


def _month(month: str) -> str:
    """From its beginning to that of the next."""
    year, number = map(int, month.split("-"))
    following = f"{year + number // 12:04}-{number % 12 + 1:02}"
    return f"since:{month} before:{following}"


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

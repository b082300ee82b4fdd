"""`memex ask`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from memex import terminal
from memex.commands.common import connect, echo_json, filter_options, json_option, paths
from memex.commands.search import heading, hint, show_hit
from memex.commands.shown import Shown, keep
from memex.commands.trace import why
from memex.errors import error_from_json
from memex.protocols import Filters
from memex.wire import Json

FOUND: Final = 10
"""Hits that are found for an answer; with as many a search ranks them as the trace has them."""
NEAREST: Final = 3
"""Hits that are shown where nothing answers."""


@click.command()
@click.argument("question", nargs=-1, required=True)
@filter_options
@click.option("--why", "with_why", is_flag=True, help="Show what was found, the prompt, the times.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    question: tuple[str, ...],
    filters: Filters,
    with_why: bool,
    as_json: bool,
) -> None:
    """Ask a question: a sentence or two, then the quotes they rest on.

    `memex play 1` plays the first quote, where it was spoken.
    """
    client = connect(context)
    streaming = client.ask_json(" ".join(question), filters)
    live = not as_json and sys.stdout.isatty()
    answer = _listen(streaming, live=live)
    trace = client.trace(str(answer["trace"])) if with_why and answer["trace"] is not None else None
    if as_json:
        told = {name: value for name, value in answer.items() if name not in {"type", "trace"}}
        echo_json({**told, "trace": trace} if with_why else told)
        return
    if not live:
        click.echo(terminal.safe(answer["answer"]))
    for citation in answer["citations"]:
        number = click.style(f"[{citation['n']}]", bold=True)
        click.echo(f"\n{number} {_place(citation)}")
        click.echo(terminal.wrapped(f"“{citation['text']}”"))
    shown = [Shown(c["title"], c["uri"], c["start"], c["end"]) for c in answer["citations"]]
    if not answer["found"]:
        near = client.search(answer["question"], FOUND, filters, trace=False)["hits"]
        shown = list(_nearest(near[:NEAREST]))
    keep(paths(), shown, answer["trace"])
    if trace:
        why(trace)
    hint(answer["trace"], len(shown))


def _nearest(hits: Sequence[Json]) -> Iterator[Shown]:
    """Show what there is, where it answers nothing."""
    if hits:
        click.echo("\nNearest to it:")
    for number, hit in enumerate(hits, start=1):
        yield show_hit(number, hit)


def _listen(streaming: Any, *, live: bool) -> Json:  # noqa: ANN401 (an iterator of JSON)
    """Follow the stream to the answer; `live` prints the words as they come."""
    written = ""
    for item in streaming:
        match item["type"]:
            case "token":
                written += item["text"]
                if live:
                    click.echo(terminal.safe(item["text"]), nl=False)
            case "retracted":
                if live and written:
                    click.echo("\r\033[2K" + click.style("…", dim=True) + "\r", nl=False)
                written = ""
            case "answer":
                if live and terminal.one_line(written) != terminal.one_line(item["answer"]):
                    click.echo("\r\033[2K" + terminal.safe(item["answer"]), nl=False)
                if live:
                    click.echo()
                return dict(item)
            case _:
                raise error_from_json(item)
    raise click.ClickException("The answer broke off. Ask again.")


def _place(citation: Json) -> str:
    return f"{heading(citation, citation['start'])}\n    {terminal.place(citation['uri'])}"

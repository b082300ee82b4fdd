"""`memex ask`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from memex import terminal
from memex.client import Client
from memex.commands.common import connect, echo_json, filter_options, json_option, paths
from memex.commands.search import heading, hint, show_hit
from memex.commands.shown import Shown, keep
from memex.commands.trace import understood, why
from memex.config import load_config
from memex.errors import NotFound, error_from_json
from memex.protocols import Filters
from memex.wire import Json

FOUND: Final = 10
"""Hits that are found for an answer; with as many a search ranks them as the trace has them."""
NEAREST: Final = 3
"""Hits that are shown where nothing answers."""
LATEST: Final = "last"
"""What is followed where no trace is named: the latest question."""
RECENT: Final = 200
"""Traces among which it is looked for: searches leave some, too."""


@click.command()
@click.argument("question", nargs=-1, required=True)
@filter_options
@click.option("-c", "--continue", "after", flag_value=LATEST, help="It follows the last question.")
@click.option("--after", metavar="ID|last", help="It follows the question of this trace.")
@click.option("--why", "with_why", is_flag=True, help="Show what was found, the prompt, the times.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    question: tuple[str, ...],
    filters: Filters,
    after: str | None,
    with_why: bool,
    as_json: bool,
) -> None:
    """Ask a question: a sentence or two, then the quotes they rest on.

    `memex play 1` plays the first quote, where it was spoken. With -c a follow-up ("and when was
    that?") is understood by the question before it, which is known from its trace.
    """
    client = connect(context)
    before = _before(client, after) if after else None
    streaming = client.ask_json(" ".join(question), filters, before)
    live = not as_json and sys.stdout.isatty()
    answer = _listen(streaming, live=live)
    trace = client.trace(str(answer["trace"])) if with_why and answer["trace"] is not None else None
    if as_json:
        told = {name: value for name, value in answer.items() if name not in {"type", "trace"}}
        echo_json({**told, "trace": trace} if with_why else told)
        return
    if not live:
        click.echo(terminal.safe(answer["answer"]))
    understood(answer["understood"])
    for citation in answer["citations"]:
        number = click.style(f"[{citation['n']}]", bold=True)
        click.echo(f"\n{number} {_place(citation)}")
        click.echo(terminal.wrapped(f"“{citation['spelled']}”"))
    shown = [Shown(c["title"], c["uri"], c["start"], c["end"]) for c in answer["citations"]]
    if not answer["found"]:
        asked = answer["understood"] or answer["question"]
        near = client.search(asked, FOUND, filters, trace=False)["hits"]
        shown = list(_nearest(near[:NEAREST]))
    keep(paths(), shown, answer["trace"])
    if trace:
        why(trace)
    hint(answer["trace"], len(shown))


def _before(client: Client, name: str) -> Json:
    """The question that a trace has, and its answer. Raises `NotFound`."""
    if name == LATEST:
        asked = (line["id"] for line in client.traces(RECENT) if line["kind"] == "ask")
        name = str(next(asked, ""))
    if not name:
        off = "`[traces] enabled` in the configuration turns traces on: they have what was asked."
        enabled = load_config(paths()).traces.enabled
        raise NotFound("No question is known to follow.", "Ask one first." if enabled else off)
    trace = client.trace(name)
    return {
        "question": trace["understood"] or trace["query"],
        "answer": trace["answer"] or "",
        "passages": [citation["id"] for citation in trace["citations"]],
    }


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

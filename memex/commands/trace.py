"""`memex trace`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import click

from memex import terminal
from memex.commands.common import Command, connect, echo_json, json_option, paths
from memex.commands.shown import trace_of
from memex.errors import InvalidRequest
from memex.wire import Json

VERDICTS: Final = ("right", "wrong", "none")
"""What can be said; the last takes back what was."""
_SIGNS: Final = {"right": click.style("✓", fg="green"), "wrong": click.style("✗", fg="red")}
_LINE: Final = 60
"""Characters of a query in the list."""


def note_option(command: Command) -> Command:
    """The option `--note`."""
    return click.option("--note", default="", help="Why, in your words.")(command)


def mark(context: click.Context, verdict: str, numbers: Sequence[int], note: str) -> None:
    """Mark results of what the last command showed, or all of it. Raises `NotFound`."""
    client, name = connect(context), trace_of(paths())
    for each in map(str, numbers) if numbers else ("",):
        client.label(name, verdict, mark=each, note=note)
    click.echo(f"{_told(numbers)} of trace {name}: {verdict}.", err=True)


def _told(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) if numbers else "The whole"


@click.group()
def command() -> None:
    """Show what was asked, and what was shown for it.

    Every search and question leaves a trace, here and nowhere else. One goes with the first
    document that it shows; the configuration ([traces]) says how many are kept.
    """


@command.command("list")
@click.option("-n", "--limit", default=20, show_default=True, help="Traces, at most.")
@json_option
@click.pass_context
def list_(context: click.Context, *, limit: int, as_json: bool) -> None:
    """List the latest traces, newest first."""
    traces = connect(context).traces(limit)
    if as_json:
        echo_json({"traces": traces})
        return
    for each in traces:
        when = terminal.local(datetime.fromisoformat(each["asked_at"]))
        query = terminal.one_line(each["query"])
        marks = f"  {each['marks']} marked" if each["marks"] else ""
        click.echo(
            f"{each['id']:>5} {_sign(each['verdict'])} {when:<16}  {each['kind']:<6}"
            f"  {query if len(query) <= _LINE else f'{query[: _LINE - 1]}…'}{marks}"
        )
    if not traces:
        click.echo("There is no trace yet.", err=True)


@command.command("show")
@click.argument("name", metavar="ID|last")
@json_option
@click.pass_context
def show(context: click.Context, *, name: str, as_json: bool) -> None:
    """Show a trace: what was found and by which list, the prompt, the times, the answer."""
    trace = connect(context).trace(name)
    if as_json:
        echo_json(trace)
        return
    when = terminal.local(datetime.fromisoformat(trace["asked_at"]))
    narrowed = ", ".join(f"{name} {value}" for name, value in trace["filters"].items())
    click.echo(f"{trace['kind']} {trace['id']}, {when}{f', {narrowed}' if narrowed else ''}")
    click.echo(click.style(terminal.one_line(trace["query"]), bold=True))
    understood(trace["understood"])
    if trace["answer"] is not None:
        click.echo(f"\n{_sign(trace['verdict'])} {terminal.safe(trace['answer'])}")
    _note(trace)
    why(trace)


def understood(text: str | None) -> None:
    """Show what a follow-up was understood as."""
    if text is not None:
        click.echo(click.style(f"Understood as: {terminal.one_line(text)}", dim=True))


def why(trace: Json) -> None:
    """Show how a trace came about: what was found, what spoke for an answer, the prompt, the
    times.
    """
    for title, sign in (("citations", "c"), ("hits", "h")):
        if trace[title]:
            click.echo(f"\n{title}")
        for each in trace[title]:
            _shown(each, sign)
    if trace["bearing"]:
        told = ", ".join(f"{name} {value:.2f}" for name, value in trace["bearing"].items())
        click.echo(f"\n{told}")
    for exchange in trace["exchanges"]:
        for message in exchange["messages"]:
            click.echo(f"\n{click.style(message['role'], fg='cyan')}")
            click.echo(terminal.wrapped(message["content"]))
        click.echo(f"\n{click.style('the model wrote', fg='cyan')}")
        click.echo(terminal.wrapped(exchange["output"]))
    times = ", ".join(f"{stage} {ms:.0f} ms" for stage, ms in trace["timings"].items())
    click.echo(f"\n{times}")


def _sign(verdict: str | None) -> str:
    return _SIGNS.get(verdict or "", " ")


def _note(row: Json) -> None:
    if row["note"]:
        click.echo(terminal.wrapped(f"Note: {row['note']}"))


def _shown(each: Json, sign: str) -> None:
    """A hit or citation on two lines: its place and ranks, and how its text begins."""
    ranks = " ".join(f"{name}:{rank}" for name, rank in each["ranks"].items())
    at = f", {terminal.clock(each['start'])}" if each["start"] is not None else ""
    title = click.style(terminal.one_line(each["title"]), fg="cyan")
    number = f"{sign}{each['n']}"
    click.echo(
        f"{number:>4} {_sign(each['verdict'])} {title}{at}, {each['id'][:8]}"
        f" {each['first']}-{each['last']}, score {each['score']:.3f}  {ranks}"
    )
    text = terminal.one_line(each["text"])
    click.echo(f"       {text if len(text) <= _LINE else f'{text[:_LINE]}…'}")
    _note(each)


@command.command("label")
@click.argument("name", metavar="ID|last")
@click.argument("arguments", nargs=-1, required=True, metavar="[N] right|wrong|none")
@note_option
@click.pass_context
def label(context: click.Context, *, name: str, arguments: tuple[str, ...], note: str) -> None:
    """Call number N of a trace right or wrong, as it was shown: a search's hit, an answer's
    citation, what is nearest where nothing answers. Without N it is the whole.

    In an answer's trace h3 is the third hit, which need not be cited; none takes a label back.
    """
    *numbers, verdict = arguments
    if verdict not in VERDICTS or len(numbers) > 1:
        raise click.UsageError(f"Say ID, N where it is not the whole, and {'|'.join(VERDICTS)}.")
    said = None if verdict == "none" else verdict
    trace = connect(context).label(name, said, mark="".join(numbers), note=note)
    click.echo(f"{_told([]) if not numbers else numbers[0]} of trace {trace['id']}: {verdict}.")


@command.command("forget")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option("everything", "--all", is_flag=True, help="All of them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def forget(context: click.Context, *, ids: tuple[int, ...], everything: bool, yes: bool) -> None:
    """Forget traces for good."""
    if bool(ids) == everything:
        raise click.UsageError("Say which: an ID, or --all.")
    if everything and not yes:
        click.confirm("Forget all that was asked, and how it was marked?", abort=True, err=True)
    count = connect(context).forget_traces(*ids, everything=everything)
    if not count:
        raise InvalidRequest("There is no such trace.", "See `memex trace list`.")
    click.echo(f"{count} forgotten.", err=True)
